"""Everything that was seen to stop an import is caught before a directory is finished."""

import errno
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from adapters.zulip import limits
from adapters.zulip.config import Config
from adapters.zulip.directory import compose
from adapters.zulip.directory.checking import Checker, Claims, Invalid
from adapters.zulip.directory.joining import Joining
from adapters.zulip.directory.numbers import (
    conversation_number,
    message_number,
    recipient_number,
    user_number,
)
from adapters.zulip.directory.records import (
    AccountRecord,
    AttachmentRecord,
    ConversationRecord,
    EmojiRecord,
    Trace,
    encode_lines,
)
from adapters.zulip.directory.tables import Message, Page, Reaction, UserMessage
from adapters.zulip.directory.validator import Validator
from adapters.zulip.paths import path_id
from adapters.zulip.profiles import PROFILES
from migrate.model import File
from migrate.spi import Body, Part, PartFile
from tests.adapters.zulip.rules import problems

Row = TypeVar("Row", bound=msgspec.Struct)

CONFIG = Config(subdomain="acme", profile="11", owner="ann@acme.example")
PICTURE = File(id="F1", name="cat.png", mimetype="image/png", size=3)
ANN, BOB = user_number("Ann"), user_number("Bob")
GENERAL = recipient_number(limits.CHANNEL, conversation_number("C1"))
FIRST = message_number(3, 0)


class Parts:
    """What the parts of a small directory say; a test breaks one of its lists."""

    def __init__(self) -> None:
        self.accounts = [
            AccountRecord(name="Ann", slack_id="U1", email="ann@acme.example", signs_in=True),
            AccountRecord(name="Bob", slack_id="U2"),
            AccountRecord(name="Cat", slack_id="U3"),
        ]
        self.conversations = [
            ConversationRecord(slack_id="C1", name="general", members=("Ann", "Bob")),
            ConversationRecord(slack_id="G1", name="x", direct=True, members=("Ann", "Bob", "Cat")),
        ]
        self.emoji: list[EmojiRecord] = []
        self.messages = [_message(FIRST), _message(FIRST + 1)]
        self.copies = [_copy()]
        self.reactions = [_reaction(1)]
        self.attachments: list[AttachmentRecord] = []
        self.bodies: list[Body] = []

    def show_picture(self, body: Path) -> None:
        """Let the first message bring a file."""
        body.write_bytes(b"cat")
        digest = hashlib.sha256(b"cat").hexdigest()
        path = path_id(PICTURE)
        self.bodies = [Body(file=PICTURE, path=body, sha256=digest)]
        words = f"[cat.png](/user_uploads/{path})"
        self.messages[0] = _changed(self.messages[0], content=words, has_attachment=True)
        self.attachments = [
            AttachmentRecord(
                file="F1", path=path, name="cat.png", mimetype="image/png", message=FIRST,
                owner=ANN, created=1, public=True,
            )
        ]  # fmt: skip

    def check(self) -> Claims:
        """The rows as the composer checks them."""
        checker = Checker(PROFILES["11"])
        for message in self.messages:
            checker.take_message(message)
        for number in {copy.message: None for copy in self.copies}:
            checker.take_copies(number, [copy for copy in self.copies if copy.message == number])
        for reaction in self.reactions:
            checker.take_reaction(reaction)
        return checker.claims()

    def join(self, folder: Path) -> Path:
        """The finished directory."""
        page = Page(zerver_message=self.messages, zerver_usermessage=self.copies)
        heads: dict[str, Sequence[msgspec.Struct]] = {
            compose.ACCOUNTS: self.accounts,
            compose.CONVERSATIONS: self.conversations,
            compose.EMOJI: self.emoji,
            compose.ATTACHMENTS: self.attachments,
            compose.TRACES: [Trace(each.id, "") for each in self.messages],
        }
        streams = {name: encode_lines(held) for name, held in heads.items() if held}
        streams[compose.MESSAGES] = msgspec.json.encode(page)
        streams[compose.CLAIMS] = encode_lines([self.check()])
        if self.reactions:
            streams[compose.REACTIONS] = b",".join(map(msgspec.json.encode, self.reactions))
        written: dict[str, Path] = {}
        for name, data in streams.items():
            written[name] = folder / f"part.{name}"
            written[name].write_bytes(data)
        part = PartFile(part=Part(number=3, kind="messages"), streams=written)
        made = folder / "zulip"
        Joining(made, [part], CONFIG, PROFILES["11"]).write(self.bodies, None)
        return made


