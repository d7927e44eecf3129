"""What an organization that stands is told otherwise than a directory: mentions and links by
number, and words just as the server will tell them back. Pure."""

from datetime import UTC, datetime

from adapters.zulip.addresses import DIRECT, link_to_channel, link_to_message
from adapters.zulip.limits import TOPIC_CHARS
from adapters.zulip.placing import main_topic
from adapters.zulip.profiles import ZulipCaps
from mappings.links import SlackLink, parse
from migrate.model import MessageKind, Ref, ts_micros
from migrate.spi import Pointer

LINK_CHARS = 13 * TOPIC_CHARS + 120
"""The longest link: a topic of letters that an address takes twelve characters for, once more as
words, and what stands around them."""

NOTHING = "(no text)"
"""What stands for words that a server would not take: none."""

_NUMBER_CHARS = 20
_COMMANDS = {"/me", "/poll", "/todo"}
_UNMARKED = str.maketrans("[]`*\\", "()'  ")


def mention(account: Ref) -> str:
    """Silent, so that nobody is told of what was said years ago; shows the name of the day."""
    return f"@_**|{account[:_NUMBER_CHARS]}**"


def channel(name: str, ref: Ref) -> str:
    return f"[#{name.translate(_UNMARKED)}]({link_to_channel(ref[:_NUMBER_CHARS])})"


def link(url: str, pointer: Pointer, caps: ZulipCaps) -> str:
    """Where a link within Slack leads: to the very message, or to the conversation where there is
    none. Of what is private neither name nor topic is told, and of direct talk not who talks."""
    conversation = pointer.conversation
    words = f"#{conversation.name}" if conversation.name else "a private conversation"
    words = f"{words.translate(_UNMARKED)}{_moment(url)}"
    if conversation.ref.startswith(DIRECT):
        return words
    ref = conversation.ref[:_NUMBER_CHARS]
    if not pointer.message:
        return f"[{words}]({link_to_channel(ref)})"
    topic = ""
    if conversation.name and (placement := pointer.placement) is not None:
        main = main_topic(caps.main_topic, caps.topic_format, placement.time)
        topic = placement.name or main
    return f"[{words}]({link_to_message(ref, pointer.message[:_NUMBER_CHARS], topic)})"


def kept(text: str, kind: MessageKind) -> str:
    """The words as they come back: a server takes white space away at both ends, and takes neither
    nothing nor a NUL. What begins like a command is none."""
    text = text.replace("\0", "").rstrip().lstrip("\n") or NOTHING
    if kind != "emote" and text.split(maxsplit=1)[0] in _COMMANDS:
        return f"\u200b{text}"
    return text


def _moment(url: str) -> str:
    slack = parse(url)
    if not isinstance(slack, SlackLink) or slack.ts is None:
        return ""
    return f", {datetime.fromtimestamp(ts_micros(slack.ts) // 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"
