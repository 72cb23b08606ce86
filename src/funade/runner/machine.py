"""The computer that this process runs on: which of its processes still live, told apart by boot and time of birth."""

import asyncio
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

from funade.clients import births
from funade.domain.errors import StoreError
from funade.failpoints import effect
from funade.usecases.ledger_ports import Process

_HAS_BOOTTIME = hasattr(time, "CLOCK_BOOTTIME")


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Return seconds that never jump and go on while the machine sleeps."""
        if _HAS_BOOTTIME:
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


class RandomIds:
    """UUIDs by chance."""

    def new(self) -> str:
        """Return a UUID never returned before."""
        return str(uuid4())


class ThisMachine:
    """The `Machine` port on Linux and macOS, for one data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._name = ""

    @property
    def name(self) -> str:
        """Return the data folder's own name, given once: it stays when the host gets another; or raise StoreError."""
        if not self._name:
            path = self._data / "machine"
            try:
                self._name = _name(path)
            except OSError as error:
                message = (
                    f"`{path}` cannot be kept ({error.strerror}): is the disk full, or are its rights wrong?"
                )
                raise StoreError(message) from error
        return self._name

    def describe(self, role: str, id: str, at: datetime) -> Process:
        """Return this process as it registers itself."""
        pid = os.getpid()
        return Process(
            id=id,
            role=role,
            host=socket.gethostname(),
            pid=pid,
            boot=boot(),
            birth=births.living_birth(pid) or "",
            counter=0,
            started_at=at,
            seen_at=at,
            machine=self.name,
        )

    def is_gone(self, process: Process) -> bool:
        """Tell whether that process has certainly ended: same host, and another boot, or its number is not its own."""
        if process.host != socket.gethostname():
            return False
        if process.boot != boot():
            # The same name may be another machine or container; its lease has to run out.
            return False
        return births.living_birth(process.pid) != process.birth


def _name(path: Path) -> str:
    """Return the name in the file at `path`, made at the first call of all; or raise OSError."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{uuid4().hex}")
        with effect("machine.name"):
            try:
                with fresh.open("x") as file:
                    file.write(f"{socket.gethostname()}-{uuid4().hex[:8]}\n")
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    # Whole or not at all, and the first one stays.
                    os.link(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
    return path.read_text().strip()


@cache
def boot() -> str:
    """Return what names this start of the kernel and this process namespace."""
    found = births.namespace()
    return f"{births.boot_id()}/{found}" if found else births.boot_id()
