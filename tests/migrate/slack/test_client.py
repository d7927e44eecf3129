"""The Web API's client: patient with Slack, silent about what it says, careful with the token."""

import logging
from collections.abc import Iterator

import pytest

from migrate.errors import Fatal, Skip, UsageError
from migrate.slack.client import ask, connect
from migrate.slack.codes import CODES
from tests.fakes.slack import USER_TOKEN, FakeSlack


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    with FakeSlack().running() as fake:
        fake.api.emoji = {"parrot": "https://emoji.slack-edge.com/T1/parrot/1.gif"}
        yield fake


def call(fake: FakeSlack, waits: list[float] | None = None, token: str = USER_TOKEN) -> object:
    """One call to a method that needs a scope."""
    sleep = (waits if waits is not None else []).append
    client = connect(token, fake.api_url, sleep=sleep)
    return ask(client.emoji_list)["emoji"]


@pytest.mark.parametrize(
    ("failures", "waits"),
    [
        ([], []),
        ([(429, 1)], [7.0]),
        ([(429, 10)], [7.0] * 10),
        ([(500, 3)], [1.0, 2.0, 4.0]),
        ([(502, 1), (503, 1), (504, 1)], [1.0, 2.0, 4.0]),
        # Each of them has a count of its own.
        ([(429, 9), (503, 2), (429, 1)], [*[7.0] * 9, 1.0, 2.0, 7.0]),
    ],
)
def test_what_passes_is_waited_for(
    fake: FakeSlack, failures: list[tuple[int, int]], waits: list[float]
) -> None:
    for status, times in failures:
        headers = {"Retry_After": "7"} if status == 429 else {}
        fake.api.fail("emoji.list", status, times=times, **headers)
    waited: list[float] = []
    assert call(fake, waited) == fake.api.emoji
    assert waited == waits


@pytest.mark.parametrize(("status", "times"), [(429, 11), (500, 4), (502, 4), (504, 4)])
def test_what_does_not_pass_ends_the_command(fake: FakeSlack, status: int, times: int) -> None:
    fake.api.fail("emoji.list", status, times=times, body='{"ok": false, "error": "ratelimited"}')
    with pytest.raises(Fatal) as caught:
        call(fake)
    assert caught.value.code == "slack-unreachable"
    assert len(fake.api.calls) == times


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "99999999999"])
def test_a_retry_after_that_is_no_number_is_waited_for_as_others(
    fake: FakeSlack, value: str
) -> None:
    fake.api.fail("emoji.list", 429, Retry_After=value)
    waited: list[float] = []
    assert call(fake, waited) == fake.api.emoji
    assert waited == [1.0]


def test_who_is_told_to_wait_for_hours_comes_back_later(fake: FakeSlack) -> None:
    fake.api.fail("emoji.list", 429, Retry_After="3600")
    with pytest.raises(Fatal) as caught:
        call(fake)
    assert caught.value.code == "slack-unreachable"


def test_a_slack_that_is_not_there(fake: FakeSlack) -> None:
    with FakeSlack().running() as gone:
        pass
    waited: list[float] = []
    with pytest.raises(Fatal) as caught:
        call(gone, waited)
    assert caught.value.code == "slack-unreachable"
    assert waited == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "body",
    [
        *["", "null", "[1]", "7", '"ok"', "<html>Welcome</html>", '{"ok": true'],
        *['{"ok": false}', '{"ok": false, "error": 7}', '{"ok": false, "error": "Private words."}'],
        *["[" * 100_000, '{"a":' * 100_000],
    ],
    ids=range(12),
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_none_of_slacks(fake: FakeSlack, status: int, body: str) -> None:
    fake.api.fail("emoji.list", status, body=body)
    with pytest.raises(Fatal) as caught:
        call(fake)
    assert caught.value.code == "slack-unreachable"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalid_auth", "slack-token-refused"),
        ("token_revoked", "slack-token-refused"),
        ("account_inactive", "slack-token-refused"),
    ],
)
def test_a_token_that_is_refused_ends_the_command(fake: FakeSlack, error: str, code: str) -> None:
    fake.api.fail("emoji.list", 200, body=f'{{"ok": false, "error": "{error}"}}')
    with pytest.raises(Fatal) as caught:
        call(fake)
    assert caught.value.code == code
    assert "SLACK_TOKEN" not in caught.value.message
    assert "slack.token_env" in caught.value.advice


@pytest.mark.parametrize("token", ["", "xoxp-other"])
def test_no_token_and_a_wrong_one_are_refused(fake: FakeSlack, token: str) -> None:
    with pytest.raises(Fatal) as caught:
        call(fake, token=token)
    assert caught.value.code == "slack-token-refused"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("missing_scope", "slack-scope-missing"),
        ("plan_upgrade_required", "slack-plan"),
        ("not_allowed_token_type", "slack-token-kind"),
        ("user_not_found", "slack-not-found"),
        ("channel_not_found", "slack-not-found"),
        ("something_quite_new", "slack-refused"),
    ],
)
def test_what_slack_does_not_give_is_skipped(fake: FakeSlack, error: str, code: str) -> None:
    fake.api.fail("emoji.list", 200, body=f'{{"ok": false, "error": "{error}"}}')
    with pytest.raises(Skip) as caught:
        call(fake)
    assert caught.value.code == code
    assert code in CODES


def test_a_scope_that_is_missing(fake: FakeSlack) -> None:
    fake.api.scopes.remove("emoji:read")
    with pytest.raises(Skip) as caught:
        call(fake)
    assert caught.value.code == "slack-scope-missing"


@pytest.mark.parametrize("url", ["http://slack.com/api/", "slack.com/api/", "", "https://a@b.test"])
def test_an_api_url_that_a_token_may_not_go_to(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(USER_TOKEN, url)
    assert caught.value.code == "config-broken"


@pytest.mark.parametrize("token", ["xoxp-1 xoxp-2", "xoxp-1\r\nHost: evil.test", "xoxp-\u00e9"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(token, "https://slack.com/api/")
    assert caught.value.code == "slack-token-broken"
    assert "xoxp" not in str(vars(caught.value))


def test_a_redirect_is_followed_without_the_token(fake: FakeSlack) -> None:
    with FakeSlack().running() as foreign:
        fake.api.fail("emoji.list", 302, Location=f"{foreign.url}/elsewhere")
        with pytest.raises(Fatal):
            call(fake)
        assert [(seen.name, seen.token) for seen in foreign.ledger] == [("/elsewhere", "")]


def test_a_proxy_is_not_asked_where_no_proxy_says_so(
    fake: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert call(fake) == fake.api.emoji


def test_nothing_that_slack_says_is_told(
    fake: FakeSlack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    call(fake)
    said: list[str] = []
    for status, body in [
        (200, "Private words."),
        (200, '{"ok": false, "error": "Private words."}'),
        (200, '{"ok": false, "error": "missing_scope", "needed": "Private words."}'),
        (403, "Private words."),
        (500, "Private words."),
        (200, '{"ok": true, "emoji": "Private words."'),
    ]:
        fake.api.fail("emoji.list", status, body=body)
        try:
            call(fake)
        except (Fatal, Skip) as error:
            link: BaseException | None = error
            while link is not None:
                said += [repr(link), str(vars(link))]
                link = link.__cause__ or link.__context__
        fake.api.failures.clear()
    text = "".join([*said, caplog.text, *capfd.readouterr()])
    assert said
    assert "Private" not in text
    assert USER_TOKEN not in text
