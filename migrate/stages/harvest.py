"""The export's own tokens, found in the URLs of its archives: they open every file of the
workspace, so they stay in memory and go to nobody but the hosts of Slack's files."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from migrate.slack.bodies import ExportToken
from migrate.slack.hosts import Hosts
from migrate.source import Export, find_tokens
from migrate.store import Store

ENOUGH = 100
"""URLs with a token after which an archive has told its token."""

ENOUGH_WITHOUT = 1_000
"""URLs of files, with or without one, after which it has told that it has none."""

_FILE = b"/files-pri/"
_DAY = 86_400
_LAST = 253_402_300_799  # the last second that has a date


def harvest_tokens(
    export: Export, days: Mapping[str, Collection[str]], hosts: Hosts
) -> list[ExportToken]:
    """The distinct tokens in the archives' URLs, the newest archive's before the others', the most
    frequent first.

    Slack writes one token into all the URLs of an archive, so a few of them tell it: only members
    that name wanted files are read (`days` by conversation), and of these no more than it takes. A
    URL that carries none, as those inside shared messages, is opened by its neighbours' token.
    """
    tokens: dict[ExportToken, None] = {}
    for members in export.mentions(days):
        counts = _count_tokens(members, hosts)
        tokens.update(dict.fromkeys(token for token, _ in counts.most_common()))
    return list(tokens)


def _count_tokens(members: Iterable[bytes], hosts: Hosts) -> Counter[ExportToken]:
    """Tokens of one archive; those of file URLs weigh more than those of their thumbnails, which
    may stand under another parameter."""
    counts: Counter[ExportToken] = Counter()
    seen = carried = 0
    for data in members:
        for url, parameter, value in find_tokens(data):
            if hosts.may_have_token(url):
                carried += 1
                counts[ExportToken(parameter, value)] += 100 if "/files-pri/" in url else 1
            if carried >= ENOUGH:
                break
        seen += data.replace(b"\\/", b"/").count(_FILE)
        if carried >= ENOUGH or seen >= ENOUGH_WITHOUT:
            break
    return counts


def find_days(store: Store, ids: Collection[str]) -> dict[str, set[str]]:
    """The days on which these files were shared, by conversation. Slack cuts days where it is at
    home and other tools elsewhere, so the days before and after count too."""
    days: dict[str, set[str]] = {}
    wanted = set(ids)
    query = "SELECT id, ts, file FROM attachment JOIN conversation ON num = conv"
    for id, ts, file in store.db.execute(query):
        if file not in wanted:
            continue
        near = days.setdefault(id, set())
        for seconds in (-_DAY, 0, _DAY):
            moment = min(max(0, ts // 1_000_000 + seconds), _LAST)
            near.add(datetime.fromtimestamp(moment, UTC).date().isoformat())
    return days
