"""Messages and reactions on their way into an organization that stands, in other people's names;
and how a message is known again whose answer was lost. Where links lead is `text`'s."""

import contextlib
import re
from collections.abc import Callable

from adapters.zulip import limits
from adapters.zulip.addresses import direct_members, link_to_topic
from adapters.zulip.channels import is_direct
from adapters.zulip.organization.accounts import NO_KEY, Accounts
from adapters.zulip.organization.answers import Message
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials
from adapters.zulip.organization.conversations import Conversations
from adapters.zulip.organization.message_calls import Narrow
from adapters.zulip.organization.realm import Realm
from adapters.zulip.organization.verdicts import Refused, not_allowed
from adapters.zulip.placing import main_topic
from adapters.zulip.profiles import ZulipCaps
from mappings import emoji
from migrate.errors import Fatal, Retry, Skip
from migrate.model import Ref, ts_micros
from migrate.spi import Opening, Reacting, Sending

UNSURE = "unsure"
_POINTER = re.compile(r"\n\n\[[^\[\]\n]*\]\(#narrow/channel/\d+/topic/[^/()\s]+\)\Z")
_LOOK_BACK = 1_000
"""Messages of one author in one channel that are looked through at once."""


class Sender:
    """One session's messages. `me` is the importing account."""

    def __init__(
        self,
        calls: Calls,
        realm: Realm,
        accounts: Accounts,
        conversations: Conversations,
        caps: ZulipCaps,
        me: Ref,
    ) -> None:
        self._calls = calls
        self._realm = realm
        self._accounts = accounts
        self._conversations = conversations
        self._caps = caps
        self._me = me
        self._emoji: dict[str, str] = {}
        self._threads: dict[Ref, str] = {}

    # -- messages --------------------------------------------------------------------------------

    async def send(self, sending: Sending) -> Ref:
        """Say it. The root of a thread is pointed to from where everything else is said."""
        content = self._content(sending)
        if is_direct(sending.opening):
            return await self._say(sending, content)
        topic = await self._topic_now(sending)
        ref = await self._say(sending, content, topic)
        if self._begins_thread(sending):
            self._threads[ref] = topic
            await self._point(sending)
        return ref

    async def _point(self, sending: Sending) -> None:
        """Say where a thread is. Its root is there by now: whatever happens here, the engine has to
        ask for that before it sends it again, and it has not failed."""
        with contextlib.suppress(Skip):
            try:
                await self._say(sending, self._pointer(sending), self._main(sending))
            except Retry as verdict:
                raise Retry(verdict.code, verdict.after) from verdict
            except Fatal as verdict:
                verdict.refused = False
                raise

    def _content(self, sending: Sending) -> str:
        """What was rendered; a reply that is shown outside its thread says where that is."""
        text = sending.piece.payload.decode()
        root = sending.root_placement
        astray = not sending.piece.in_thread and root is not None and root.name
        if not astray or is_direct(sending.opening):
            return text
        return f"{text}\n\n{self._pointer(sending)}"

    def _pointer(self, sending: Sending) -> str:
        """What leads to a message's thread; `without_pointer` takes it away again."""
        topic = (sending.root_placement or sending.placement).name
        return pointer(sending.opening.ref, topic)

    def topic(self, sending: Sending) -> str:
        """A thread's own where it has one; a thread that began before anybody knew of its replies
        stands where it began."""
        root, placement = sending.root_placement, sending.placement
        if sending.piece.in_thread and (root or placement).name:
            return (root or placement).name
        time = root.time if root and sending.piece.in_thread else placement.time or sending.time
        return main_topic(self._caps.main_topic, self._caps.topic_format, time)

    async def _topic_now(self, sending: Sending) -> str:
        """The same, as people call it now: where the root of an earlier day stands in a topic that
        was renamed, or resolved, the old name would begin another one."""
        topic, root = self.topic(sending), sending.root
        if not root or not sending.piece.in_thread:
            return topic
        if root not in self._threads:
            self._threads[root] = await self._topic_of(sending.opening, root) or topic
        return self._threads[root]

    async def _topic_of(self, opening: Opening, ref: Ref) -> str:
        """Where a message stands, "" where that cannot be seen, or it was moved elsewhere."""
        try:
            if not await self._conversations.is_readable(opening.ref):
                return ""
            narrow = [{"operator": "channel", "operand": int(opening.ref)}]
            page = await self._calls.page(narrow, int(ref))
        except Refused:
            return ""
        return next((each.subject for each in page.messages if each.ref == ref), "")

    def _begins_thread(self, sending: Sending) -> bool:
        return bool(sending.placement.name) and not sending.root_placement and not sending.index

    def _main(self, sending: Sending) -> str:
        time = sending.placement.time or sending.time
        return main_topic(self._caps.main_topic, self._caps.topic_format, time)

    async def _say(self, sending: Sending, content: str, topic: str = "") -> Ref:
        try:
            sender, to = await self._ends(sending)
        except Retry as verdict:
            # What has to be done before was not; nothing was said.
            raise Retry(verdict.code, verdict.after, refused=True) from verdict
        try:
            return await self._calls.send(
                sender=sender, to=to, topic=topic, content=content, time=_moment(sending)
            )
        except Refused as refused:
            if refused.says("User not authorized for this query"):
                raise not_allowed("zulip-may-not-forge") from refused
            raise Skip(_why(refused)) from refused

    async def _ends(self, sending: Sending) -> tuple[str, str | list[str]]:
        """In whose name, and to whom."""
        sender = await self._accounts.sender(sending.author)
        if is_direct(sending.opening):
            return sender, await self._recipients(sending)
        return sender, (await self._conversations.channel(sending.opening.ref)).name

    async def _recipients(self, sending: Sending) -> list[str]:
        """Exactly those who talk. Whoever says something is one of them, or the server would make
        another conversation of it."""
        people = {member.ref: member for member in sending.opening.members}
        talking = direct_members(sending.opening.ref)
        if sending.author.ref not in talking or not people.keys() >= set(talking):
            raise Skip("zulip-not-a-participant")
        return [await self._accounts.recipient(people[ref]) for ref in talking]

    # -- known again -----------------------------------------------------------------------------

    async def recognize(self, sending: Sending, is_known: Callable[[Ref], bool]) -> Ref | None:
        """See `migrate.spi.Recognizer`. The pointer to a thread that its root was to be followed by
        is looked for as well."""
        topic = "" if is_direct(sending.opening) else await self._topic_now(sending)
        found = await self._find(sending, topic, self._content(sending), is_known)
        if found is not None and topic and self._begins_thread(sending):
            words, main = self._pointer(sending), self._main(sending)
            if await self._find(sending, main, words, is_known) is None:
                await self._point(sending)
        return found

    async def _find(
        self, sending: Sending, topic: str, content: str, is_known: Callable[[Ref], bool]
    ) -> Ref | None:
        """The first message that is like this one and no other's. Read from the newest on, back to
        one that is known: what was under way came after it."""
        narrow, key = await self._where(sending)
        second = int(_moment(sending))
        anchor: object = "newest"
        while True:
            page = await self._calls.page(narrow, anchor, before=_LOOK_BACK, by=key)
            known = {each.ref for each in page.messages if is_known(each.ref)}
            for each in page.messages:
                alike = each.timestamp == second and each.content == content
                if alike and _is_in(each, topic) and each.ref not in known:
                    return each.ref
            if known or page.found_oldest or len(page.messages) < 2:
                return None
            anchor = page.messages[0].id

    async def _where(self, sending: Sending) -> tuple[Narrow, Credentials | None]:
        """What to look through, and by whose key."""
        opening, sender = sending.opening, int(sending.author.ref)
        by_sender = {"operator": "sender", "operand": sender}
        if is_direct(opening):
            reader, key = await self.reader(opening)
            return [direct_narrow(opening.ref, reader), by_sender], key
        if not await self._conversations.is_readable(opening.ref):
            raise Skip(UNSURE)
        return [{"operator": "channel", "operand": int(opening.ref)}, by_sender], None

    async def reader(self, opening: Opening) -> tuple[Ref, Credentials | None]:
        """Who can look into direct talk for us: the importer if it takes part, or somebody whose
        key is ours. Raises Skip where nobody can."""
        if self._me in direct_members(opening.ref):
            return self._me, None
        for member in opening.members:
            if (key := await self._accounts.key_to_read(member)) is not None:
                return member.ref, key
        raise Skip(UNSURE)

    # -- reactions -------------------------------------------------------------------------------

    async def react(self, reacting: Reacting) -> Ref:
        """Choose an emoji under a message, by its owner's own hand. Whoever has left a private
        channel is let in for it, and leaves when it is sealed."""
        key = await self._accounts.credentials(reacting.author)
        if key is None:
            raise Skip(NO_KEY)
        name, code, kind = await self._name(reacting)
        try:
            await self._calls.react(reacting.message, name, code, kind, key)
        except Refused as refused:
            if is_direct(reacting.opening) or not refused.says("Invalid message"):
                raise
            await self._conversations.let_in(reacting.opening, reacting.author)
            await self._calls.react(reacting.message, name, code, kind, key)
        return f"{reacting.message}/{reacting.author.ref}/{code}"

    async def _name(self, reacting: Reacting) -> tuple[str, str, str]:
        """Name, code and kind of an emoji as the server knows it."""
        key = reacting.emoji
        if not key.startswith(":"):
            slack = reacting.id.rpartition("/")[2]
            guess = emoji.canonical(slack).replace("-", "_")
            return await self._realm.emoji_name(key, guess), key, limits.UNICODE
        name = key.strip(":")
        if name not in self._emoji:
            there = await self._calls.emoji()
            self._emoji = {each.name: each.id for each in there if not each.deactivated}
        if name not in self._emoji:
            raise Skip("zulip-emoji-unknown")
        return name, self._emoji[name], limits.CUSTOM


