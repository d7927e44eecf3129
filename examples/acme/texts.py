"""Everything that Slack's text, blocks and attachments can say beside plain talk: each token form,
each permalink form, each block and each attachment at least once."""

from datetime import timedelta

from acme.book import Book, at, speaker_fields
from acme.cast import TEAM, Record
from acme.shapes import LAB, put

HOST = "https://acme-roster.slack.com"
_LINKED = "1694620800.000100"
_TOKENS = {
    "token-user-with-name": "Ask <@U02MARA0001|mara>, she knows.",
    "token-user-grid": "Or <@W02ELIF0002>.",
    "token-bot": "The bot <@B02DEPLOY01> does that.",
    "token-channel-with-name": "See <#C02PUB00003|engineering>",
    "token-channel-empty-name": "See <#C02PRV00001|>",
    "token-channel-bare": "See <#C02PUB00004> and <#C02NOWHERE1>",
    "token-broadcasts": "<!here> <!channel> <!everyone> <!here|here> <!group>",
    "token-group-with-name": "<!subteam^S02OPS00001|@ops> please look",
    "token-group-bare": "<!subteam^S02OPS00001> please look",
    "token-date": "<!date^1700000000^Due {date_num} {time_secs}^https://acme.example|in November>",
    "token-mail": "<mailto:hello@acme.example|hello@acme.example>",
    "token-phone": "<tel:+15551234567|+1 555 123 4567>",
    "token-action": "<slack-action://A02APP00001/run|Run it>",
    "token-link-odd-label": "<https://acme.example/a?x=1&amp;y=2|a | b &gt; c>",
    "token-escapes": "if (a &lt; b &amp;&amp; c &gt; d) `x &lt; y`",
    "text-old-permalinks": f"<{HOST}/archives/general/p1694620800000100> and "
    f"<{HOST}/archives/C02PUB00001/p1694620800000100?thread_ts=1694620800.000100&amp;"
    f"cid=C02PUB00001|this> and <https://app.slack.com/client/{TEAM}/C02PUB00001>",
    "text-file-permalinks": f"<{HOST}/files/U02JONAS001/F02KIND0001/build_log.pdf> "
    f"<{HOST}/docs/{TEAM}/F02CANVAS01> <https://slack-files.com/{TEAM}-F02KIND0001-0123456789>",
    "text-emoji": ":+1::skin-tone-3: :thumbsup: :slack: :acme-parrot: :flag-de: :simple_smile:",
    "text-styles": "*bold* _italic_ ~strike~ `code` mid*word*not _a_b_ * not bold *",
    "text-quotes": "&gt; one line\n&gt; another\nand\n&gt;&gt;&gt; all the rest\nto the end",
    "text-lists": "• one\n    ◦ inner\n        ▪︎ innermost\n1. first\n2. second",
    "text-target-markup": "# no heading\n| no | table |\n[no](link) <b>no</b> $$no$$ @all !no",
}


def plant_texts(book: Book) -> None:
    """Everything of this module."""
    person: Record = {"user": book.id_of("priya")}
    for n, (shape, text) in enumerate(_TOKENS.items()):
        put(book, shape, LAB, at(5, 6, 9, n), person | {"text": text})
    for n, (shape, blocks) in enumerate(_make_blocks()):
        fallback: Record = speaker_fields(book.people["jonas"]) | {"text": "(see the blocks)"}
        put(book, shape, LAB, at(5, 7, 9, n), fallback | {"blocks": blocks})
    for n, (shape, attachment) in enumerate(_make_attachments()):
        said: Record = person | {"text": f"Look: <https://acme.example/{n}>"}
        moment = at(5, 8, 9) + timedelta(minutes=n)
        put(book, shape, LAB, moment, said | {"attachments": [attachment]})


