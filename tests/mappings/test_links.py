"""Every form of an address within Slack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.links import FileLink, SlackLink, names_id, parse

TS, ROOT = "1469781868.000005", "1469781800.000001"
HOST = "acme.slack.com"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (f"https://{HOST}/archives/C1/p1469781868000005", {"ts": TS}),
        (
            f"https://{HOST}/archives/C1/p1469781868000005?thread_ts={ROOT}&cid=C1",
            {"ts": TS, "thread_ts": ROOT},
        ),
        (f"http://{HOST}/archives/C1/p1469781868000005", {"ts": TS}),
        (f"https://{HOST}/archives/C1", {}),
        (f"https://{HOST}/messages/C1/p1469781868000005", {"ts": TS}),
        (
            "https://acme.enterprise.slack.com/archives/C1/p1469781868000005",
            {"ts": TS, "host": "acme.enterprise.slack.com"},
        ),
        (
            f"https://{HOST}/archives/general/p1469781868000005",
            {"ts": TS, "conversation": "general"},
        ),
        ("https://app.slack.com/client/T1/C1", {"host": "", "team": "T1"}),
        (
            "https://app.slack.com/client/T1/C1/p1469781868000005",
            {"host": "", "team": "T1", "ts": TS},
        ),
        (
            f"https://app.slack.com/client/T1/C9/thread/C1-{ROOT}",
            {"host": "", "team": "T1", "ts": ROOT, "thread_ts": ROOT},
        ),
        (f"slack://channel?team=T1&id=C1&message={TS}", {"host": "", "team": "T1", "ts": TS}),
        ("slack://channel?team=T1&id=C1", {"host": "", "team": "T1"}),
    ],
)
def test_messages_and_conversations(url: str, link: dict[str, str]) -> None:
    assert parse(url) == SlackLink(**({"host": HOST, "conversation": "C1"} | link))


@pytest.mark.parametrize(
    ("url", "host", "team"),
    [
        (f"https://{HOST}/files/U1/F1/name.png", HOST, ""),
        (f"https://{HOST}/docs/T1/F1", HOST, "T1"),
        (f"https://{HOST}/canvas/F1", HOST, ""),
        ("https://slack-files.com/T1-F1-0a1b2c", "", "T1"),
        ("https://files.slack.com/files-pri/T1-F1/name.png", "", "T1"),
        ("https://files.slack.com/files-pri/T1-F1/download/name.png", "", "T1"),
        ("slack://file?team=T1&id=F1", "", "T1"),
    ],
)
def test_files(url: str, host: str, team: str) -> None:
    assert parse(url) == FileLink(host=host, file="F1", team=team)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.org/archives/C1/p1469781868000005",
        "https://notslack.com/archives/C1/p1469781868000005",
        "https://acme.slack.com.example.org/archives/C1",
        f"https://{HOST}/",
        f"https://{HOST}/team/U1",
        "https://slack.com/help/articles/1",
        "slack://user?team=T1&id=U1",
        "http://[::1/slack",
        "mailto:slack@example.org",
    ],
)
def test_everything_else_is_none(url: str) -> None:
    assert parse(url) is None


def test_a_stamp_that_is_none_leaves_the_conversation() -> None:
    link = parse(f"https://{HOST}/archives/C1/p12")
    assert isinstance(link, SlackLink)
    assert link.ts is None


def test_old_links_name_the_channel() -> None:
    assert names_id(SlackLink(host=HOST, conversation="C0123ABCD"))
    assert not names_id(SlackLink(host=HOST, conversation="general"))


@given(st.text("slack:/.comp1469C?&=-[]@", max_size=40))
def test_any_text_is_survived(text: str) -> None:
    for url in (text, f"slack://{text}", f"https://{HOST}/{text}"):
        assert parse(url) is None or isinstance(parse(url), SlackLink | FileLink)
