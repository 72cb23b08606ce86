from collections.abc import Iterator

import pytest

from tests.scenarios.funade import Funade


@pytest.fixture
def funade(tmp_path) -> Iterator[Funade]:
    """Give a Funade to tell a story with; at its end everything must agree."""
    told = Funade(tmp_path)
    yield told
    try:
        told.agrees()
    finally:
        told.world.close()
