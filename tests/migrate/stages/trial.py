"""A small migration whose mapping files and store a test can reach, and sessions that refuse."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.conformance.migration import Migration, tampered
from adapters.conformance.workspace import Place, Workspace
from adapters.memory import adapter
from migrate import runner
from migrate.errors import Skip
from migrate.store import Op, Store, open_store, ops
from tests.adapters.memory.targets import (
    AppendedMemory,
    ArchivedMemory,
    ForgetfulMemory,
    LiveMemory,
)
from tests.migrate.stages.served import ServedMemory

TARGETS = {
    "live": LiveMemory,
    "forgetful": ForgetfulMemory,
    "archive": ArchivedMemory,
    "append": AppendedMemory,
    "served": ServedMemory,
}


class Trial(Migration):
    """One project into a memory target."""

    def __init__(
        self,
        folder: Path,
        workspace: Workspace,
        mode: str = "live",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(TARGETS[mode](), folder, workspace, settings)

    def project(self, **overrides: object) -> runner.Project:
        """The project as it stands, with `source__until=...` and the like laid over it."""
        if len(self._exports) > 1:
            overrides["source__exports"] = [str(path) for path in self._exports]
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        return runner.open_project(self.folder, dotted, self._registry)

    def _project(self) -> runner.Project:
        return self.project()

    def only_the_first_export(self) -> None:
        """What an administrator does who takes the newer exports out of the configuration."""
        del self._exports[1:]

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = open_store(self.folder / "state.db")
        yield store
        store.close()

    def ops(self, where: str = "TRUE") -> list[Op]:
        with self.store() as store:
            return list(ops.select(store, where))


def small_workspace() -> tuple[Workspace, Place, str, str]:
    """Two people and a channel in which nothing was said yet."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    return workspace, workspace.channel("general", ann, bob), ann, bob


@contextmanager
def refusing(
    verb: str, code: str, when: Callable[[Any], bool] = lambda act: True
) -> Iterator[None]:
    """Sessions that skip an act of this kind."""

    def change(session: Any) -> None:
        accept: Callable[..., Awaitable[Any]] = getattr(session, verb)

        async def refuse(act: Any, *more: Any) -> Any:
            if when(act):
                raise Skip(code)
            return await accept(act, *more)

        setattr(session, verb, refuse)

    with tampered(adapter, change):
        yield
