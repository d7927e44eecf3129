"""Links replaced wherever a tree can hold them."""

from mappings import mrkdwn, nodes, relink
from mappings.names import SlackNames

WORDS = (nodes.Text("here"),)


def here(link: nodes.Link) -> tuple[nodes.Inline, ...] | None:
    return WORDS if "old" in link.url else None


def shown(document: nodes.Document) -> str:
    return nodes.visible_text(relink.replace_links(document, here), SlackNames())


def test_links_are_replaced_and_others_stay() -> None:
    document = mrkdwn.parse(
        "see <https://old.example/a|this>, *<https://old.example>*, <https://n.io>"
    )
    assert shown(document) == "see here, here, https://n.io"


def test_links_are_found_in_every_block() -> None:
    link = nodes.Link("https://old.example")
    line = nodes.Paragraph((link,))
    blocks: tuple[nodes.Block, ...] = (
        line,
        nodes.Heading((link,)),
        nodes.Quote((line,)),
        nodes.Card((line,)),
        nodes.List(False, (nodes.Item((line,)),)),
        nodes.Table((((link,),),)),
        nodes.Fields(((link,),)),
        nodes.Preformatted("https://old.example"),
    )
    changed = relink.replace_links(nodes.Document(blocks), here)
    assert not list(nodes.links(changed))
    assert shown(nodes.Document(blocks)).count("here") == 7


def test_nothing_to_replace_is_the_same_tree() -> None:
    document = mrkdwn.parse("> quoted <https://n.io|label>\n• *one*\n```\ncode\n```")
    assert relink.replace_links(document, here) == document
