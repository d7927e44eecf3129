"""What differs between the Markdown of the targets, as values that the writers ask for."""

from collections.abc import Callable
from typing import NamedTuple

from mappings import escape


class Dialect(NamedTuple):
    """One target's Markdown.

    `escape` takes literal text and the character before it. `fenced_quotes`: fences count at the
    start of a line only, so a quote with a fence in it is itself fenced. `atomic_labels`: nothing
    is read within a link's label. `brackets`: `<https://…>` is a link. `split_code`: in a table a
    bar divides even a code span. `nesting`: the indent of what stands below a list item; None:
    the width of its mark.
    """

    name: str
    escape: Callable[[str, str], str]
    fenced_quotes: bool
    atomic_labels: bool
    brackets: bool
    split_code: bool
    nesting: int | None


MATTERMOST = Dialect(
    name="mattermost",
    escape=escape.mattermost,
    fenced_quotes=False,
    atomic_labels=False,
    brackets=True,
    split_code=True,
    nesting=None,
)
ZULIP = Dialect(
    name="zulip",
    escape=escape.zulip,
    fenced_quotes=True,
    atomic_labels=True,
    brackets=False,
    split_code=False,
    nesting=2,
)
