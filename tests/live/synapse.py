"""A Synapse for a whole test session, with registrations for many projects: each test takes one, so
that no two tests share accounts or rooms."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from adapters.matrix.sandbox import Homeserver

_PROJECTS = 150
SERVER_NAME = "live.test"


class Synapse:
    """`server` is the process, `admin` an access token of a server admin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        paths = [folder / f"appservice-{number}.yaml" for number in range(_PROJECTS)]
        self.server = Homeserver(folder, SERVER_NAME, paths)
        for number, path in enumerate(paths):
            write_registration(self._config(number), path)
        self.server.start()
        self.admin = self.server.add_user("root", "root-password", admin=True)

    def config(self) -> Config:
        """The settings of a project that nobody has used yet."""
        number = next(self._numbers)
        assert number < _PROJECTS, "more tests than registrations"
        return self._config(number)

    def _config(self, number: int) -> Config:
        return Config(
            homeserver=self.server.url,
            server_name=SERVER_NAME,
            registration=str(self._folder / f"appservice-{number}.yaml"),
            prefix=f"p{number}",
            space=f"Space {number}",
        )


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    synapse = Synapse(tmp_path_factory.mktemp("synapse"))
    try:
        yield synapse
    finally:
        synapse.server.stop()