def pointer(channel: Ref, topic: str) -> str:
    """A link to a thread, under its own words."""
    words = topic.replace("[", "(").replace("]", ")")
    return f"[{words}]({link_to_topic(channel, topic)})"


def without_pointer(content: str) -> str:
    """What was said, without what leads from there to its thread."""
    return _POINTER.sub("", content)


def direct_narrow(ref: Ref, reader: Ref) -> dict[str, object]:
    """Direct talk as one of those who talk looks for it: by all others."""
    others = [int(each) for each in direct_members(ref) if each != reader]
    return {"operator": "dm", "operand": others or [int(reader)]}


def _is_in(message: Message, topic: str) -> bool:
    return message.stream_id is None or message.subject.casefold() == topic.casefold()


def _moment(sending: Sending) -> float:
    """Seconds; to the microsecond where the time is the message's own."""
    try:
        micros = ts_micros(sending.key.ts)
    except ValueError:
        micros = 0
    if micros // 1_000 != sending.time:
        micros = sending.time * 1_000
    return micros / 1_000_000


def _why(refused: Refused) -> str:
    """The code of what a server has against a message."""
    if refused.says("render"):
        return "zulip-unrenderable"
    if refused.says("no longer using"):
        return "zulip-recipient-deactivated"
    if refused.says("direct messages are disabled"):
        return "zulip-direct-disabled"
    if refused.says("permission to post", "can send to this channel"):
        return "zulip-posting-policy"
    return refused.code
