"""What another process does with the same store; each verb is one of these functions.

Prints a line for every thing that is acknowledged, so that a test knows what must not be lost.
"""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from funade.domain.events import Event, RequestRefused
from funade.domain.reason import Reason, because
from funade.store.sqlite import SqliteLedger
from tests.contracts.ledgers import Store
from tests.unit.domain.examples import NOON


def open_it(ledger: SqliteLedger) -> None:
    """Say which store it is."""
    say(ledger.id)


def count(ledger: SqliteLedger, times: str) -> None:
    """Read a number and write the next one, again and again; and accept deployments beside it."""
    store = Store(ledger, lambda *_: [])

    def work(change):
        berth = change.lock_berth("shop", "production")
        change.save_berth(replace(berth, fence=berth.fence + 1))
        happening = RequestRefused(asked="x", because=because(Reason.NOT_PERMITTED))
        event = Event(at=NOON, by="ada", application="shop", environment="production", happening=happening)
        change.record(event)

    for number in range(int(times)):
        store.change(work)
        if number % 5 == 0:
            say(store.accept().number)
            store.read(lambda look: (look.entries(), look.berths()))


def accept(ledger: SqliteLedger) -> None:
    """Accept deployments until killed."""
    store = Store(ledger, lambda *_: [])
    while True:
        say(store.accept().number)


def notice(ledger: SqliteLedger) -> None:
    """Say when somebody else has changed something."""

    async def wait() -> None:
        generation = await ledger.wait_for_change(-1, 60)
        say("ready")
        while True:
            generation = await ledger.wait_for_change(generation, 60)
            say(time.monotonic())

    asyncio.run(wait())


def modules(ledger: SqliteLedger) -> None:
    """Say what was imported."""
    say(" ".join(sorted(sys.modules)))


def say(word: object) -> None:
    print(word, flush=True)  # noqa: T201 -- the test reads it


if __name__ == "__main__":
    verb, path, *rest = sys.argv[1:]
    opened = SqliteLedger(Path(path))
    {one.__name__: one for one in (open_it, count, accept, notice, modules)}[verb](opened, *rest)
    opened.close()
