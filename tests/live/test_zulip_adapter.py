"""The conformance suite on a real Zulip organization. Needs one: ZULIP_URL, and ZULIP_EMAIL and
ZULIP_KEY of an owner who may forge senders and make accounts. All tests share it, accounts and
channels of theirs stay there. With the rate limit that Zulip ships, 200 calls a minute, the whole
takes hours: have it raised for that account, or choose a few tests with -k."""

import os
import secrets

import pytest

from adapters.conformance import Conformance, Target, Workspace
from tests.live.zulip import RealZulip
from tests.live.zulip_server import Server

URL, EMAIL, KEY = (os.environ.get(f"ZULIP_{word}", "") for word in ("URL", "EMAIL", "KEY"))


@pytest.mark.live
@pytest.mark.xdist_group("zulip")
@pytest.mark.skipif(
    not (URL and EMAIL and KEY),
    reason="ZULIP_URL, ZULIP_EMAIL and ZULIP_KEY name no organization",
)
class TestRealZulip(Conformance):
    @pytest.fixture
    def target(self, monkeypatch: pytest.MonkeyPatch) -> Target:
        mark = secrets.token_hex(3)
        monkeypatch.setattr(Workspace, "mark", mark)
        return RealZulip(Server(URL, EMAIL, KEY), mark)
