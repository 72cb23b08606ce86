"""One Socket Mode connection: frames in, acknowledgements out, and the word when it needs a successor."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
import structlog

from funade.domain.errors import FunadeError
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

Answer = Mapping[str, Any] | None
#: Deals with an envelope, and returns what the acknowledgement carries; raises when it must not be acknowledged.
Take = Callable[[str, Any], Awaitable[Answer]]

#: Slack waits three seconds for an acknowledgement.
ACK_SECONDS = 2.4
#: Slack drops acknowledgements from this size on, silently.
LARGEST_ACK_BYTES = 20_000
PING_SECONDS = 7.0
#: No frame of any kind for so long: the link is half open, whatever TCP says. It is looked for with each ping of ours,
#: so that it is known before 30 s are over.
SILENCE_SECONDS = 20.0
HELLO_SECONDS = 15.0
#: After its successor has said hello, envelopes may still arrive here for so long.
DRAIN_SECONDS = 10.0
CLOSING_SECONDS = 1.0


class Why(StrEnum):
    """Why a socket needs a successor."""

    WARNING = "warning"
    REFRESH = "refresh_requested"
    DISABLED = "link_disabled"
    TOO_MANY = "too_many_websockets"
    AGE = "age"  #: half of its life is over, and another one is as old
    SILENT = "silent"
    CLOSED = "closed"


class NoHello(Exception):
    """The socket was given up before Slack said hello; `why` is Slack's reason, if it gave one."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why)


@dataclass(eq=False)
class Socket:
    """An open connection, read until it closes; `ending` is set when it needs a successor."""

    websocket: aiohttp.ClientWebSocketResponse
    take: Take
    clock: Clock
    ending: "asyncio.Future[Why]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    hello: "asyncio.Future[Mapping[str, Any]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    last_frame: float = 0.0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _closed: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin to read."""
        self.last_frame = self.clock.steady()
        self._spawn(self._read())
        self._spawn(self._watch())

    async def wait_for_hello(self) -> Mapping[str, Any]:
        """Return Slack's hello, or raise NoHello."""
        first: list[asyncio.Future[Any]] = [self.hello, self.ending]
        await asyncio.wait(first, timeout=HELLO_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self.hello.done():
            return self.hello.result()
        why = self.ending.result() if self.ending.done() else Why.SILENT
        await self.close()
        raise NoHello(why)

    @property
    def is_open(self) -> bool:
        """Tell whether frames may still come."""
        return not self._closed.is_set()

    def needs_successor(self, why: Why) -> None:
        """Say so, once."""
        if not self.ending.done():
            self.ending.set_result(why)

    def retire(self) -> None:
        """Read on for a while, then close: what Slack has sent here already must not be lost."""
        self._spawn(self._retire())

    async def _retire(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._closed.wait()
        await self.close()

    async def close(self) -> None:
        """Close it, and wait for what is being answered; Slack may leave the handshake unanswered."""
        others = [one for one in self._tasks if one is not asyncio.current_task()]
        answering = [one for one in others if one.get_name() == "answer"]
        if answering and self.is_open:
            await asyncio.wait(answering, timeout=CLOSING_SECONDS)
        with effect("slack.close_socket"), suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self.websocket.close()
        self._closed.set()
        self.needs_successor(Why.CLOSED)
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _spawn(self, work: Any, name: str = "") -> None:
        task = asyncio.create_task(work, name=name or None)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.websocket.receive()
                self.last_frame = self.clock.steady()
                match frame.type:
                    case aiohttp.WSMsgType.TEXT:
                        self._heard(frame.data)
                    case aiohttp.WSMsgType.PING:
                        await self.websocket.pong(frame.data)
                    case aiohttp.WSMsgType.PONG | aiohttp.WSMsgType.BINARY:
                        pass
                    case _:
                        return
        except (aiohttp.ClientError, ConnectionError, RuntimeError) as error:
            log.info("a socket to Slack broke", problem=type(error).__name__)
        finally:
            self._closed.set()
            self.needs_successor(Why.CLOSED)

    def _heard(self, text: str) -> None:
        try:
            frame = json.loads(text) if text else None
        except (ValueError, RecursionError):
            return
        if not isinstance(frame, dict):
            return
        match frame.get("type"):
            case "hello":
                if not self.hello.done():
                    self.hello.set_result(frame)
            case "disconnect":
                self.needs_successor(_why(frame.get("reason")))
            case str() as kind if isinstance(frame.get("envelope_id"), str):
                self._spawn(self._answer(kind, frame["envelope_id"], frame.get("payload")), "answer")
            case _:
                pass

    async def _answer(self, kind: str, envelope: str, payload: Any) -> None:
        """Let somebody deal with an envelope, then acknowledge it. What was not stored is not acknowledged."""
        try:
            async with asyncio.timeout(ACK_SECONDS):
                answer = await self.take(kind, payload)
        except TimeoutError:
            log.error("an envelope of Slack's could not be stored in time; it will come again", kind=kind)
            return
        except FunadeError as error:
            # What is not stored is not acknowledged: Slack sends it again.
            log.error("an envelope of Slack's was not acknowledged", kind=kind, problem=str(error))
            return
        except Exception:
            # The process's loop: one envelope that breaks us must not end the socket.
            log.exception("our mistake; an envelope of Slack's was not acknowledged", kind=kind)
            return
        said: dict[str, Any] = {"envelope_id": envelope}
        if answer:
            said["payload"] = answer
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode(errors="replace")) > LARGEST_ACK_BYTES:
            log.error("an answer is too large for an acknowledgement and was left out", kind=kind)
            text = json.dumps({"envelope_id": envelope})
        with effect("slack.acknowledge"):
            try:
                await self.websocket.send_str(text)
            except (aiohttp.ClientError, ConnectionError, RuntimeError):
                # It comes again through another socket, and is known by then.
                log.info("a socket to Slack closed before an acknowledgement", kind=kind)

    async def _watch(self) -> None:
        """Ask for a sign of life every few seconds: a quiet workspace is no dead one."""
        while self.is_open:
            await self.clock.sleep(PING_SECONDS)
            if self.clock.steady() - self.last_frame > SILENCE_SECONDS:
                self.needs_successor(Why.SILENT)
                return
            try:
                await self.websocket.ping()
            except (aiohttp.ClientError, ConnectionError, RuntimeError):
                self.needs_successor(Why.CLOSED)
                return


def _why(reason: Any) -> Why:
    try:
        return Why(reason)
    except ValueError:
        return Why.REFRESH
