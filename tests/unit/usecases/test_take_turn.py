import asyncio
from typing import Any, cast

import pytest

from funade.domain.errors import StoreUnreachable
from funade.usecases.start_attempt import TakeTurn
from tests.unit.domain.examples import deployment


class Lease:
    def check(self):
        pass


class Ledger:
    """Does the work, and tells that it was stored, or breaks before it is."""

    def __init__(self, *, breaks: bool):
        self.breaks = breaks

    async def change(self, work):
        found = work(None)
        if self.breaks:
            problem = "the line was cut"
            raise StoreUnreachable(problem)
        return found


class Reach:
    def __init__(self):
        self.heard: list[int] = []

    def claimed(self, row):
        self.heard.append(row.number)


class Take(TakeTurn):
    def _write(self, change: Any, id: str) -> Any:
        return deployment(7)


@pytest.mark.parametrize("breaks", [False, True])
def test_a_claim_that_was_not_stored_ends_no_silence(breaks):
    reach, other = Reach(), cast("Any", None)
    take = Take(
        ledger=cast("Any", Ledger(breaks=breaks)),
        lease=cast("Any", Lease()),
        clock=other,
        living=other,
        reach=cast("Any", reach),
        workspaces=other,
        rules=other,
    )
    if breaks:
        with pytest.raises(StoreUnreachable):
            asyncio.run(take("x"))
    else:
        asyncio.run(take("x"))
    assert reach.heard == ([] if breaks else [7])
