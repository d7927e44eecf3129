"""What each of Slack's message subtypes becomes: a message, an emote, a notice, or an entry of the
edit log. The wording of notices lies in `notices`."""

from collections.abc import Mapping
from typing import Literal

Treatment = Literal["message", "emote", "notice", "changed", "deleted", "replied"]

_MESSAGES = "bot_message file_comment file_share huddle_thread thread_broadcast tombstone"
_NOTICES = """
app_conversation_join app_conversation_leave assistant_app_thread
bot_add bot_disable bot_enable bot_remove
channel_archive channel_canvas_updated channel_convert_to_private channel_convert_to_public
channel_join channel_leave channel_name channel_posting_permissions channel_purpose channel_topic
channel_unarchive
document_mention ekm_access_denied emoji_changed file_mention file_reply
group_archive group_join group_leave group_name group_purpose group_topic group_unarchive
joiner_notification joiner_notification_for_inviter list_record_comment mpdm_move
pinned_item reminder_add reply_broadcast sh_room_created sh_room_shared share_shortcut
slackbot_response tabbed_canvas_updated unpinned_item
"""

SUBTYPES: Mapping[str, Treatment] = {
    **dict.fromkeys(_MESSAGES.split(), "message"),
    **dict.fromkeys(_NOTICES.split(), "notice"),
    "me_message": "emote",
    "message_changed": "changed",
    "message_deleted": "deleted",
    "message_replied": "replied",
}


def treat(subtype: str | None) -> tuple[Treatment, bool]:
    """What a subtype becomes, and whether it is known. An unknown one is a message, so that no text
    is lost, but for what Slack says of bots."""
    if not subtype:
        return "message", True
    known = SUBTYPES.get(subtype)
    if known is not None:
        return known, True
    return ("notice" if subtype.startswith("bot_") else "message"), False
