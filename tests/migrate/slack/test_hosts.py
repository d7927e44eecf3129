"""Which addresses are asked, and which are shown a token: whatever is not plainly Slack's is
neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from migrate.errors import UsageError
from migrate.slack.hosts import Hosts, is_safe_api

HOSTS = Hosts(
    ["slack.com", "files.slack.com", "127.0.0.1:8123", "[::1]:8123", "localhost:99"],
    ["slack-edge.com", "secure.gravatar.com"],
)


@pytest.mark.parametrize(
    "url",
    [
        "https://slack.com/",
        "https://slack.com",
        "https://files.slack.com/files-pri/T1-F1/a.png",
        "https://files.slack.com:443/files-pri/T1-F1/a.png?x=1#top",
        "HTTPS://Files.Slack.COM/a",
        "https://acme.enterprise.slack.com/files-pri/a",
        "https://files.slack.com/na%20me/ü.png",
        "http://127.0.0.1:8123/a",
        "https://127.0.0.1:8123/a",
        "http://[::1]:8123/a",
        "http://localhost:99/a",
    ],
)
def test_slack_is_shown_the_token(url: str) -> None:
    assert HOSTS.may_have_token(url)
    assert HOSTS.may_fetch(url)


@pytest.mark.parametrize(
    "url", ["https://avatars.slack-edge.com/a.png", "https://secure.gravatar.com/a?s=512"]
)
def test_images_are_asked_for_without_a_token(url: str) -> None:
    assert HOSTS.may_fetch(url)
    assert not HOSTS.may_have_token(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "slack.com",
        "//slack.com/a",
        "ftp://slack.com/a",
        "file:///etc/passwd",
        "http://files.slack.com/a",
        "http://secure.gravatar.com/a",
        "https://files.slack.com:8443/a",
        "https://files.slack.com:0443x/a",
        "https://files.slack.com:99999/a",
        "https://files.slack.com:/a",
        "https://files.slack.com./a",
        "https://.slack.com/a",
        "https://a..slack.com/a",
        "https://-a.slack.com/a",
        "https://notslack.com/a",
        "https://slack.com.evil.test/a",
        "https://evil.test/slack.com",
        "https://evil.test#slack.com",
        "https://evil.test?slack.com",
        "https://slack.com@evil.test/a",
        "https://evil.test@slack.com/a",
        "https://user:word@files.slack.com/a",
        "https://evil.test\\.slack.com/a",
        "https://evil.test\\@slack.com/a",
        "https:\\\\slack.com/a",
        "https:///slack.com/a",
        "https://sl\u0430ck.com/a",
        "https://slack\u3002com/a",
        "https://slack.com\uff0fevil/a",
        "https://\uff53lack.com/a",
        "https://%73lack.com/a",
        "https://slack.com%00.evil.test/a",
        "https://slack.com\t.evil.test/a",
        "https://slack.com/a b",
        "https://slack.com/a\r\nHost: evil.test",
        " https://slack.com/a",
        "https://slack.com/a\n",
        "https://slack.com/\ud800",
        "https://gravatar.com/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/a",
        "http://127.0.0.1:8124/a",
        "http://127.1:8123/a",
        "http://2130706433:8123/a",
        "http://0x7f.0.0.1:8123/a",
        "http://127.0.0.1.evil.test:8123/a",
        "http://a.127.0.0.1:8123/a",
        "http://evil.localhost:99/a",
        "http://[::ffff:7f00:1]:8123/a",
        "http://[::1%25lo]:8123/a",
        "http://0.0.0.0:8123/a",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert not HOSTS.may_fetch(url)
    assert not HOSTS.may_have_token(url)


def test_plain_http_goes_to_loopback_alone_even_where_the_list_names_another() -> None:
    hosts = Hosts(["intranet.example:80", "10.0.0.5"])
    assert not hosts.may_fetch("http://intranet.example/a")
    assert not hosts.may_fetch("http://10.0.0.5/a")
    assert hosts.may_fetch("https://10.0.0.5/a")
    assert not hosts.may_fetch("https://1.10.0.0.5/a")


def test_a_port_stands_for_itself_alone() -> None:
    hosts = Hosts(["proxy.example:8443"])
    assert hosts.may_have_token("https://proxy.example:8443/a")
    assert not hosts.may_have_token("https://proxy.example/a")


@pytest.mark.parametrize(
    "entry",
    ["", "com", "https://slack.com", "slack.com/", "*.slack.com", "sl\u0430ck.com", "a b", "a..b",
     "slack.com:0x50", "slack.com:99999", "user@slack.com", "[::2]:1"],
)  # fmt: skip
def test_an_entry_that_is_no_host_is_explained(entry: str) -> None:
    with pytest.raises(UsageError) as caught:
        Hosts([entry])
    assert caught.value.code == "config-broken"


PIECES = [
    *["https://", "http://", "slack.com", "evil.test", "@", ":", "/", "\\", ".", "?", "#", "443"],
    *["%2f", "\t", "[", "]", "::1", "127.0.0.1", "xn--", "\u3002", "\u2044", "files."],
]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_what_passes_is_slack_to_the_http_library_too(url: str) -> None:
    if HOSTS.may_have_token(url):
        for parsed in (URL(url), URL(url, encoded=True)):
            host = parsed.host or ""
            at_slack = parsed.scheme == "https" and (f".{host}").endswith(".slack.com")
            local = (host, parsed.port) in [("127.0.0.1", 8123), ("::1", 8123), ("localhost", 99)]
            assert (at_slack and parsed.port == 443) or local
            assert parsed.user is None


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://slack.com/api/", True),
        ("http://127.0.0.1:8080/api/", True),
        ("http://localhost:8080/api/", True),
        ("http://slack.com/api/", False),
        ("slack.com/api", False),
        ("https://user@slack.com/api/", False),
    ],
)
def test_the_api_is_called_over_https_or_loopback(url: str, safe: bool) -> None:
    assert is_safe_api(url) is safe
