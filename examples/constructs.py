"""What a Slack message can be made of, a record each: every form of text, block, attachment and
notice that exports are known to hold. `make_rendering.py` shows what becomes of them."""

Record = dict[str, object]
Case = tuple[str, Record]


def say(text: str, **more: object) -> Record:
    return {"type": "message", "user": "U1", "ts": "1469781868.000005", "text": text} | more


def block(kind: str, **more: object) -> Record:
    return say("", blocks=[{"type": kind} | more])


def rich(*elements: Record) -> Record:
    return block("rich_text", elements=list(elements))


def section(*elements: Record) -> Record:
    return {"type": "rich_text_section", "elements": list(elements)}


def words(text: str, **style: bool) -> Record:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def items(style: str, indent: int, *lines: str, **more: object) -> Record:
    listed: Record = {"type": "rich_text_list", "style": style, "indent": indent}
    return listed | {"elements": [section(words(line)) for line in lines]} | more


def mrkdwn(text: str) -> Record:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Record:
    return {"type": "plain_text", "text": text}


def card(**fields: object) -> Record:
    return say("", attachments=[fields])


def notice(subtype: str, text: str = "", **more: object) -> Record:
    return say(text, subtype=subtype, **more)


def raw(*cells: str) -> list[Record]:
    return [{"type": "raw_text", "text": cell} for cell in cells]


SITE = "https://example.org"
ACME = "https://acme.slack.com"
LINK = f"{ACME}/archives/C1/p1469781868000005"

