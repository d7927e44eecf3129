"""A sign-in page is never kept for a body, and a body never taken for a sign-in page."""

from pathlib import Path

import pytest

from migrate.slack.bodies import Wanted
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bodies import SIGN_IN_PAGE
from tests.migrate.slack.bringing import bring_one

CANVAS = b"<!DOCTYPE html><html><head><title>Plan</title></head><body><h1>Plan</h1></body></html>"


@pytest.mark.parametrize(
    ("text", "served_as", "mode", "mimetype", "code"),
    [
        (CANVAS, "text/html", "quip", "application/vnd.slack-docs", "whole"),
        (CANVAS, "text/html", "space", "", "whole"),
        (CANVAS, "text/html", "hosted", "text/html", "whole"),
        (CANVAS, "text/html", "hosted", "image/png", "body-sign-in"),
        (CANVAS, "text/html", "hosted", "", "body-sign-in"),
        (CANVAS, "text/plain", "hosted", "text/plain", "whole"),
        (CANVAS, "text/plain", "snippet", "text/plain", "whole"),
        (CANVAS, "text/html", "snippet", "text/plain", "body-sign-in"),
        (SIGN_IN_PAGE.encode(), "text/html", "quip", "application/vnd.slack-docs", "body-sign-in"),
        (SIGN_IN_PAGE.encode(), "text/html", "hosted", "text/html", "body-sign-in"),
        (SIGN_IN_PAGE.encode(), "text/plain", "hosted", "text/plain", "body-sign-in"),
        (SIGN_IN_PAGE.encode(), "application/octet-stream", "snippet", "", "body-sign-in"),
        (b"\xef\xbb\xbf \n" + CANVAS, "text/html", "post", "", "whole"),
    ],
)  # fmt: skip
def test_a_page_is_a_body_only_where_one_is_due(
    fake: FakeSlack,
    tmp_path: Path,
    text: bytes,
    served_as: str,
    mode: str,
    mimetype: str,
    code: str,
) -> None:
    fake.add("F1", text=text, mimetype=served_as)
    wanted = Wanted("F1", fake.url_of("F1"), len(text), mode, mimetype)
    assert bring_one(fake, tmp_path, wanted) == code


def test_a_sign_in_page_is_told_by_its_form_whatever_its_type_and_size(
    fake: FakeSlack, tmp_path: Path
) -> None:
    fake.add("F1", text=SIGN_IN_PAGE.encode(), mimetype="application/octet-stream")
    wanted = Wanted("F1", fake.url_of("F1"), 70_000, "hosted", "image/png")
    assert bring_one(fake, tmp_path, wanted) == "body-sign-in"
