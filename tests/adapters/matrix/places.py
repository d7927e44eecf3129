"""Where the adapter's tests play: a fake homeserver, or a project of a live Synapse. Most tests
run in both, so that the fake cannot be kinder than the real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from adapters.matrix.config import Config
from adapters.matrix.registration import read_tokens, registration_path, write_registration
from tests.fakes.homeserver import FakeHomeserver
from tests.fakes.homeserver_rooms import Registration


class Place(msgspec.Struct, frozen=True):
    """A homeserver and the settings of a project that nobody has used yet."""

    config: Config
    folder: Path


@contextmanager
def fake_homeserver(folder: Path) -> Iterator[tuple[Place, FakeHomeserver]]:
    """A fake homeserver on which the registration in `folder` is installed."""
    fake = FakeHomeserver()
    with fake.running():
        config = Config(homeserver=fake.url, server_name="fake.test")
        write_registration(config, registration_path(config, folder))
        fake.registrations = [installed(config, folder)]
        yield Place(config, folder), fake


def installed(config: Config, folder: Path, *, rate_limited: bool = False) -> Registration:
    """The registration in a folder, as a homeserver understands it."""
    return Registration(
        token=read_tokens(registration_path(config, folder)).appservice,
        sender=config.sender,
        users=rf"@{config.prefix}_.*:{config.server_name}",
        aliases=rf"#{config.prefix}_.*:{config.server_name}",
        rate_limited=rate_limited,
    )
