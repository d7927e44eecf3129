"""Whose a record is, and what records tell about people: those from outside the workspace, bots,
ids that nobody explains. The workspace's own people come from `people`."""

from collections.abc import Iterable, Mapping

from mappings.nodes import clean
from migrate.model import Person
from migrate.source.people import ALIASES, SLACKBOT
from migrate.source.wire import Content, Head, Profile

NOBODY = "name:"
"""The author of a record that names none."""


def find_author(record: Head | Content, bot_users: Mapping[str, str]) -> str:
    """The person id of a record's author.

    A user id goes before a bot's; a bot id stands for its user where it has one, and a name stands
    for a bot that has no id. Huddles are written by Slackbot in the name of whoever began them,
    comments on files carry their author inside.
    """
    user = record.user
    if record.subtype is not None:
        if record.subtype == "huddle_thread" and record.room is not None:
            user = record.room.created_by or user
        elif record.subtype == "file_comment" and record.comment is not None:
            user = record.comment.user or user
    if user:
        if user[0] != "B":
            return ALIASES.get(user, user)
        bot_id: str | None = user
    else:
        bot_id = record.bot_id
    if bot_id:
        return bot_users.get(bot_id) or ALIASES.get(bot_id, bot_id)
    return NOBODY + clean(record.username or "")


class Encounters:
    """The people of some records, each once, with the most that any of these records tells."""

    def __init__(self) -> None:
        self._people: dict[str, Person | None] = {}

    def meet_author(self, id: str, head: Head) -> None:
        """Somebody wrote `head`."""
        people = self._people
        if people.get(id) is not None or id == SLACKBOT:
            return
        if head.user_profile is None and head.bot_id is None and id[0] in "UW":
            people.setdefault(id, None)
        else:
            people[id] = describe_author(id, head)

    def meet(self, ids: Iterable[str]) -> None:
        """Somebody was named by id alone."""
        people = self._people
        for id in ids:
            if id not in people:
                people[id] = None

    def people(self) -> list[Person]:
        return [person or Person(id=id, kind="unknown") for id, person in self._people.items()]


def describe_author(id: str, head: Head) -> Person | None:
    """The author as the record shows it, None where it says nothing."""
    if head.subtype in ("huddle_thread", "file_comment"):
        # The profile beside these is that of whoever posted them: Slackbot.
        return None
    found = head.user_profile
    if head.user and found is not None and (found.name or found.real_name or found.display_name):
        return Person(
            id=id,
            kind="outside",
            name=clean(found.name or ""),
            full_name=clean(found.real_name or ""),
            display_name=clean(found.display_name or ""),
            avatar_url=found.image_72 or "",
        )
    if head.bot_id or id.startswith((NOBODY, "B")):
        profile = head.bot_profile or Profile()
        name = clean(profile.name or profile.real_name or head.username or "")
        return Person(id=id, kind="bot", name=name, full_name=name, bot_id=head.bot_id or "")
    return None
