"""What a fake Zulip says by itself when a channel is made or described, or somebody is let in."""

from tests.fakes.zulip_calls import Call
from tests.fakes.zulip_records import Channel
from tests.fakes.zulip_world import NOTIFIER


def tell_entered(call: Call, user: int, names: list[str]) -> None:
    """Whoever is let in by another is told so, but not of a channel that was just made."""
    if user == call.user.id or call.world.users[user].bot is not None:
        return
    by, places = f"@**{call.user.name}|{call.user.id}**", [f"#**{name}**" for name in names]
    words = f"{by} subscribed you to the channel {places[0]}."
    if len(places) > 1:
        listed = "\n".join(f"* {place}" for place in places)
        words = f"{by} subscribed you to the following channels:\n\n{listed}"
    call.world.add_message(call.world.users[NOTIFIER], words, people=[user])


def tell_made(call: Call, place: Channel) -> None:
    sort = "Private, shared history" if place.private else "Public"
    if place.private and not place.history_public:
        sort = "Private, protected history"
    by = f"@_**{call.user.name}|{call.user.id}**"
    description = place.description or "*No description.*"
    words = f"**{sort}** channel created by {by}. **Description:**\n"
    call.world.tell(place, f"{words}```` quote\n{description}\n````", call.user.id)


def tell_described(call: Call, channel: Channel, before: str) -> None:
    """What was said of a channel was changed."""
    by = f"@_**{call.user.name}|{call.user.id}**"
    call.world.tell(
        channel,
        f"{by} changed the description for this channel.\n\n"
        f"* **Old description:**\n```` quote\n{before}\n````\n"
        f"* **New description:**\n```` quote\n{channel.description}\n````",
    )