def _make_blocks() -> list[tuple[str, list[object]]]:
    def words(text: str, **style: bool) -> Record:
        return {"type": "text", "text": text} | ({"style": style} if style else {})

    def rich(*elements: Record) -> list[object]:
        return [{"type": "rich_text", "block_id": "x", "elements": list(elements)}]

    def section(*inline: Record) -> Record:
        return {"type": "rich_text_section", "elements": list(inline)}

    def listing(style: str, indent: int, *items: str, **more: object) -> Record:
        sections = [section(words(item)) for item in items]
        listed: Record = {"type": "rich_text_list", "style": style, "indent": indent}
        return listed | {"elements": sections} | more

    styled = [
        words(f"{style} ", **{style: True})
        for style in ("bold", "italic", "strike", "code", "underline", "highlight", "unlink")
    ]
    inline: list[Record] = [
        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd", "skin_tone": 4},
        {"type": "usergroup", "usergroup_id": "S02OPS00001"},
        {"type": "color", "value": "#1E8E5A"},
        {"type": "date", "timestamp": 1700000000, "format": "{date}", "fallback": "14 November"},
        {"type": "team", "team_id": TEAM},
        {"type": "message_mention", "channel_id": "C02PUB00001", "message_ts": _LINKED},
        {"type": "link", "url": "https://acme.example/?a=1&b=2", "style": {"bold": True}},
        {"type": "hologram", "text": "from the future"},
    ]
    preformatted: Record = {"type": "rich_text_preformatted", "elements": [words("x = 1\ny = 2")]}
    quote: Record = {"type": "rich_text_quote", "elements": [words("Fewer, better, paid.")]}
    cell: Record = {"type": "raw_text", "text": "Monday"}
    rows = [[cell, cell], [cell, cell | {"text": "Tuesday"}]]
    mrkdwn: Record = {"type": "mrkdwn", "text": "*Load* 0.7"}
    plain: Record = {"type": "plain_text", "text": "Open", "emoji": True}
    image: Record = {"type": "image", "image_url": "https://acme.example/i.png", "alt_text": "Map"}
    button: Record = {"type": "button", "text": plain, "url": "https://acme.example/open"}
    app: list[tuple[str, Record]] = [
        ("section", {"text": mrkdwn, "fields": [mrkdwn, plain], "accessory": button}),
        ("context", {"elements": [image, mrkdwn]}),
        ("header", {"text": plain}),
        ("divider", {}),
        ("image", image | {"title": plain}),
        ("video", {"video_url": "https://acme.example/v", "title": plain, "alt_text": "Tour"}),
        ("actions", {"elements": [button]}),
        ("file", {"external_id": "F02KIND0001", "source": "remote"}),
        ("table", {"rows": rows}),
        ("markdown", {"text": "# Weekly\n- *one*"}),
        ("call", {"call_id": "R02CALL0001", "call": {"v1": {"name": "Stand-up"}}}),
        ("contact_card", {"fallback": "Mara Lindqvist"}),
        ("hologram", {"fallback": "A block that does not exist yet"}),
    ]
    nested = rich(
        listing("ordered", 0, "one", "two", border=0, offset=2),
        listing("bullet", 1, "inner", border=0),
        listing("ordered", 0, "three", border=1, offset=4),
    )
    odd = [None, "text", {"type": None}, {"elements": [{}]}, *rich(section(words("and this")))]
    single: list[tuple[str, list[object]]] = [
        (f"block-{kind}", [{"type": kind} | more]) for kind, more in app
    ]
    return [
        ("blocks-styles", rich(section(*styled))),
        ("blocks-inline", rich(section(*inline))),
        ("blocks-nested-lists", nested),
        ("blocks-code-and-quote", rich(section(words("So:")), preformatted, quote)),
        *single,
        ("blocks-odd-types", odd),
    ]


def _make_attachments() -> list[tuple[str, Record]]:
    fields = [{"title": "Build", "value": "812", "short": True}, {"title": "By", "value": "Jonas"}]
    legacy: Record = {"color": "danger", "pretext": "From the *old* integration", "title": "Failed"}
    legacy |= {"title_link": "https://ci.acme.example/812", "text": "Step 3", "fields": fields}
    legacy |= {"footer": "ci", "ts": 1699999999, "fallback": "Build failed", "mrkdwn_in": ["text"]}
    message: Record = {"team": TEAM, "channel": "C02PUB00001", "ts": _LINKED}
    message["message"] = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hi"}}]}
    share: Record = {"is_msg_unfurl": True, "is_share": True, "channel_id": "C02PUB00001"}
    share |= {"author_id": "U02MARA0001", "author_subname": "Mara", "ts": _LINKED, "text": "Hi"}
    share |= {"from_url": f"{HOST}/archives/C02PUB00001/p1694620800000100"}
    share["message_blocks"] = [message]
    page: Record = {"service_name": "Acme Wiki", "title": "Time zones", "id": 1}
    page |= {"from_url": "https://wiki.acme.example/zones", "text": "Everything you feared"}
    picture: Record = {"image_url": "https://acme.example/cat.jpg", "fallback": "A cat", "id": 1}
    blocky: Record = {"blocks": message["message"], "fallback": "[no preview available]"}
    return [
        ("attachment-legacy", legacy),
        ("attachment-shared-message", share),
        ("attachment-reply-unfurl", share | {"is_reply_unfurl": True, "is_share": False}),
        ("attachment-page", page),
        ("attachment-image", picture | {"thumb_url": "https://acme.example/cat-small.jpg"}),
        ("attachment-blocks", blocky),
        ("attachment-empty", {}),
    ]
