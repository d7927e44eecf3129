"""HTML that comes ready-made: what two servers made of the same words, and what is left to them."""

import json
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.prerendering import render
from tests.adapters.zulip.targets import ZulipDirectory, pages_of

ANN = (
    f'<span class="user-mention silent" data-user-id="{user_number("Ann Smith")}">Ann Smith</span>'
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello, wörld!", "<p>Hello, wörld!</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("It's \"10:30\" (or 11.5%)... – „so“", "<p>It's \"10:30\" (or 11.5%)... – „so“</p>"),
        ("and/or a+b, note: c - d", "<p>and/or a+b, note: c - d</p>"),
        ("привет 日本語 한국", "<p>привет 日本語 한국</p>"),
        ("**so** and *so*", "<p><strong>so</strong> and <em>so</em></p>"),
        ("`a.b = c(1)`", "<p><code>a.b = c(1)</code></p>"),
        ("ask @_**Ann Smith**, please", f"<p>ask {ANN}, please</p>"),
        ("(@_**Ann Smith**)", f"<p>({ANN})</p>"),
    ],
)  # fmt: skip
def test_words_that_every_server_makes_the_same_of(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "", " a", "a ", "a\n\n\nb", "a\n", "a\tb", "a\u00a0b", "a & b", "a < b", "> a", "a\\*",
        "- a", "+ a", "* a", "1. a", "2) a", "x\n12. a", "---", "===", "# a", "/me waves", "/poll",
        "example.org", "see a.b", "www.x.org", "https://x.org", "a://b", "a@b.example", "file.py",
        ":smile:", "at :x:", "😀", "☕", "ℹ", "©", "1\ufe0f\u20e3", "a_b_c", "~~a~~", "$$a$$",
        "[a](b)", "![a](b)", "!avatar(a)", "#**general**", "@**Ann**", "@all", "@_**A*n**",
        "x@_**Ann**", "***a***", "** a**", "**a **", "**a", "*a", "``a``", "`a", "` a`", "`a & b`",
        "one\n@_**Ann Smith**", "<time:2020>", "| a |", "a^b", "{a}", "\u05d0", "\u0627", "e\u0301",
    ],
)  # fmt: skip
def test_what_may_be_more_than_words_is_left_to_the_server(text: str) -> None:
    assert render(text) is None


@pytest.mark.parametrize(("rendering", "given"), [("ready", 2), ("importer", 0)])
def test_configuration_says_who_renders(tmp_path: Path, rendering: str, given: int) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    general = workspace.channel("general", ann)
    for words in ("plain words", f"for <@{ann}>", "<https://example.org>"):
        general.say(ann, words)
    migration = Migration(ZulipDirectory(), tmp_path, workspace, {"target.rendering": rendering})
    migration.run()
    rows = [
        row
        for page in pages_of(migration.folder / "zulip")
        for row in json.loads(page.read_bytes())["zerver_message"]
    ]
    assert len(rows) == 3
    assert sum(row["rendered_content"] is not None for row in rows) == given
    # Servers render anew what is of an earlier version than theirs, which is 1 since ever.
    assert {row["rendered_content_version"] for row in rows} == {1}
    realm = json.loads((migration.folder / "zulip" / "realm.json").read_bytes())
    (ann_there,) = (u for u in realm["zerver_userprofile"] if u["full_name"] == "Ann Smith")
    html = next(row["rendered_content"] or "" for row in rows if "@_" in row["content"])
    assert (f'data-user-id="{ann_there["id"]}"' in html) == bool(given)