def test_what_breaks_no_rule_is_finished(tmp_path: Path) -> None:
    parts = Parts()
    parts.show_picture(tmp_path / "body")
    made = parts.join(tmp_path)
    assert problems(made) == []
    realm = json.loads((made / "realm.json").read_bytes())
    assert [len(realm[f"zerver_{name}"]) for name in ("userprofile", "stream", "huddle")] == [
        3, 1, 1,
    ]  # fmt: skip


def _break_accounts(**change: object) -> Callable[[Parts], None]:
    def change_it(parts: Parts) -> None:
        parts.accounts[1] = _changed(parts.accounts[1], **change)

    return change_it


def _break_channel(**change: object) -> Callable[[Parts], None]:
    def change_it(parts: Parts) -> None:
        parts.conversations[0] = _changed(parts.conversations[0], **change)

    return change_it


def _break_message(**change: object) -> Callable[[Parts], None]:
    def change_it(parts: Parts) -> None:
        parts.messages[1] = _changed(parts.messages[1], **change)

    return change_it


def _add_channel(name: str) -> Callable[[Parts], None]:
    return lambda parts: parts.conversations.append(ConversationRecord(slack_id="C2", name=name))


STOPPERS: dict[str, Callable[[Parts], None]] = {
    "a topic of 61 characters": _break_message(subject="x" * 61),
    "a topic without a character": _break_message(subject=""),
    "a channel of 61 characters": _break_channel(name="x" * 61),
    "two channels of one name": _add_channel("General"),
    "a description of 1025 characters": _break_channel(description="x" * 1_025),
    "a NUL in a description": _break_channel(description="a\0b"),
    "a name of 101 characters": _break_accounts(name="x" * 101),
    "two people of one name": _break_accounts(name="ANN"),
    "a NUL in words": _break_message(content="a\0b"),
    "words of more than twice the length": _break_message(content="x" * 20_001),
    "a sender who is not there": _break_message(sender=1),
    "a recipient that is not there": _break_message(recipient=1),
    "two messages of one number": _break_message(id=FIRST),
    "a copy for nobody": lambda parts: parts.copies.append(_copy(user_profile=1)),
    "a copy of nothing": lambda parts: parts.copies.append(_copy(message=1)),
    "a copy twice": lambda parts: parts.copies.append(parts.copies[0]),
    "a reaction twice": lambda parts: parts.reactions.append(_reaction(2)),
    "a reaction of nobody": lambda parts: parts.reactions.append(_reaction(2, user_profile=1)),
    "a reaction to nothing": lambda parts: parts.reactions.append(_reaction(2, message=1)),
    "a reaction with an unknown emoji": lambda parts: parts.reactions.append(
        _reaction(2, reaction_type=limits.CUSTOM, emoji_code="7")
    ),
    "two groups of the same people": lambda parts: parts.conversations.append(
        ConversationRecord(slack_id="G2", name="y", direct=True, members=("Cat", "Bob", "Ann"))
    ),
    "a member who is not there": _break_channel(members=("Ann", "Zoe")),
    "a member twice": _break_channel(members=("Ann", "Ann")),
    "a time zone of 41 characters": _break_accounts(timezone="x" * 41),
    "a topic in direct talk": _break_message(
        recipient=recipient_number(limits.PERSONAL, user_number("Bob"))
    ),
    "a topic of direct talk in a channel": _break_message(subject=PROFILES["11"].direct_topic),
    "a message before that of an earlier file": lambda parts: parts.messages.reverse(),
    "an edit without a history": _break_message(last_edit_time=1.0, edit_history=None),
}  # fmt: skip


@pytest.mark.parametrize("stopper", STOPPERS)
def test_what_stops_an_import_is_caught_before(tmp_path: Path, stopper: str) -> None:
    parts = Parts()
    STOPPERS[stopper](parts)
    with pytest.raises(Invalid) as caught:
        parts.join(tmp_path)
    assert caught.value.code == "zulip-invalid"


