"""`funade store copy`: from the file in the data folder into the database that the configuration names."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from funade.domain.application import Configuration
from funade.domain.errors import StoreError
from funade.runner.machine import SystemClock, ThisMachine, boot
from funade.secrets import OpenSecrets
from funade.store.copying import Copied, copy
from funade.store.sqlite import SqliteLedger
from funade.usecases.ledger_ports import Process
from funade.usecases.living import Living
from funade.web import address as server
from funade.wiring.parts import LEASE
from funade.wiring.stores import FILE, address_of

LOOK_SECONDS = 1.0


def copy_store(configuration: Configuration) -> Copied:
    """Copy the store and set the file aside, or raise StoreError: also while any process lives."""
    if configuration.database is None:
        message = f"`{configuration.path}` names no `database` — add it, then copy the store into it"
        raise StoreError(message)
    data = Path(configuration.data)
    path = data / FILE
    if server.look(data).alive:
        message = f"a server lives on `{data}` — stop it first: what runs goes on and is adopted afterwards"
        raise StoreError(message)
    if path.exists():
        asyncio.run(
            _refuse_if_alive(path, Living(clock=SystemClock(), machine=ThisMachine(data), lease=LEASE))
        )
    return copy(path, address_of(configuration.database, OpenSecrets()), ThisMachine(data).name)


async def _refuse_if_alive(path: Path, living: Living) -> None:
    """Raise StoreError when a process of that store lives; one of another boot is watched for a lease."""
    with closing(SqliteLedger(path)) as ledger:
        first = {one.id: one.counter for one in await ledger.read(lambda look: look.processes())}
        while True:
            now: Sequence[Process] = await ledger.read(lambda look: look.processes())
            alive = living.among(now)
            known = [one for one in now if one.id in alive]
            if not known:
                return
            # One of this boot that is not gone lives; of another boot nobody can tell but by its counter.
            if any(one.boot == boot() or first.get(one.id) != one.counter for one in known):
                shown = ", ".join(f"{one.role} {one.pid} on {one.host}" for one in known)
                message = f"`{path}` is in use by {shown} — stop it first: what runs goes on, and is adopted afterwards"
                raise StoreError(message)
            await asyncio.sleep(LOOK_SECONDS)
