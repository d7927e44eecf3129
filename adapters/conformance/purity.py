"""What must be pure: the same question has the same answer, in planning as in sending."""

import tomllib
from pathlib import Path
from typing import Literal

import pytest

from adapters.conformance.migration import Migration, tampered
from adapters.conformance.repetition import everyday_workspace
from adapters.conformance.target import Target
from mappings import losses, mrkdwn
from migrate.model import RECORD_KINDS, File, Key, Message
from migrate.spi import Face, Pointer, Wish

_TEXTS = (
    "plain words",
    "*bold* _italic_ ~struck~ `code` and :tada: :unknown-emoji:",
    "<@U00000001> in <#C00000001|general>, see <https://example.org/a?b=1&amp;c=2|this>",
    "a link <https://acme.slack.com/archives/C00000001/p1700000000000100> to a message",
    "```\nfenced\n```\n> quoted\n• one\n• two",
    "שלום <!here> \x00 \ud83d 🏳️‍🌈",
    "word " * 500,
)


class SteadyLook:
    """Answers everything with refs of one width, as planning does."""

    def __init__(self, width: int) -> None:
        self._ref = "x" * width

    def person(self, id: str) -> Face:
        return Face(f"Person {id}", self._ref)

    def conversation(self, id: str) -> Face:
        return Face(f"place-{id}", self._ref)

    def group(self, id: str) -> str | None:
        return None

    def link(self, url: str) -> Pointer | None:
        return Pointer(self.conversation("C1"), self._ref) if "/archives/" in url else None

    def emoji(self, name: str) -> str | None:
        return None

    def file(self, id: str) -> str | None:
        return self._ref if id.startswith("F") else None


class Purity:
    @pytest.mark.parametrize("text", _TEXTS)
    def test_render_is_deterministic_and_agrees_with_survey(
        self, target: Target, tmp_path: Path, text: str
    ) -> None:
        caps = Migration(target, tmp_path, everyday_workspace()[0]).caps
        message = Message(
            key=Key("T00000001", "C00000001", "1700000000.000100"),
            author="U00000001",
            kind="message",
            body=mrkdwn.parse(text),
        )
        adapter = target.adapter
        planned, short = SteadyLook(caps.ref_width), SteadyLook(3)
        rendered = adapter.render(message, planned, caps)
        assert adapter.render(message, planned, caps) == rendered
        surveyed = adapter.survey(message, planned, caps)
        assert surveyed.pieces == len(rendered.pieces) >= 1
        assert surveyed.losses == rendered.losses
        assert set(surveyed.losses) <= adapter.codes.keys() | losses.MARKDOWN.codes | {losses.LINK}
        assert len(adapter.render(message, short, caps).pieces) <= len(rendered.pieces)

    @pytest.mark.parametrize("text", ["", "plain words", "word " * 500])
    @pytest.mark.parametrize("count", [1, 2, 12])
    def test_render_with_files_agrees_with_survey(
        self, target: Target, tmp_path: Path, text: str, count: int
    ) -> None:
        caps = Migration(target, tmp_path, everyday_workspace()[0]).caps
        if caps.files == "none":
            pytest.skip("the target keeps no files")
        types = ("image/png", "video/mp4", "audio/mpeg", "application/pdf", "")
        message = Message(
            key=Key("T00000001", "C00000001", "1700000000.000100"),
            author="U00000001",
            kind="message",
            body=mrkdwn.parse(text),
            files=tuple(
                File(id=f"F{n}", name=f"file {n}", mimetype=types[n % len(types)], size=n)
                for n in range(count)
            ),
        )
        adapter = target.adapter
        planned = SteadyLook(caps.ref_width)
        rendered = adapter.render(message, planned, caps)
        assert adapter.render(message, planned, caps) == rendered
        assert adapter.survey(message, planned, caps).pieces == len(rendered.pieces) >= 1
        assert len(adapter.render(message, SteadyLook(3), caps).pieces) <= len(rendered.pieces)

    @pytest.mark.parametrize("kind", ["account", "conversation"])
    def test_names_are_free_and_the_same_each_time(
        self, target: Target, kind: Literal["account", "conversation"]
    ) -> None:
        taken: set[str] = set()
        for id in ("C1", "C2", "C3"):
            wish = Wish(kind=kind, id=id, name="Zoë's Plans!")
            placement = target.adapter.place(wish, None, lambda name: name not in taken)
            assert target.adapter.place(wish, None, lambda name: name not in taken) == placement
            assert placement.name not in taken
            taken.add(placement.name)

    def test_times_never_go_back(self, target: Target) -> None:
        """A target that wants each moment once may move a message on, never before its time."""
        taken: set[str] = set()
        last = 1_700_000_000_000
        for _ in range(3):
            wish = Wish(kind="message", id="1700000000.000100", time=1_700_000_000_000)
            placement = target.adapter.place(wish, None, lambda time: time not in taken)
            assert last <= placement.time <= 1_700_000_000_000 + 2_000
            last = placement.time
            taken.add(str(placement.time))

    def test_template_is_toml_that_the_settings_take(self, target: Target) -> None:
        adapter = target.adapter
        table = tomllib.loads(adapter.template)
        assert set(table) <= set(adapter.Config.__struct_fields__)
        assert set(target.settings) <= set(table)
        assert set(adapter.keeps) <= set(RECORD_KINDS)

    def test_same_target_has_the_same_fingerprint(self, target: Target, tmp_path: Path) -> None:
        migration = Migration(target, tmp_path, everyday_workspace()[0])
        prints: set[str] = set()
        with tampered(target.adapter, lambda session: prints.add(session.fingerprint)):
            migration.run()
            migration.run()
        assert len(prints) == 1
        assert "" not in prints
