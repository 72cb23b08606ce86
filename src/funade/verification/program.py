"""Runs a program that says what runs."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from funade.failpoints import effect
from funade.verification.answer import MAXIMUM_BYTES, Answer, Silence, read, shown

KEPT_COMPLAINTS = 1000  #: bytes of the end of what a program complains of


async def ask(
    argv: Sequence[str], *, environment: Mapping[str, str], folder: Path, time_limit: timedelta
) -> Answer | Silence:
    """Return what the program prints when it ends with 0; nothing of its process group outlives the answer."""
    try:
        with effect("verification.run"):
            return await _run(argv, environment, folder, time_limit)
    except (OSError, ValueError) as error:
        return Silence(f"cannot be started: {getattr(error, 'strerror', None) or error}")


class _Listener(asyncio.SubprocessProtocol):
    """Hears what the program says, until both its ends are closed or it has said too much."""

    def __init__(self) -> None:
        self.output = bytearray()
        self.complaints = b""
        self.silent = asyncio.get_running_loop().create_future()
        self.exited = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.output += data[: MAXIMUM_BYTES + 1 - len(self.output)]
            if len(self.output) > MAXIMUM_BYTES:
                self._enough()
        else:
            self.complaints = (self.complaints + data)[-KEPT_COMPLAINTS:]

    def process_exited(self) -> None:
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- the signature is asyncio's
        # Comes after the exit and the last byte of both pipes.
        self._enough()

    def _enough(self) -> None:
        if not self.silent.done():
            self.silent.set_result(None)


async def _run(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, time_limit: timedelta
) -> Answer | Silence:
    transport, listener = await asyncio.get_running_loop().subprocess_exec(
        _Listener,
        *argv,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(time_limit.total_seconds()):
            await listener.silent
        return _answer(transport.get_returncode(), listener)
    except TimeoutError:
        return Silence(f"did not end within {time_limit.total_seconds():g} s")
    finally:
        # Also after a good end: what the program left behind in its group ends with it.
        with suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        # Who left the group may hold the pipes for good: they are closed, not waited for.
        transport.close()
        await listener.exited.wait()


def _answer(code: int | None, listener: _Listener) -> Answer | Silence:
    if code == 0 or len(listener.output) > MAXIMUM_BYTES:
        return read(bytes(listener.output))
    if code is None:
        return Silence("closed its output without an end")
    ended = f"ended with {code}" if code > 0 else f"ended by signal {-code}"
    lines = listener.complaints.decode("utf-8", "replace").strip().splitlines()
    return Silence(f"{ended}: {shown(lines[-1])}" if lines else ended)
