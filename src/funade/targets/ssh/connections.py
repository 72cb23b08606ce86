"""Open connections, shared by all that happens within one deployment, and kept for the next one for a moment.

Only what went well is kept, and it is used again only while the same key and the same known hosts would let us in.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from funade.domain.errors import SecretError
from funade.failpoints import effect
from funade.targets.ssh.hosts import Access, Host
from funade.usecases.ports import Secrets

if TYPE_CHECKING:
    # Takes its time, and not every process that knows this kind of target talks to hosts.
    from funade.targets.ssh.client import Connection

Key = tuple[Host, Access]

#: So long a connection that nobody needs waits for the next deployment.
KEPT_SECONDS = 60.0
#: Groups and limits of a user are those of the time of the connection: none is used for longer.
OLDEST_SECONDS = 600.0
#: So many turns of the loop an end that has arrived takes until the connection knows of it.
TURNS_TO_HEAR = 3


@dataclass(slots=True)
class _Entry:
    holders: int = 0
    task: "asyncio.Task[Connection] | None" = None
    keeper: asyncio.Task[None] | None = None
    #: by what we were let in; empty where nobody can tell later whether it is still so
    proof: bytes = b""
    since: float = 0.0
    went_well: bool = True
    was_kept: bool = False


class Connections:
    """One connection a host, as long as anybody holds it, and `kept_seconds` longer."""

    def __init__(self, secrets: Secrets, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._secrets, self._kept_seconds = secrets, kept_seconds
        self._entries: dict[Key, _Entry] = {}

    @contextmanager
    def held(self, hosts: Iterable[Host], access: Access) -> Iterator[None]:
        """Keep the connections to these hosts open, once they are."""
        keys = [(host, access) for host in (*access.jump, *hosts)]
        for key in keys:
            self._hold(key)
        try:
            yield
        except BaseException:
            self._forsake(keys)
            raise
        finally:
            for key in keys:
                self._let_go(key)

    def begin(self, hosts: Iterable[Host], access: Access) -> None:
        """Let hosts that are held be connected to meanwhile."""
        for host in hosts:
            connecting = self._connecting(host, access)
            connecting.add_done_callback(_hear)

    def forsake(self, hosts: Iterable[Host], access: Access) -> None:
        """Keep none of these for longer than they are held: what went wrong may lie in them."""
        self._forsake([(host, access) for host in (*access.jump, *hosts)])

    def _connecting(self, host: Host, access: Access) -> "asyncio.Task[Connection]":
        """Return the task that connects to a host, a new one where there is none or the connection is of no use."""
        entry = self._entries[host, access]
        if entry.task is not None and entry.was_kept and not self._may_be_used_again(entry, access):
            entry.task.add_done_callback(_close)
            entry.task = None
        entry.was_kept = False
        if entry.task is None or _is_of_no_use(entry.task):
            entry.since = asyncio.get_running_loop().time()
            connecting = self._connect(host, access, entry)
            entry.task = asyncio.create_task(connecting, name=f"connect to {host}")
        return entry.task

    async def to(self, host: Host, access: Access) -> "Connection":
        """Return an open connection to a host that is held; or raise a TargetError."""
        if self._entries[host, access].was_kept:
            # What broke while nobody used it may not have been heard of yet.
            for _ in range(TURNS_TO_HEAR):
                await asyncio.sleep(0)
        # Others wait for the same one: giving up here does not give it up for them.
        return await asyncio.shield(self._connecting(host, access))

    async def _connect(self, host: Host, access: Access, entry: _Entry) -> "Connection":
        from funade.targets.ssh import client  # noqa: PLC0415 -- see above

        before = access.jump.index(host) - 1 if host in access.jump else len(access.jump) - 1
        tunnel = await self.to(access.jump[before], access) if before >= 0 else None
        entry.proof = self._proof(access)
        with effect("ssh.connect"):
            return await client.connect(host, access, self._secrets, tunnel)

    def _may_be_used_again(self, entry: _Entry, access: Access) -> bool:
        return self._is_young(entry) and entry.proof == self._proof(access)

    def _is_young(self, entry: _Entry) -> bool:
        return asyncio.get_running_loop().time() - entry.since < OLDEST_SECONDS

    def _proof(self, access: Access) -> bytes:
        from funade.targets.ssh import client  # noqa: PLC0415 -- see above

        # Whoever connects then hears why.
        with suppress(SecretError, OSError):
            return client.proof_of(access, self._secrets)
        return b""

    def _hold(self, key: Key) -> None:
        entry = self._entries.setdefault(key, _Entry())
        entry.holders += 1
        if entry.keeper is not None:
            entry.keeper.cancel()
            entry.keeper, entry.was_kept = None, True

    def _let_go(self, key: Key) -> None:
        entry = self._entries[key]
        entry.holders -= 1
        if entry.holders > 0:
            return
        if self._is_worth_keeping(entry):
            # A task, not a timer: it is cancelled when the process ends, and then closes what it kept.
            entry.keeper = asyncio.create_task(asyncio.sleep(self._kept_seconds), name=f"keep {key[0]}")
            entry.keeper.add_done_callback(partial(self._drop, key, entry))
            return
        del self._entries[key]
        if entry.task is not None:
            entry.task.add_done_callback(_close)
            entry.task.cancel()

    def _is_worth_keeping(self, entry: _Entry) -> bool:
        if self._kept_seconds <= 0 or not entry.went_well or not entry.proof or entry.task is None:
            return False
        return entry.task.done() and not _is_of_no_use(entry.task) and self._is_young(entry)

    def _drop(self, key: Key, entry: _Entry, keeper: "asyncio.Task[None]") -> None:
        """Close what was kept, unless it was taken up again."""
        if entry.keeper is keeper:
            del self._entries[key]
            if entry.task is not None:
                _close(entry.task)

    def _forsake(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._entries:
                self._entries[key].went_well = False


def _is_of_no_use(task: "asyncio.Task[Connection]") -> bool:
    if not task.done():
        return False
    return task.cancelled() or task.exception() is not None or not task.result().is_open


def _hear(task: "asyncio.Task[Connection]") -> None:
    """Whoever asks for the connection hears of it; nobody may have to."""
    if not task.cancelled():
        task.exception()


def _close(task: "asyncio.Task[Connection]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
