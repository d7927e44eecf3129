"""Which token a body is asked for with, and where tokens never go."""

import logging
from pathlib import Path
from typing import get_args

import pytest

from migrate.errors import Fatal
from migrate.slack.bodies import ExportToken, Tokens, Wanted
from migrate.slack.hosts import Hosts
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Fault
from tests.migrate.slack.bringing import BOTH, assert_stored, bring, bring_one, want

FAULTS: tuple[Fault, ...] = get_args(Fault)


@pytest.mark.parametrize("sign_in", ["page", "redirect"])
@pytest.mark.parametrize(
    ("needs", "export", "user", "code"),
    [
        (("t",), [("t", EXPORT_TOKEN)], "", "whole"),
        (("token",), [("token", EXPORT_TOKEN)], "", "whole"),
        (("token",), [("t", EXPORT_TOKEN)], "", "body-sign-in"),
        (("token",), [("t", "xoxe-old"), ("token", EXPORT_TOKEN)], "", "whole"),
        (("bearer",), [("t", "xoxe-old")], USER_TOKEN, "whole"),
        (("bearer",), [], f" {USER_TOKEN}\n", "whole"),
        (("bearer",), [("t", "xoxe-old")], "xoxp-other", "body-sign-in"),
        (("bearer",), [], "", "body-sign-in"),
        ((), [], "", "whole"),
    ],
)
def test_each_token_is_shown_in_its_own_way(
    tmp_path: Path,
    sign_in: str,
    needs: tuple[str, ...],
    export: list[tuple[str, str]],
    user: str,
    code: str,
) -> None:
    with FakeSlack(sign_in=sign_in).running() as fake:
        fake.add("F1", 10, needs=needs)
        tokens = Tokens([ExportToken(*pair) for pair in export], user)
        assert bring_one(fake, tmp_path, want(fake, "F1"), tokens=tokens) == code


def test_the_token_that_works_is_remembered(fake: FakeSlack, tmp_path: Path) -> None:
    for number in range(20):
        fake.add(f"F{number}", 10, needs=("bearer",))
    bring(fake, tmp_path, [want(fake, name) for name in fake.bodies], parallel=1)
    assert [seen.way for seen in fake.ledger] == ["t", *["bearer"] * 20]


def test_a_url_keeps_the_token_that_it_came_with(fake: FakeSlack, tmp_path: Path) -> None:
    """Exports of different days carry different tokens."""
    fake.export = {"xoxe-second"}
    fake.add("F1", 10)
    tokens = Tokens([ExportToken("t", "xoxe-first"), ExportToken("token", "xoxe-second")])
    wanted = Wanted("F1", fake.url_of("F1"), 10, token="xoxe-second")
    assert bring_one(fake, tmp_path, wanted, tokens=tokens) == "whole"
    assert [(seen.way, seen.token) for seen in fake.ledger] == [("token", "xoxe-second")]


def test_what_says_most_is_reported_where_every_token_fails(
    fake: FakeSlack, tmp_path: Path
) -> None:
    fake.add("F1", 10, faults=["gone", "sign-in"])
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "body-gone"


@pytest.mark.parametrize("fault", ["elsewhere", "onward"])
def test_no_token_goes_elsewhere(tmp_path: Path, fault: Fault) -> None:
    with FakeSlack().running() as foreign, FakeSlack().running() as fake:
        foreign.add("F1", 10, needs=())
        fake.add("F1", 10, faults=[fault])
        for fake.elsewhere in (foreign.url_of("F1"), f"{foreign.url}/?t={EXPORT_TOKEN}"):
            bring_one(fake, tmp_path, want(fake, "F1"))
        assert foreign.ledger == []


def test_a_redirect_to_a_host_of_pictures_is_followed_without_a_token(tmp_path: Path) -> None:
    with FakeSlack().running() as pictures, FakeSlack().running() as fake:
        pictures.add("F1", 10, needs=())
        fake.add("F1", 10, always="elsewhere")
        hosts = Hosts([fake.host], [pictures.host])
        fake.elsewhere = pictures.url_of("F1")
        outcome = bring(fake, tmp_path, [want(fake, "F1")], hosts=hosts)["F1"]
        assert_stored(pictures, tmp_path, outcome)
        assert [seen.token for seen in pictures.ledger] == [""]
        # Not even where Slack itself wrote the token into the address.
        for escaped in ("xoxe-1", "%78oxe-1", "%2578oxe-1"):
            fake.elsewhere = f"{pictures.url}/a?t={escaped}"
            assert bring_one(fake, tmp_path, want(fake, "F1"), hosts=hosts) == "body-redirect"
        assert len(pictures.ledger) == 1


def test_a_redirect_within_slack_keeps_the_token(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", 10, faults=["onward"])
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"
    assert [(seen.way, seen.token) for seen in fake.ledger] == [("t", EXPORT_TOKEN)] * 2


@pytest.mark.parametrize(
    "url",
    ["https://evil.test/a", "http://127.0.0.1:1/a", "ftp://slack.com/a", "", "https://[evil/a"],
)
def test_an_address_outside_the_list_is_not_asked(
    fake: FakeSlack, tmp_path: Path, url: str
) -> None:
    assert bring_one(fake, tmp_path, Wanted("F1", url, 10)) == "body-host"
    assert fake.ledger == []


def test_nothing_secret_is_said(
    fake: FakeSlack,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in logs, not in what is printed, not in errors and what they carry along."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = [repr(Tokens(*BOTH)), repr(BOTH[0])]
    for number, fault in enumerate(FAULTS):
        fake.add(f"F{number}", 10, faults=["cut"], always=fault)
        wanted = Wanted(f"F{number}", fake.url_of(f"F{number}"), 10, token=EXPORT_TOKEN)
        said.append(repr(wanted))
        try:
            said.append(repr(bring(fake, tmp_path, [wanted], patience=0.3)))
        except Fatal as error:
            link: BaseException | None = error
            while link is not None:
                said += [repr(link), str(vars(link))]
                link = link.__cause__ or link.__context__
    text = "".join([*said, caplog.text, *capfd.readouterr()])
    for secret in (EXPORT_TOKEN, USER_TOKEN, "files-pri", ".bin"):
        assert secret not in text
