"""A fake Zulip's calls about the server and the organization as a whole."""

import re

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_records import Json, Refusal

TABLE = """
GET server_settings server_settings open
POST register register event_types=list fetch_event_types=list client_capabilities=dict \
 include_subscribers=bool apply_markdown=bool slim_presence=bool client_gravatar=bool narrow=list \
 all_public_streams=bool
DELETE events forget_queue queue_id!
PATCH realm change_realm send_welcome_emails=bool disallow_disposable_email_addresses=bool
PATCH realm/user_settings_defaults defaults email_address_visibility=int SETTINGS
GET realm/domains domains
POST realm/domains add_domain domain! allow_subdomains=bool!
DELETE realm/domains/{domain} remove_domain
GET realm/profile_fields fields
POST realm/profile_fields make_field name field_type=int! hint field_data=json
"""

SETTINGS = """
enable_desktop_notifications=bool enable_sounds=bool enable_offline_email_notifications=bool
 enable_offline_push_notifications=bool enable_online_push_notifications=bool
 enable_stream_desktop_notifications=bool enable_stream_email_notifications=bool
 enable_stream_push_notifications=bool enable_stream_audible_notifications=bool
 enable_digest_emails=bool enable_marketing_emails=bool enable_login_emails=bool
 enable_followed_topic_desktop_notifications=bool enable_followed_topic_email_notifications=bool
 enable_followed_topic_push_notifications=bool enable_followed_topic_audible_notifications=bool
 enable_followed_topic_wildcard_mentions_notify=bool wildcard_mentions_notify=bool
 automatically_follow_topics_policy=int automatically_follow_topics_where_mentioned=bool
 automatically_unmute_topics_in_muted_streams_policy=int
 message_content_in_email_notifications=bool
 email_notifications_batching_period_seconds=int realm_name_in_email_notifications_policy=int
 presence_enabled=bool send_private_typing_notifications=bool send_read_receipts=bool
 send_stream_typing_notifications=bool desktop_icon_count_display=int timezone=text
 default_language=text
"""

SHIPPED: Json = {
    "email_address_visibility": 1, "enable_offline_email_notifications": True,
    "enable_offline_push_notifications": True, "enable_online_push_notifications": True,
    "enable_digest_emails": True, "enable_stream_email_notifications": False,
    "enable_stream_push_notifications": False, "enable_followed_topic_email_notifications": True,
    "enable_followed_topic_push_notifications": True, "automatically_follow_topics_policy": 3,
    "automatically_unmute_topics_in_muted_streams_policy": 2,
    "automatically_follow_topics_where_mentioned": True,
}  # fmt: skip
"""A new account's settings, as far as anybody asks for them."""


def server_settings(call: Call) -> Json:
    modern = call.world.modern
    return {
        "authentication_methods": {"password": True, "email": True},
        "zulip_version": "10.1" if modern else "9.0",
        "zulip_merge_base": "", "zulip_feature_level": 372 if modern else 261,
        "push_notifications_enabled": False, "is_incompatible": False,
        "email_auth_enabled": True, "require_email_format_usernames": True,
        "realm_url": call.url, "realm_name": call.world.name.title(),
        "realm_icon": "https://secure.gravatar.com/avatar/0", "realm_description": "",
        "realm_web_public_access_enabled": False, "external_authentication_methods": [],
        "realm_uri": call.url,
    }  # fmt: skip


def register(call: Call) -> Json:
    """As much of it as says how large things may be, and who may sign up."""
    form = call.form
    wanted = form.get("fetch_event_types") or form.get("event_types") or ["realm"]
    told: Json = {"queue_id": "7", "last_event_id": -1,
                  "zulip_version": server_settings(call)["zulip_version"],
                  "zulip_feature_level": server_settings(call)["zulip_feature_level"]}  # fmt: skip
    if "realm" in wanted:
        told |= {
            "max_message_length": call.world.max_message_chars, "max_topic_length": 60,
            "max_stream_name_length": 60, "max_stream_description_length": 1024,
            "max_avatar_file_size_mib": 5, "max_icon_file_size_mib": 5,
            "max_file_upload_size_mib": 100 if call.world.modern else 25,
            "realm_upload_quota_mib": None,
            "realm_default_language": "en", "realm_invite_required": True,
            "realm_emails_restricted_to_domains": False, "realm_mandatory_topics": False,
            "realm_disallow_disposable_email_addresses": True,
            "realm_send_welcome_emails": True,
            "server_emoji_data_url": "/static/generated/emoji/emoji_api.json",
        } | call.world.realm  # fmt: skip
    if "realm_user_settings_defaults" in wanted:
        told["realm_user_settings_defaults"] = SHIPPED | call.world.defaults
    return told


def forget_queue(call: Call) -> Json:
    return {}


def change_realm(call: Call) -> Json:
    call.need_admin()
    call.world.realm |= {f"realm_{name}": value for name, value in call.form.items()}
    return dict(call.form)


def defaults(call: Call) -> Json:
    call.need_admin()
    call.world.defaults |= call.form
    return {}


def domains(call: Call) -> Json:
    return {
        "domains": [
            {"domain": domain, "allow_subdomains": deep}
            for domain, deep in call.world.domains.items()
        ]
    }


def add_domain(call: Call) -> Json:
    call.need_admin()
    domain = call.form["domain"].strip().lower()
    if "." not in domain:
        raise Refusal("Invalid domain: Domain must have at least one dot (.)")
    if not re.fullmatch(r"[a-z0-9.-]+", domain):
        raise Refusal("Invalid domain: Domain contains invalid characters")
    if domain in call.world.domains:
        raise Refusal(f"The domain {domain} is already a part of your organization.")
    call.world.domains[domain] = call.form["allow_subdomains"]
    return {"new_domain": [call.world.id("domain"), domain]}


def remove_domain(call: Call) -> Json:
    call.need_admin()
    if call.world.domains.pop(call.path["domain"], None) is None:
        raise Refusal(f"No entry found for domain {call.path['domain']}.")
    return {}


def fields(call: Call) -> Json:
    return {"custom_fields": list(call.world.fields.values())}


def make_field(call: Call) -> Json:
    call.need_admin()
    if any(each["name"] == call.form["name"] for each in call.world.fields.values()):
        raise Refusal("A field with that label already exists.")
    id = call.world.id("field")
    told: Json = {"id": id, "name": call.form["name"], "type": call.form["field_type"],
                  "hint": call.form.get("hint", ""), "field_data": "", "order": id,
                  "required": False}  # fmt: skip
    call.world.fields[id] = told | ({"editable_by_user": True} if call.world.modern else {})
    return {"id": id}


def realm_routes() -> list[Route]:
    return routes_of(TABLE.replace("SETTINGS", SETTINGS.replace("\n", " ")), globals())
