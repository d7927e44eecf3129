"""Addresses within Slack: messages, conversations and files, in every form that Slack has used.

They are recognised here; where they lead at the target is the caller's knowledge. Whether a host
is the migrated workspace's own is the caller's to compare.
"""

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec


class SlackLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message, or a conversation where `ts` is None.

    `host` is "acme.slack.com", or "" in forms that name a `team` (T… or E…) instead. `conversation`
    is an id, or in old links a name. `ts` and `thread_ts` are in Slack's "seconds.micros" form.
    """

    host: str
    conversation: str
    ts: str | None = None
    thread_ts: str | None = None
    team: str = ""


class FileLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file. `file` is its id, F…; `host` and `team` as in `SlackLink`."""

    host: str
    file: str
    team: str = ""


_HINT = "slack"
_STAMP = re.compile(r"p(\d{10})(\d{6})")
_TS = re.compile(r"\d{10}\.\d{6}")
_THREAD = re.compile(r"([A-Z0-9]+)-(\d{10}\.\d{6})")
_FILE = re.compile(r"F[A-Z0-9]+")
_PUBLIC = re.compile(r"([TE][A-Z0-9]+)-(F[A-Z0-9]+)(?:-[0-9a-f]+)?")
# Slack's own hosts that are no workspace.
_SHARED = {"app.slack.com", "files.slack.com", "slack.com", "slack-files.com"}


def parse(url: str) -> SlackLink | FileLink | None:
    """What `url` (unescaped) points to within Slack; None: nothing of Slack's, or no such form."""
    if _HINT not in url:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme == "slack":
        return _app_link(parts)
    if parts.scheme not in {"https", "http"}:
        return None
    path = [piece for piece in parts.path.split("/") if piece]
    if host == "slack-files.com":
        return _public_file(path)
    if host != "slack.com" and not host.endswith(".slack.com"):
        return None
    named = "" if host in _SHARED else host
    return _message(named, path, parts) or _file(named, path)


def names_id(link: SlackLink) -> bool:
    """Whether `conversation` is an id; in links of before 2017 it is the channel's name."""
    return re.fullmatch(r"[CGD][A-Z0-9]{6,}", link.conversation) is not None


def _message(host: str, path: list[str], parts: SplitResult) -> SlackLink | None:
    match path:
        case ["archives" | "messages", conversation, *rest]:
            ts = _stamp(rest[0]) if rest else None
            return SlackLink(
                host=host, conversation=conversation, ts=ts, thread_ts=_query(parts, "thread_ts")
            )
        case ["client", team, conversation, *rest]:
            link = SlackLink(host=host, conversation=conversation, team=team)
            return _in_client(link, rest, parts)
    return None


def _in_client(link: SlackLink, rest: list[str], parts: SplitResult) -> SlackLink:
    """`…/p1469781868000005`, `…/1469781868.000005` or `…/thread/C123-1469781868.000005`."""
    if len(rest) >= 2 and rest[0] == "thread" and (thread := _THREAD.fullmatch(rest[1])):
        # The address of a thread is that of its root; `_stamp` may name one reply in it.
        ts = _stamp(rest[2]) if len(rest) > 2 else None
        return msgspec.structs.replace(
            link, conversation=thread[1], ts=ts or thread[2], thread_ts=thread[2]
        )
    ts = _stamp(rest[0]) if rest else None
    return msgspec.structs.replace(link, ts=ts, thread_ts=_query(parts, "thread_ts"))


def _app_link(parts: SplitResult) -> SlackLink | FileLink | None:
    """`slack://channel?team=T1&id=C1&message=1469781868.000005`, and `slack://file?…&id=F1`."""
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    target, team = query.get("id", ""), query.get("team", "")
    if parts.netloc == "file" and _FILE.fullmatch(target):
        return FileLink(host="", file=target, team=team)
    if parts.netloc != "channel" or not target:
        return None
    return SlackLink(
        host="",
        conversation=target,
        ts=_stamp(query.get("message", "")),
        thread_ts=_query(parts, "thread_ts"),
        team=team,
    )


def _file(host: str, path: list[str]) -> FileLink | None:
    match path:
        case ["files", _, file, *_] if _FILE.fullmatch(file):
            return FileLink(host=host, file=file)
        case ["docs" | "canvas" | "lists", team, file, *_] if _FILE.fullmatch(file):
            return FileLink(host=host, file=file, team=team)
        case ["canvas" | "files", file] if _FILE.fullmatch(file):
            return FileLink(host=host, file=file)
        case ["files-pri" | "files-tmb", both, *_]:
            return _public_file([both])
    return None


def _public_file(path: list[str]) -> FileLink | None:
    match = _PUBLIC.fullmatch(path[0]) if path else None
    return FileLink(host="", file=match[2], team=match[1]) if match else None


def _stamp(piece: str) -> str | None:
    match = _STAMP.fullmatch(piece)
    if match:
        return f"{match[1]}.{match[2]}"
    return piece if _TS.fullmatch(piece) else None


def _query(parts: SplitResult, key: str) -> str | None:
    values = parse_qs(parts.query).get(key, [])
    return values[0] if values and _TS.fullmatch(values[0]) else None