@pytest.mark.parametrize("number", [FIRST, FIRST - 1])
def test_part_that_begins_before_the_last_one_ends_is_caught(number: int) -> None:
    validator = Validator(PROFILES["11"])
    claims = Claims(
        first=FIRST - 2, last=FIRST, senders=(), users=(), channels=(), directs=(), attached=(),
        emoji=(),
    )  # fmt: skip
    validator.take_part(claims)
    with pytest.raises(Invalid, match="the order of messages"):
        validator.take_part(_changed(claims, first=number, last=FIRST + 1))


def test_copies_of_two_messages_are_not_shown_as_those_of_one() -> None:
    checker = Checker(PROFILES["11"])
    checker.take_message(_message(FIRST))
    checker.take_message(_message(FIRST + 1))
    with pytest.raises(Invalid, match="a copy of another message"):
        checker.take_copies(FIRST, [_copy(), _copy(BOB, FIRST + 1)])


def test_page_stands_in_the_directory_without_being_written_twice(tmp_path: Path) -> None:
    made = Parts().join(tmp_path)
    assert (made / "messages-000001.json").stat().st_nlink == 2


def test_where_a_disk_knows_no_links_the_page_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    made = Parts().join(tmp_path)
    page = made / "messages-000001.json"
    assert page.read_bytes() == (tmp_path / "part.messages").read_bytes()
    assert page.stat().st_nlink == 1
    assert page.stat().st_mode & 0o777 == 0o600


def test_file_without_a_body_is_caught(tmp_path: Path) -> None:
    parts = Parts()
    parts.show_picture(tmp_path / "body")
    parts.bodies = []
    with pytest.raises(Invalid):
        parts.join(tmp_path)


def test_file_of_another_name_than_its_path_is_caught(tmp_path: Path) -> None:
    """Importers since 12 end at one."""
    parts = Parts()
    parts.show_picture(tmp_path / "body")
    parts.attachments[0] = _changed(parts.attachments[0], name="dog.png")
    with pytest.raises(Invalid):
        parts.join(tmp_path)


def test_message_that_lost_its_file_is_caught(tmp_path: Path) -> None:
    parts = Parts()
    parts.show_picture(tmp_path / "body")
    parts.attachments = []
    with pytest.raises(Invalid):
        parts.join(tmp_path)


def test_body_that_has_changed_ends_the_joining(tmp_path: Path) -> None:
    parts = Parts()
    parts.show_picture(tmp_path / "body")
    (tmp_path / "body").write_bytes(b"another cat")
    with pytest.raises(OSError, match="not as it was"):
        parts.join(tmp_path)


def test_addresses_are_made_whole_and_unique(tmp_path: Path) -> None:
    parts = Parts()
    parts.accounts = [
        AccountRecord(name="Ann", slack_id="U1", email="Ann@Acme.example"),
        AccountRecord(name="Bob", slack_id="U2", email="ann@acme.example", signs_in=True),
        AccountRecord(name="Cat", slack_id="U3", email="no address"),
        AccountRecord(name="Dan", slack_id="name:ünïcode bot", bot=True, email="d@acme.example"),
    ]
    made = parts.join(tmp_path)
    assert problems(made) == []
    realm = json.loads((made / "realm.json").read_bytes())
    assert [user["email"] for user in realm["zerver_userprofile"]] == [
        "u1@slack.invalid", "ann@acme.example", "u3@slack.invalid",
        "name-unicode-bot-bot@slack.invalid",
    ]  # fmt: skip


def _message(number: int) -> Message:
    return Message(
        id=number, sender=ANN, recipient=GENERAL, subject="a topic", content="words",
        date_sent=1_700_000_000.5, last_edit_time=None, has_attachment=False, has_image=False,
        has_link=False, is_channel_message=True,
    )  # fmt: skip


def _copy(user_profile: int = ANN, message: int = FIRST) -> UserMessage:
    return UserMessage(user_profile=user_profile, message=message, flags_mask=1)


def _reaction(number: int, **change: object) -> Reaction:
    made = Reaction(
        id=number, message=FIRST, user_profile=BOB, emoji_name="tada", emoji_code="1f389",
        reaction_type=limits.UNICODE,
    )  # fmt: skip
    return _changed(made, **change)


def _changed(row: Row, **change: object) -> Row:
    return msgspec.structs.replace(row, **change)