TEXT: list[Case] = [
    (title, say(text))
    for title, text in (
        ("styles", "*bold* _italic_ ~struck~ `code` *_both_*"),
        ("no style within a word", "mid*word*not 2 * 3 * 4 snake_case_name"),
        ("escapes", "if (a &lt; b &amp;&amp; c &gt; d) `x &lt; y` &amp;lt;"),
        ("code is opaque", "`*a* _b_ :tada:` ```&lt;b&gt;\n*c* <https://x.org>```"),
        ("fence within a line", "see ```x = 1``` there"),
        ("quote", "&gt; one\n&gt; *two*\nafter"),
        ("quote to the end", "before\n&gt;&gt;&gt; one\ntwo"),
        ("bullets, as rich text leaves them", "• one\n    ◦ inner\n• two"),
        ("person, known and not", "<@U1> <@U1|ann> <@U9|bob> <@U9> <@B9>"),
        ("channel", "<#C1|general> <#C1|> <#C1> <#C9|secret> <#C9>"),
        ("broadcasts call nobody", "<!here> <!channel> <!everyone> <!here|here>"),
        ("user group", "<!subteam^S1|@ops> <!subteam^S2> <!subteam^S9>"),
        ("time", f"<!date^1392734382^Posted {{date_num}}^{SITE}|18 Feb 2014>"),
        ("link", f"<{SITE}/a?x=1&amp;y=2> <{SITE}|a | *b* &gt; c> {SITE}/bare."),
        ("mail and phone", "<mailto:a@example.org|a@example.org> <tel:+15551234|+1 555 1234>"),
        ("link into an app", "<slack-action://A1/run|Run it>"),
        ("link to a message", f"<{LINK}> <{LINK}?thread_ts=1469781868.000005&amp;cid=C1|this>"),
        ("old link, by the channel's name", f"<{ACME}/archives/general/p1469781868000005|this>"),
        ("link to a message that was left out", f"<{ACME}/archives/C1/p1469868268000005|that>"),
        ("link into another workspace", "<https://other.slack.com/archives/C7/p1469781868000005>"),
        ("emoji", ":tada: :thumbsup: :+1::skin-tone-3: :flag-de: :simple_smile:"),
        ("custom emoji, mapped and not", ":ship: :ohayo:"),
        ("smileys and times", ":) :/ :D &lt;3 10:30:45"),
        ("what a target would take for markup", "# a\n1. b\n- c\n| d | e |\n[f](g) <b>h</b> $$i$$"),
        ("more of it", "@all ~town #tag __init__ **x** C:\\temp a|b"),
        ("control characters", "nul \x00 and half a pair \ud83d, \u202eright to left\u202c"),
    )
]
BLOCKS: list[Case] = [
    (
        "rich_text: styles",
        rich(
            section(
                *(
                    words(f"{style} ", **{style: True})
                    for style in ("bold", "italic", "strike", "code", "underline", "highlight")
                )
            )
        ),
    ),
    (
        "rich_text: elements",
        rich(
            section(
                {"type": "user", "user_id": "U1"},
                words(" "),
                {"type": "channel", "channel_id": "C1"},
                words(" "),
                {"type": "usergroup", "usergroup_id": "S1"},
                words(" "),
                {"type": "broadcast", "range": "here"},
                words(" "),
                {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd", "skin_tone": 4},
                words(" "),
                {"type": "link", "url": SITE, "text": "a link"},
                words(" "),
                {"type": "color", "value": "#1E8E5A"},
                words(" "),
                {"type": "date", "timestamp": 1392734382, "fallback": "18 February"},
                words(" "),
                {
                    "type": "message_mention",
                    "channel_id": "C1",
                    "message_ts": "1469781868.000005",
                },
            )
        ),
    ),
    (
        "rich_text: lists",
        rich(
            items("ordered", 0, "three", "four", offset=2),
            items("bullet", 1, "inner"),
            items("ordered", 0, "five", offset=4),
        ),
    ),
    (
        "rich_text: code and quote",
        rich(
            {"type": "rich_text_preformatted", "elements": [words("*x* = 1 < 2")]},
            {"type": "rich_text_quote", "elements": [words("Fewer, better.")]},
        ),
    ),
    ("rich_text: something new", rich(section({"type": "hologram", "text": "from tomorrow"}))),
    (
        "section",
        block(
            "section",
            text=mrkdwn("*Load* 0.7"),
            fields=[mrkdwn("*CPU*\n80 %"), plain("Disk full")],
            accessory={"type": "button", "text": plain("Open"), "url": SITE},
        ),
    ),
    ("header", block("header", text=plain("Weekly"))),
    ("context", block("context", elements=[mrkdwn("by *Ann*"), plain("today")])),
    ("divider", block("divider")),
    ("image", block("image", image_url=f"{SITE}/i.png", title=plain("Map"), alt_text="A map")),
    ("video", block("video", video_url=SITE, title=plain("Tour"), author_name="Ann")),
    (
        "actions",
        block(
            "actions",
            elements=[{"type": "button", "text": plain(label)} for label in ("Approve", "Deny")],
        ),
    ),
    ("table", block("table", rows=[raw("Day", "Who"), raw("Monday", "a|b")])),
    ("markdown", block("markdown", text="# Weekly\n1. **one**\n2. `two`")),
    ("call", block("call", call={"v1": {"name": "Stand-up", "join_url": SITE}})),
    ("contact_card", block("contact_card", contact={"name": "Ann One", "email": "a@x.org"})),
    ("a block of tomorrow", block("hologram", fallback="Words of a new block")),
]
ATTACHMENTS: list[Case] = [
    (
        "card",
        card(
            color="#36a64f",
            pretext="From the *old* app",
            author_name="CI",
            title="Build 812",
            title_link=SITE,
            text="Step `3` failed",
            fields=[
                {"title": "Branch", "value": "main", "short": True},
                {"title": "Took", "value": "3 min", "short": True},
            ],
            image_url=f"{SITE}/graph.png",
            footer="ci",
            ts=1392734382,
        ),
    ),
    (
        "another message",
        card(is_msg_unfurl=True, author_subname="Ann", author_id="U1", text="Hi", from_url=LINK),
    ),
    ("page", card(service_name="Wiki", title="Zones", title_link=SITE, text="All you feared")),
    ("card with blocks", card(color="good", blocks=[{"type": "header", "text": plain("Hi")}])),
    ("nothing but a fallback", card(fallback="A cat, sleeping")),
    (
        "poll with buttons",
        card(text="Lunch?", actions=[{"type": "button", "text": t} for t in ("Yes", "No")]),
    ),
]
ROOM: Record = {"date_start": 1392734382, "date_end": 1392735102, "has_ended": True}
NOTICES: list[Case] = [
    ("/me, an emote", notice("me_message", "waters the plants")),
    (
        "huddle",
        notice("huddle_thread", "A huddle", room=ROOM | {"participant_history": ["U1", "U9"]}),
    ),
    ("missed huddle", notice("huddle_thread", "A huddle", room={"was_missed": True})),
    ("deleted root", notice("tombstone", "This message was deleted.")),
    ("join", notice("channel_join", "<@U1> has joined the channel", inviter="U9")),
    ("topic", notice("channel_topic", "<@U1> set the channel topic: 4.x", topic="4.x &amp; up")),
    ("rename", notice("channel_name", "renamed", old_name="jobs", name="hiring")),
    ("reminder", notice("reminder_add", "<@U1> set up a reminder “call” in this channel")),
    ("workflow", notice("bot_message", "*Request* from <@U1>", bot_id="B1", username="Intake")),
    ("integration", notice("bot_add", "", bot_link=f"<{SITE}|GitHub>")),
    ("an unknown subtype", notice("weather_report", "Sunny, 24 degrees")),
]

GROUPS: dict[str, list[Case]] = {
    "Text": TEXT,
    "Blocks": BLOCKS,
    "Attachments": ATTACHMENTS,
    "Notices and other kinds": NOTICES,
}
