"""Trees and texts to test with: hypothesis strategies for every node, and a generator of messages
as people write them in Slack."""

import random
from collections.abc import Iterator

from hypothesis import strategies as st

from mappings.nodes import (
    Block,
    Broadcast,
    Card,
    Channel,
    Code,
    Date,
    Divider,
    Document,
    Emoji,
    Fields,
    Group,
    Heading,
    Image,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    Table,
    Text,
)

# Characters that some parser somewhere takes for more than themselves, and some plain ones.
TRICKY = "ab1 \n*_`~#>-+.()[]{}|\\&;<>:/@!$=\"'é日👍"
tricky_text = st.text(TRICKY, max_size=24)
urls = st.sampled_from(
    [
        "https://example.org",
        "https://example.org/a_(b)*c?x=1&y=2#z",
        "http://example.org/_x_~~y",
        "mailto:ann@example.org",
        "slack://channel?id=C1",
        "javascript:alert(1)",
        "https://acme.slack.com/archives/C1/p1469781868000005",
    ]
)
ids = st.sampled_from(["U1", "W2", "U404"])
leaves: st.SearchStrategy[Inline] = st.one_of(
    st.builds(Text, tricky_text),
    st.builds(Code, tricky_text),
    st.builds(Person, ids, st.sampled_from(["", "ann", "a*b"])),
    st.builds(Channel, st.just("C1"), st.sampled_from(["", "general"])),
    st.builds(Group, st.just("S1"), st.sampled_from(["", "devs"])),
    st.builds(Broadcast, st.sampled_from(["here", "channel", "everyone"])),
    st.builds(Emoji, st.just("+1"), st.just("👍🏼"), st.just(3)),
    st.builds(Emoji, st.sampled_from(["parrot", "unknown"])),
    st.builds(Date, st.just(1392734382), st.just("Feb 18"), st.sampled_from(["", "https://x.org"])),
)
inlines: st.SearchStrategy[Inline] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            Styled,
            st.sampled_from(["bold", "italic", "strike", "underline", "highlight"]),
            st.lists(inner, max_size=3).map(tuple),
        ),
        st.builds(Link, urls, st.lists(inner, max_size=2).map(tuple)),
    ),
    max_leaves=6,
)
words = st.lists(inlines, max_size=4).map(tuple)
simple_blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, words),
    st.builds(Heading, words, st.integers(0, 7)),
    st.builds(Preformatted, tricky_text, st.sampled_from(["", "python", "c++", "quote", "a b`"])),
    st.builds(Divider),
    st.builds(Table, st.lists(st.lists(words, max_size=3).map(tuple), max_size=3).map(tuple)),
    st.builds(Fields, st.lists(words, max_size=3).map(tuple)),
    st.builds(Image, urls, st.sampled_from(["", "A picture", "[x](y) *z*"])),
)
blocks: st.SearchStrategy[Block] = st.recursive(
    simple_blocks,
    lambda inner: st.one_of(
        st.builds(Quote, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Card, st.lists(inner, max_size=3).map(tuple), st.just("#36a64f")),
        st.builds(
            List,
            st.booleans(),
            st.lists(st.builds(Item, st.lists(inner, max_size=2).map(tuple)), max_size=3).map(
                tuple
            ),
            st.integers(1, 12),
        ),
    ),
    max_leaves=5,
)
documents = st.builds(Document, st.lists(blocks, max_size=3).map(tuple))

# JSON of any shape, with the keys and words of Block Kit in it.
_KEYS = st.sampled_from(
    "type text elements style blocks url user_id name fields accessory rows title fallback indent "
    "offset border unicode skin_tone message_blocks color ts actions value label alt_text".split()
)
_WORDS = st.sampled_from(
    "rich_text rich_text_section rich_text_list rich_text_quote rich_text_preformatted section "
    "header context divider image video actions input table markdown call contact_card text link "
    "emoji user ordered mrkdwn plain_text tomorrow *x* <@U1|ann> 1f44d https://x.org".split()
)
json_values: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _WORDS, tricky_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_KEYS, inner, max_size=5),
        st.builds(lambda kind, rest: {**rest, "type": kind}, _WORDS, st.dictionaries(_KEYS, inner)),
    ),
    max_leaves=12,
)

_VOCABULARY = (
    "the build is green again can you look at ticket release notes 2 * 3 snake_case __init__ "
    "C:\\temp *args **kwargs #42 #general-talk @somebody ~approx 1. 2) - + > >= <b> AT&amp;T "
    "&amp;lt; a|b --- === :) :D :/ :s x-d <3 10:30:45 $5 $$ [x] [a](b) `tick `` ``` don't “quoted” "
    "été 日本語 x^2 C# foo# ends! (really) e.g. "
    " www.example.org http://x.org/_a_ \\n \\* 5~10 ~~ && || 100% /me"
).split()
_MARKUP = (
    "*bold words* _slanted_ ~gone~ `a*b_c` <https://example.org/a_b|a label> <https://example.org> "
    "<mailto:ann@example.org|ann@example.org> <@U1> <@U1|ann> <#C1|general> <#C1> <!here> "
    "<!subteam^S1|@devs> <!date^1392734382^{date}|Feb 18> :smile: :+1::skin-tone-3: :parrot: "
    "*_both_* ```if_a: *b*``` *a*, (_b_)"
)
_PIECES = [piece for piece in _MARKUP.replace("* words", "*words").split(" ") if piece]
_OPENERS = ["&gt; ", "• ", "    ◦ ", "&gt;&gt;&gt; ", "    ", "", "", "", "", "# ", "- ", "1. "]


def slack_messages(count: int, seed: int = 1) -> Iterator[str]:
    """`count` texts as exports hold them, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        lines = []
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            pieces = [
                chance.choice(_PIECES if chance.random() < 0.3 else _VOCABULARY)
                for _ in range(chance.randrange(1, 12))
            ]
            escaped = [piece.replace("<b>", "&lt;b&gt;").replace("<3", "&lt;3") for piece in pieces]
            lines.append(chance.choice(_OPENERS) + " ".join(escaped))
        yield "\n".join(lines)
