"""FETCH against a fake Slack: what is brought, what is refused and why, and what a second fetch
asks for."""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from migrate.errors import Fatal, Interrupted, UsageError
from migrate.stages.fetch import STEPS
from migrate.store.files import body_path
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Fault
from tests.migrate.source.build import ANN, BOB
from tests.migrate.stages.fetching import Fetching, Json, found, refused


@pytest.fixture
def fetching(tmp_path: Path) -> Iterator[Fetching]:
    with FakeSlack().running() as slack, FakeSlack().running() as images:
        yield Fetching(tmp_path, slack, images)


MODES = {
    "hosted": b"",
    "snippet": b"print('hello')\n",
    "space": b"<h1>Notes</h1>",
    "post": b'{"full": "<p>Old</p>"}',
    "docs": b"<p>Doc</p>",
    "quip": b"<h1>Canvas</h1>",
    "email": b"",
    "list": b"",
    "huddle_transcript": b"",
    "something-newer": b"",
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_with_a_body_is_brought(fetching: Fetching, mode: str) -> None:
    text = MODES[mode]
    served = "text/html" if mode == "quip" else "text/plain"
    # Slack's figure for written text is about right at best.
    fetching.file("F1", 1_500, text=text, mode=mode, served=served, said=9 if text else 0)
    summary = fetching.fetch(["files"])
    assert (summary.exit, refused(summary), found(summary)) == (0, {}, {})
    assert fetching.is_whole("F1")
    held = fetching.held("F1")
    assert held is not None
    assert held.text == (text.decode() if text else None)


@pytest.mark.parametrize("mode", ["external", "tombstone", "hidden_by_limit"])
def test_what_slack_has_no_body_of_is_not_asked_for(fetching: Fetching, mode: str) -> None:
    fetching.file("F1", mode=mode)
    summary = fetching.fetch(["files"])
    assert (summary.exit, summary.found["files"]) == (0, 0)
    assert fetching.slack.ledger == []


def test_a_text_that_is_none_or_too_long_is_a_body_alone(fetching: Fetching) -> None:
    fetching.file("F1", text=b"\xff\xfe\x00", mode="snippet")
    fetching.file("F2", text=b"x" * (256 * 1024 + 1), mode="snippet")
    fetching.file("F3", text=b"y" * (256 * 1024), mode="snippet")
    fetching.fetch(["files"])
    texts = {id: fetching.held(id) for id in ("F1", "F2", "F3")}
    assert [held and held.text and len(held.text) for held in texts.values()] == [
        None,
        None,
        256 * 1024,
    ]


def test_what_slack_names_its_own_kind_is_what_it_was_served_as(fetching: Fetching) -> None:
    own = "application/vnd.slack-docs"
    fetching.file("F1", text=b"<p>x</p>", mode="quip", served="text/html", mimetype=own)
    fetching.file("F2", 70_000, served="application/octet-stream", mimetype="image/png")
    fetching.fetch(["files"])
    kinds = [held.mimetype for id in ("F1", "F2") if (held := fetching.held(id))]
    assert kinds == ["text/html", "image/png"]


@pytest.mark.parametrize("mode", ["quip", "space", "post", "docs"])
def test_a_canvas_is_kept_without_the_tokens_in_its_links(fetching: Fetching, mode: str) -> None:
    link = "<img src='https://files.slack.com/blob/F9?token=xoxe-1-abc&x=1'>"
    fetching.file("F1", text=f"<h1>Plan</h1>{link}".encode(), mode=mode, served="text/html")
    assert fetching.fetch(["files"]).exit == 0
    kept = b"<h1>Plan</h1><img src='https://files.slack.com/blob/F9?x=1'>"
    held = fetching.held("F1")
    assert held is not None
    assert (held.sha256, held.size) == (sha256(kept).hexdigest(), len(kept))
    bodies = [each for each in (fetching.folder / "files").rglob("*") if each.is_file()]
    assert [each.read_bytes() for each in bodies] == [kept]
    assert fetching.fetch(["files"]).already["files"] == 1


def test_a_second_fetch_asks_for_what_is_missing_alone(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.file("F2", always="gone")
    fetching.file("F3", always="sign-in")
    first = fetching.fetch(["files"])
    assert first.exit == 1
    assert first.found == {"files": 3, "avatars": 0, "emoji": 0}
    assert first.fetched["files"] == 1
    assert refused(first) == {"body-gone": 1, "body-sign-in": 1}
    fetching.slack.bodies["F3"].always = ""
    fetching.slack.ledger.clear()
    second = fetching.fetch(["files"])
    assert (second.fetched["files"], second.already["files"]) == (1, 1)
    assert refused(second) == {"body-gone": 1}
    assert {seen.name for seen in fetching.slack.ledger} == {"F2", "F3"}
    assert fetching.is_whole("F1")
    assert fetching.is_whole("F3")


def test_a_body_that_got_lost_is_fetched_again(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.fetch(["files"])
    held = fetching.held("F1")
    assert held is not None
    body_path(fetching.folder, held.sha256).unlink()
    assert fetching.fetch(["files"]).fetched["files"] == 1
    assert fetching.is_whole("F1")


def test_one_body_is_stored_once_and_fetched_once_however_often_it_is_shared(
    fetching: Fetching,
) -> None:
    fetching.file("F1", text=b"the same")
    fetching.say(files=[{"id": "F1"}])
    fetching.file("F2", text=b"the same")
    assert fetching.fetch(["files"]).found["files"] == 2
    bodies = [path for path in (fetching.folder / "files").rglob("*") if path.is_file()]
    assert len(bodies) == 1
    assert len(fetching.slack.seen("F1")) == 1


def test_nobody_but_the_owner_can_read_what_was_fetched(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.fetch(["files"])
    for path in (fetching.folder / "files").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


# --- which files -------------------------------------------------------------------------------


def test_only_conversations_that_are_brought_count(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.file("F2")
    summary = fetching.fetch(["files"], source__exclude=["general"])
    assert summary.found["files"] == 0
    assert fetching.slack.ledger == []


def test_only_the_time_that_is_brought_counts(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.file("F2")
    fetching.file("F3")
    # The second message, and no other.
    summary = fetching.fetch(
        ["files"], source__since="2023-11-14T22:13:21Z", source__until="2023-11-14T22:13:22Z"
    )
    assert summary.found["files"] == 1
    assert fetching.is_whole("F2")


def test_what_was_deleted_with_its_message_stays_behind(fetching: Fetching) -> None:
    fetching.file("F1")
    deleted = {"subtype": "message_deleted", "deleted_ts": fetching.records[0]["ts"]}
    fetching.say(hidden=True, **deleted)
    assert fetching.fetch(["files"]).found["files"] == 0


@pytest.mark.parametrize(("channel", "count"), [("C0GENERAL", 1), ("C0OTHER", 0), (None, 0)])
def test_a_canvas_that_no_message_mentions_comes_with_its_conversation(
    fetching: Fetching, channel: str | None, count: int
) -> None:
    fetching.file("F1", text=b"<p>x</p>", mode="quip")
    canvas = fetching.records.pop()["files"][0] | {"channels": [channel] if channel else None}
    fetching.say()
    fetching.more = {"canvases.json": [canvas]}
    assert fetching.fetch(["files"]).found["files"] == count


# --- tokens ------------------------------------------------------------------------------------


def test_the_exports_own_token_is_used_before_the_users(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.fetch(["files"])
    assert [(seen.way, seen.token) for seen in fetching.slack.seen("F1")] == [("t", EXPORT_TOKEN)]


def test_a_url_without_a_token_is_opened_by_its_neighbours(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.file("F2", token="")
    fetching.records[-1] = fetching.records[-1] | {
        "files": None,
        "attachments": [{"files": fetching.records[-1]["files"]}],
    }
    assert fetching.fetch(["files"], token="").exit == 0
    assert fetching.is_whole("F2")


def test_without_a_token_of_the_export_the_users_opens(fetching: Fetching) -> None:
    fetching.file("F1", token="")
    assert fetching.fetch(["files"]).exit == 0
    assert {seen.way for seen in fetching.slack.seen("F1")} == {"bearer"}


def test_an_export_token_that_ended_gives_way_to_the_users(fetching: Fetching) -> None:
    fetching.slack.export.clear()
    fetching.file("F1")
    fetching.file("F2")
    assert fetching.fetch(["files"]).exit == 0
    assert fetching.is_whole("F1")
    assert fetching.is_whole("F2")


def test_without_any_token_nothing_is_asked_for_and_one_thing_said(fetching: Fetching) -> None:
    fetching.file("F1", token="")
    fetching.file("F2", token="")
    summary = fetching.fetch(token="")
    assert summary.exit == 1
    assert refused(summary) == {"slack-no-token": 2}
    assert found(summary) == {"slack-no-token": 1}
    assert fetching.slack.ledger == []
    assert fetching.slack.api.calls == []
    assert fetching.held("F1") is None


def test_a_token_that_is_none_ends_it_before_it_begins(fetching: Fetching) -> None:
    fetching.file("F1")
    with pytest.raises(UsageError) as caught:
        fetching.fetch(token="two words")
    assert caught.value.code == "slack-token-broken"
    assert "two words" not in str(caught.value.args)
    assert fetching.slack.ledger == []


def test_a_token_of_another_workspace_ends_it(fetching: Fetching) -> None:
    fetching.slack.api.team["id"] = "T0OTHER"
    fetching.say()
    with pytest.raises(UsageError) as caught:
        fetching.fetch()
    assert (caught.value.code, caught.value.exit) == ("slack-workspace-other", 2)


@pytest.mark.parametrize(
    ("workspace", "team"), [("T0TEAM", "E0ORG"), ("T0TEAM", "T0TEAM"), ("acme", "T0TEAM")]
)
def test_a_token_of_the_organisation_will_do(fetching: Fetching, workspace: str, team: str) -> None:
    fetching.slack.api.team["id"] = team
    if workspace == "acme":
        fetching.users = [{**ANN, "team_id": ""}]
    fetching.say()
    assert fetching.fetch().exit == 0


def test_a_file_elsewhere_is_not_asked_for(fetching: Fetching) -> None:
    record = {"id": "F1", "mode": "hosted", "size": 3, "url_private": "https://host.example/a"}
    fetching.say(files=[record])
    fetching.file("F2")
    summary = fetching.fetch(["files"])
    assert refused(summary) == {"body-host": 1}
    assert fetching.is_whole("F2")


def test_a_file_without_a_url_is_said(fetching: Fetching) -> None:
    fetching.say(files=[{"id": "F1", "mode": "hosted", "size": 3}])
    assert refused(fetching.fetch(["files"])) == {"file-without-url": 1}


# --- other organisations -----------------------------------------------------------------------


def stub(id: str, access: str) -> Json:
    return {"id": id, "mode": "file_access", "file_access": access, "created": 0, "user": ""}


def test_slack_is_asked_about_files_of_other_organisations(fetching: Fetching) -> None:
    body = fetching.slack.add("F1", 3_000)
    fetching.slack.api.files["F1"] = {
        "id": "F1",
        "name": "offer.pdf",
        "mode": "hosted",
        "size": body.size,
        "mimetype": "application/pdf",
        "url_private": f"{fetching.slack.url_of('F1')}?t={EXPORT_TOKEN}",
        "channels": ["C0OTHER"],
    }
    fetching.say(files=[stub("F1", "check_file_info") | {"channels": ["C0GENERAL"]}])
    fetching.say(files=[stub("F2", "access_denied")])
    fetching.say(files=[stub("F3", "file_not_found")])
    summary = fetching.fetch(["files"])
    assert fetching.is_whole("F1")
    file = fetching.known("F1")
    assert (file.name, file.access, file.size) == ("offer.pdf", "", 3_000)
    assert file.conversations == ("C0GENERAL", "C0OTHER")
    assert "xox" not in file.url
    assert refused(summary) == {"file-access-denied": 1, "file-not-found": 1}
    assert found(summary) == {"slack-not-found": 2}


def test_without_a_token_files_of_other_organisations_are_left(fetching: Fetching) -> None:
    fetching.say(files=[stub("F1", "check_file_info")])
    summary = fetching.fetch(["files"], token="")
    assert refused(summary) == {"file-check-info": 1}
    assert found(summary) == {"slack-no-token": 1}


# --- pictures and emoji ------------------------------------------------------------------------


def picture(fetching: Fetching, name: str) -> str:
    fetching.images.add(name, 700, needs=())
    return fetching.images.url_of(name)


def test_pictures_come_without_any_token(fetching: Fetching) -> None:
    ann = {**ANN, "profile": {"real_name": "Ann", "image_72": picture(fetching, "avatar-U0ANN")}}
    fetching.users = [ann, BOB]
    fetching.say()
    summary = fetching.fetch(["people"], token="")
    assert summary.found == {"files": 0, "avatars": 1, "emoji": 0}
    assert fetching.is_whole("avatar/U0ANN")
    assert {(seen.way, seen.token) for seen in fetching.images.ledger} == {("", "")}


def test_custom_emoji_come_with_their_images(fetching: Fetching) -> None:
    url = picture(fetching, "emoji-party")
    fetching.slack.api.emoji = {"party": url, "fete": "alias:party", "yay": "alias:tada"}
    fetching.say()
    assert fetching.fetch(["emoji"]).found["emoji"] == 1
    assert fetching.is_whole("emoji/party")
    again = fetching.fetch(["emoji"])
    assert (again.fetched["emoji"], again.already["emoji"]) == (0, 1)
    assert len(fetching.images.ledger) == 1


def test_pictures_that_do_not_come_stop_nothing(fetching: Fetching) -> None:
    ann = {**ANN, "profile": {"image_72": "http://127.0.0.1:9/a.png"}}
    bob = {**BOB, "profile": {"image_72": "https://host.example/b.png"}}
    fetching.users = [ann, bob]
    fetching.file("F1")
    summary = fetching.fetch(slack__image_hosts=["127.0.0.1:9"])
    assert summary.fetched["files"] == 1
    assert sum(refused(summary).values()) == 2


# --- bodies in the export ----------------------------------------------------------------------


def test_bodies_in_the_export_need_no_network_and_no_token(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching.file("F1", 5_000, mimetype="image/png")
    fetching.file("F2", text=b"print(1)", mode="snippet")
    content = b"".join(map(bytes, fetching.slack.bodies["F1"].chunks(0, 5_000)))
    fetching.more = {
        "__uploads/F1/a.png": content,
        "general/attachments/F2-a.py": b"print(1)",
        "__uploads/F9/stranger.png": b"?",
    }

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    summary = fetching.fetch(["files"], token="")
    assert (summary.exit, summary.fetched["files"], summary.bytes) == (0, 2, 5_008)
    assert fetching.is_whole("F1")
    assert fetching.is_whole("F2")
    held = fetching.held("F2")
    assert held is not None
    assert held.text == "print(1)"
    assert fetching.held("F9") is None
    assert fetching.fetch(["files"], token="").already["files"] == 2


def test_a_body_in_the_export_of_another_size_is_asked_of_slack(fetching: Fetching) -> None:
    fetching.file("F1", 5_000)
    fetching.more = {"__uploads/F1/a.png": b"<!DOCTYPE html><p>Sign in</p>"}
    summary = fetching.fetch(["files"])
    assert found(summary) == {"upload-differs": 1}
    assert fetching.is_whole("F1")


def test_a_body_that_was_lost_and_is_not_given_again_is_told_as_refused(
    fetching: Fetching,
) -> None:
    body = fetching.file("F1")
    fetching.fetch(["files"])
    body_path(fetching.folder, body.sha256).unlink()
    body.always = "gone"
    assert refused(fetching.fetch(["files"])) == {"body-gone": 1}
    held = fetching.held("F1")
    assert held is not None
    assert (held.code, held.sha256) == ("body-gone", "")
    body.always = ""
    assert fetching.fetch(["files"]).fetched["files"] == 1
    assert fetching.is_whole("F1")


# --- the disk, and being stopped ---------------------------------------------------------------


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching.file("F1", 3_000_000)
    fetching.project()
    usage = shutil.disk_usage(fetching.folder)._replace(free=200_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(Fatal) as caught:
        fetching.fetch(["files"])
    assert caught.value.code == "disk-too-small"
    assert "take 3.0 MB" in caught.value.message
    assert "0.20 GB" in caught.value.message
    assert fetching.slack.ledger == []


def test_slack_that_cannot_be_reached_ends_it_and_what_came_is_kept(fetching: Fetching) -> None:
    fetching.file("F1")
    fetching.file("F2", always="drop")
    for n in range(3, 20):
        fetching.file(f"F{n}", always="drop")
    with pytest.raises(Fatal) as caught:
        fetching.fetch(["files"])
    assert caught.value.code == "slack-unreachable"
    assert fetching.is_whole("F1")


def test_a_token_that_slack_refuses_ends_it(fetching: Fetching) -> None:
    fetching.file("F1")
    with pytest.raises(Fatal) as caught:
        fetching.fetch(token="xoxp-other")
    assert caught.value.code == "slack-token-refused"
    assert "xoxp" not in str(caught.value.args)


def test_stopped_it_ends_in_good_order_and_goes_on(fetching: Fetching) -> None:
    for n in range(12):
        fetching.file(f"F{n}")
    noted: list[str] = []

    def probe(step: str, subject: str) -> None:
        if step == "fetch.noted":
            noted.append(subject)

    with pytest.raises(Interrupted):
        fetching.fetch(["files"], probe=probe, stopped=lambda: len(noted) >= 3)
    assert 3 <= len(noted) < 12
    assert all(fetching.is_whole(id) for id in noted)
    again = fetching.fetch(["files"])
    assert again.already["files"] == len(noted)
    assert again.fetched["files"] == 12 - len(noted)


def test_stopped_while_nothing_comes_it_ends_all_the_same(fetching: Fetching) -> None:
    fetching.file("F1", 9_000_000, always="stall")
    seen: list[str] = []

    def probe(step: str, subject: str) -> None:
        seen.append(step)

    with pytest.raises(Interrupted):
        fetching.fetch(["files"], probe=probe, stopped=lambda: "body.part" in seen)


MIXTURE: tuple[Fault, ...] = (
    *("", "busy", "cut", "drop", "range-ignored", "shorter", "length-lies", "no-length"),
    *("onward", "drip", "changed", "error-500", "error-503", "gone", "sign-in", "elsewhere"),
)


@pytest.mark.parametrize("turn", range(4))
def test_a_mixture_of_troubles_leaves_whole_bodies_or_reasons(
    fetching: Fetching, turn: int
) -> None:
    for n in range(32):
        first, second = MIXTURE[n % 16], MIXTURE[(n * 5 + turn) % 16]
        fetching.file(f"F{n}", 1_000 + 40_000 * (n % 5), faults=[first, second])
    summary = fetching.fetch(["files"])
    brought = [n for n in range(32) if fetching.is_whole(f"F{n}")]
    assert len(brought) == summary.fetched["files"]
    assert len(brought) + sum(refused(summary).values()) == 32
    assert set(refused(summary)) <= {"body-gone", "body-sign-in", "body-redirect", "body-size"}
    last = fetching.fetch(["files"])
    assert (last.exit, last.already["files"], last.fetched["files"]) == (
        0,
        len(brought),
        32 - len(brought),
    )
    assert not list((fetching.folder / "files").glob("*.part"))
    assert {seen.token for seen in fetching.slack.ledger} <= {EXPORT_TOKEN, USER_TOKEN}


def test_every_step_is_taken(fetching: Fetching) -> None:
    fetching.file("F1", 2_500_000)
    fetching.file("F2", text=b"x")
    fetching.more = {"__uploads/F2/a": b"x"}
    seen: set[str] = set()
    fetching.fetch(probe=lambda step, subject: seen.add(step))
    assert seen == set(STEPS)
