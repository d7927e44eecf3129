"""Finding the installed adapters, the built-in ones too, through the entry-point group."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from migrate.errors import UsageError
from migrate.spi import Adapter

GROUP = "chat_migrate.adapters"


class Registry:
    """Adapters by name. `extra` stands beside the installed ones, before them."""

    def __init__(self, extra: Mapping[str, Adapter] | None = None) -> None:
        self._extra = dict(extra or {})
        self._installed: dict[str, EntryPoint] = {
            point.name: point for point in entry_points(group=GROUP)
        }

    @property
    def names(self) -> list[str]:
        return sorted({*self._extra, *self._installed})

    def get(self, name: str) -> Adapter:
        """The adapter called `name`; UsageError with the list of what there is if there is none."""
        if name in self._extra:
            return self._extra[name]
        if name not in self._installed:
            raise UsageError(
                "adapter-unknown",
                f"There is no adapter called {name!r}.",
                f"Installed are: {', '.join(self.names) or 'none'}.",
            )
        try:
            adapter: Adapter = self._installed[name].load()
        except Exception as error:
            raise UsageError(
                "adapter-broken",
                f"The adapter {name!r} cannot be loaded ({type(error).__name__}).",
                "Install it again, together with what it needs.",
            ) from error
        return adapter
