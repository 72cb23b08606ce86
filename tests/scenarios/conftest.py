import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.funade import Funade
from tests.scenarios.office import move_in


def in_memory() -> str | None:
    """Return where files are kept in memory, if this system has such a place: thousands of commits wait for no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for many stores."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as made:
        yield Path(made)


@pytest.fixture
def funade(folder) -> Iterator[Funade]:
    """Give a Funade to tell a story with; at its end everything must agree."""
    told = Funade(folder)
    yield told
    try:
        told.agrees()
    finally:
        told.world.close()


@pytest.fixture
def office(funade):
    """Give a Funade in an office with rules."""
    move_in(funade.world)
    return funade
