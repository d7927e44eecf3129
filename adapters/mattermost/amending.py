"""Messages that people have edited on the server since they were brought, and that an archive
repeats for the sake of what is new under them. A server knows a message again by its time and its
words; by its former words it finds the hidden copy that it keeps of an edited message, and puts the
new replies there, where nobody sees them. So the present words are read here, message by message of
the channels that an archive speaks of. The archive that carries them is written elsewhere."""

from collections.abc import Iterator, Mapping
from hashlib import sha1
from pathlib import Path
from zipfile import ZipFile

from adapters.mattermost.calls import Calls
from adapters.mattermost.remainder import Root, jsonl_of, read_root

Place = str | tuple[str, ...]
"""A channel's name, or the accounts of a conversation between people."""


def roots(path: Path) -> Iterator[Root]:
    """The messages of an archive that answer no other."""
    with ZipFile(path) as archive, archive.open(jsonl_of(archive)) as lines:
        for line in lines:
            root = read_root(line)
            if root is not None:
                yield root


def places(path: Path) -> set[Place]:
    """Where an archive's messages belong."""
    return {root.channel or tuple(sorted(set(root.channel_members))) for root in roots(path)}


def outdated(path: Path, words: Mapping[str, str]) -> dict[str, str]:
    """Of the present `words` by our mark of the message, those that an archive has otherwise."""
    return {
        root.props.slack_id: words[root.props.slack_id]
        for root in roots(path)
        if words.get(root.props.slack_id, root.message) != root.message
    }


async def edited_words(calls: Calls, team_name: str, where: set[Place]) -> dict[str, str]:
    """The present words of every brought message that bears the mark of an edit, by our mark of it.
    Places that the server does not have yet have none."""
    team = await calls.team(team_name)
    found: dict[str, str] = {}
    if team is None:
        return found
    known: dict[str, str] = {}
    if any(isinstance(place, tuple) for place in where):
        known = {user.username: user.id async for user in calls.users()}
    for place in where:
        name = place if isinstance(place, str) else direct_name(place, known)
        channel = await calls.channel(team.id, name) if name else None
        if channel is not None:
            await _read(calls, channel.id, found)
    return found


def direct_name(members: tuple[str, ...], known: Mapping[str, str]) -> str:
    """The name that the server gives to a conversation between people: made of their ids, which are
    `known` by account. "" where one of them has none."""
    ids = sorted(known.get(member, "") for member in set(members))
    if not ids or not all(ids):
        return ""
    if len(ids) > 2:
        return sha1("".join(ids).encode(), usedforsecurity=False).hexdigest()
    return f"{ids[0]}__{ids[-1]}"


async def _read(calls: Calls, channel: str, found: dict[str, str]) -> None:
    number = 0
    while (page := await calls.posts(channel, {"page": str(number)})).order:
        for post in page.posts.values():
            mark = (post.props or {}).get("slack_id")
            if post.edit_at and not post.root_id and isinstance(mark, str):
                found[mark] = post.message
        number += 1
