"""A desk in this very process, for a machine without a server; its event loop has a thread of its own."""

import asyncio
import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import TypeVar, cast
from uuid import uuid4

from funade.cli.rooms import Desk
from funade.domain.answers import Answer
from funade.domain.commands import Command
from funade.domain.errors import FunadeError
from funade.web.peer import actor_at_terminal

T = TypeVar("T")

DRAIN_SECONDS = 10  #: for what is being written when the command ends


class LocalConnection:
    """Asks the store itself. While it is open this process carries deployments, if it was opened for that."""

    has_server = False

    def __init__(self, opened: AbstractAsyncContextManager[Desk], data: Path) -> None:
        self._opened = opened
        self._data = data
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Desk]] = Future()
        self._life: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="local desk", daemon=True)
        self._thread.start()
        self._loop, self._closing, self._desk = self._first(self._ready)

    def ask(self, command: Command, request: str | None = None) -> Answer:
        """Return the desk's answer, or raise what it raised."""
        actor = actor_at_terminal(os.getuid(), self._data)
        asked = self._desk(command, actor, request or str(uuid4()))
        return self._first(asyncio.run_coroutine_threadsafe(asked, self._loop))

    def speaking_as(self, name: str) -> AbstractContextManager[None]:
        """Raise FunadeError: without a server everybody is who they are."""
        message = f"nobody can speak as `{name}` here: only the demo's server lets its owner do so"
        raise FunadeError(message)

    def close(self) -> None:
        """Let what runs be written down, then end the loop; a program under its supervisor goes on."""
        if not self._life.done():
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(DRAIN_SECONDS)
        if self._life.done() and self._life.exception() is not None:
            self._life.result()

    def _first(self, answer: Future[T]) -> T:
        """Return the answer, or raise what ended the desk: a dead loop answers nobody."""
        try:
            wait(cast("tuple[Future[object], ...]", (answer, self._life)), return_when=FIRST_COMPLETED)
        except KeyboardInterrupt:
            answer.cancel()
            raise
        if answer.done() and not answer.cancelled():
            return answer.result()
        self._life.result()  # a loop that ends cancels its questions first
        message = "the desk of this process has closed"
        raise FunadeError(message)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks, in their own thread
            self._life.set_exception(error)
        else:
            self._life.set_result(None)

    async def _live(self) -> None:
        # Entered and left in one task, as task groups want it.
        async with self._opened as desk:
            closing = asyncio.Event()
            self._ready.set_result((asyncio.get_running_loop(), closing, desk))
            await closing.wait()
