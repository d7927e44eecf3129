"""Live tokens are cut out of URLs and nothing else is touched."""

import json
from pathlib import Path

import pytest

from migrate.source.tokens import cut_token, cut_tokens, find_tokens
from tests.migrate.source.build import message, read_day

TOKEN = "xoxe-123-456-abcDEF"
FILE = "https://files.slack.com/files-pri/T1-F1/a.png"


@pytest.mark.parametrize(
    ("url", "cut"),
    [
        (f"{FILE}?t={TOKEN}", FILE),
        (f"{FILE}?token={TOKEN}", FILE),
        (f"{FILE}?t={TOKEN}&pub=1", f"{FILE}?pub=1"),
        (f"{FILE}?pub=1&t={TOKEN}", f"{FILE}?pub=1"),
        (f"{FILE}?pub=1&t={TOKEN}&x=2", f"{FILE}?pub=1&x=2"),
        (f"{FILE}?pub=1&amp;t={TOKEN}", f"{FILE}?pub=1"),
        (f"{FILE}?t={TOKEN}&t={TOKEN}", f"{FILE}?"),
        (f"{FILE}/{TOKEN}/x", f"{FILE}//x"),
        (f"{FILE}?t=xoxb-1", FILE),
        (FILE, FILE),
        ("", ""),
        (f"keep {TOKEN} outside of links", f"keep {TOKEN} outside of links"),
    ],
)
def test_a_token_leaves_a_url(url: str, cut: str) -> None:
    assert cut_token(url) == cut


@pytest.mark.parametrize(
    "written",
    [
        f'"https:\\/\\/files.slack.com\\/a?t={TOKEN}"',
        f'"https://files.slack.com/a?x=1\\u0026t={TOKEN}"',
        f'"<https://files.slack.com/a?t={TOKEN}|label>"',
        f'"see https://files.slack.com/a?t={TOKEN} and https://b.slack.com/?token={TOKEN}"',
        f'"https://login.example/?next=https%3A%2F%2Ffiles.slack.com%2Fa%3Ft%3D{TOKEN}"',
    ],
)
def test_json_stays_json_without_its_tokens(written: str) -> None:
    cut = cut_tokens(f'{{"a":{written},"b":[1]}}'.encode())
    assert b"xox" not in cut
    assert json.loads(cut)["b"] == [1]


def test_many_tokens_take_no_longer_than_their_bytes() -> None:
    data = b'"' + b"https://x/?" * 2_000 + b"t=xoxe-1&" * 20_000 + b'"'
    assert b"xox" not in cut_tokens(data)[:4_000]


def test_no_token_is_kept_in_a_record_or_a_file(tmp_path: Path) -> None:
    wire = {"id": "F1", "url_private": f"{FILE}?t={TOKEN}", "permalink": f"{FILE}?token={TOKEN}"}
    found = read_day(tmp_path, message(files=[wire], text=f"<{FILE}?t={TOKEN}|a>"))
    assert b"xox" not in found.records[0].raw
    assert [(file.url, file.permalink) for file in found.hauls[0].files] == [(FILE, FILE)]
    assert "xox" not in repr(found.messages())


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (f'"{FILE}?t={TOKEN}"', [(FILE, "t", TOKEN)]),
        (f'"{FILE}?token={TOKEN}"', [(FILE, "token", TOKEN)]),
        (f'"{FILE}?t={TOKEN}"'.replace("/", "\\/"), [(FILE, "t", TOKEN)]),
        (f'"{FILE}?pub=1\\u0026t={TOKEN}&x=2"', [(FILE, "t", TOKEN)]),
        (f'"{FILE}?pub=1&amp;token={TOKEN}"', [(FILE, "token", TOKEN)]),
        (f'"{FILE}?t=xoxe%2D1"', []),
        (f'"{FILE}?t=xoxe-1%2D2"', [(FILE, "t", "xoxe-1-2")]),
        (f'["{FILE}?t=xoxe-1","{FILE}?t=xoxe-2"]', [(FILE, "t", "xoxe-1"), (FILE, "t", "xoxe-2")]),
        # What somebody pasted is nobody's to use.
        (f'"{FILE}?token=xoxp-1-2-3"', []),
        (f'"say {TOKEN} aloud"', []),
        (f'"ftp://host.example/a?t={TOKEN}"', []),
        (f'"{FILE}/{TOKEN}/x"', []),
        ('"nothing"', []),
    ],
)
def test_the_exports_token_is_found(raw: str, found: list[tuple[str, str, str]]) -> None:
    assert list(find_tokens(raw.encode())) == found


def test_a_link_that_holds_a_link_is_named_by_its_own_host() -> None:
    inner = f"https%3A%2F%2Ffiles.slack.com%2Fa%3Ft%3D{TOKEN}"
    raw = f'"https://host.example/go?u={inner}" "https://host.example/?t={TOKEN}"'.encode()
    assert {url for url, _, _ in find_tokens(raw)} <= {"https://host.example/"}
