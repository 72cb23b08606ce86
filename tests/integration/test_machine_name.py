"""The name of a machine, in its data folder."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from funade.domain.errors import StoreError
from funade.runner.machine import ThisMachine


@contextmanager
def no_room() -> Iterator[None]:
    """Let files be made and nothing written into them, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_name_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    machine = ThisMachine(tmp_path)
    for _ in range(3):
        with no_room(), pytest.raises(StoreError, match="cannot be kept"):
            _ = machine.name
    assert list(tmp_path.iterdir()) == []
    name = machine.name
    assert [one.name for one in tmp_path.iterdir()] == ["machine"]
    assert ThisMachine(tmp_path).name == name
