"""Open connections, shared by all that happens within one deployment; closed as soon as nobody needs them."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funade.failpoints import effect
from funade.targets.ssh.hosts import Access, Host
from funade.usecases.ports import Secrets

if TYPE_CHECKING:
    # Takes its time, and not every process that knows this kind of target talks to hosts.
    from funade.targets.ssh.client import Connection

Key = tuple[Host, Access]


@dataclass(slots=True)
class _Entry:
    holders: int = 0
    task: "asyncio.Task[Connection] | None" = None


class Connections:
    """One connection a host, as long as anybody holds it."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._entries: dict[Key, _Entry] = {}

    @contextmanager
    def held(self, hosts: Iterable[Host], access: Access) -> Iterator[None]:
        """Keep the connections to these hosts open, once they are."""
        keys = [(host, access) for host in (*access.jump, *hosts)]
        for key in keys:
            self._entries.setdefault(key, _Entry()).holders += 1
        try:
            yield
        finally:
            for key in keys:
                self._let_go(key)

    def begin(self, hosts: Iterable[Host], access: Access) -> None:
        """Let hosts that are held be connected to meanwhile."""
        for host in hosts:
            connecting = self._connecting(host, access)
            connecting.add_done_callback(_hear)

    def _connecting(self, host: Host, access: Access) -> "asyncio.Task[Connection]":
        """Return the task that connects to a host, a new one where there is none or the connection broke."""
        entry = self._entries[host, access]
        if entry.task is None or _is_of_no_use(entry.task):
            entry.task = asyncio.create_task(self._connect(host, access), name=f"connect to {host}")
        return entry.task

    async def to(self, host: Host, access: Access) -> "Connection":
        """Return an open connection to a host that is held; or raise a TargetError."""
        # Others wait for the same one: giving up here does not give it up for them.
        return await asyncio.shield(self._connecting(host, access))

    async def _connect(self, host: Host, access: Access) -> "Connection":
        from funade.targets.ssh import client  # noqa: PLC0415 -- see above

        before = access.jump.index(host) - 1 if host in access.jump else len(access.jump) - 1
        tunnel = await self.to(access.jump[before], access) if before >= 0 else None
        with effect("ssh.connect"):
            return await client.connect(host, access, self._secrets, tunnel)

    def _let_go(self, key: Key) -> None:
        entry = self._entries[key]
        entry.holders -= 1
        if entry.holders > 0:
            return
        del self._entries[key]
        if entry.task is not None:
            entry.task.add_done_callback(_close)
            entry.task.cancel()


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
