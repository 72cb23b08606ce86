"""How every long-lived process begins: told how to stop, patient with a database that is not there yet."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from funade.domain.errors import StoreUnreachable
from funade.runner.loop import Runner
from funade.settings import WatchedConfiguration
from funade.usecases.ports import Configurations
from funade.wiring.chat import Chat
from funade.wiring.parts import Parts, connect
from funade.wiring.runner import Tell, build_runner

log = structlog.get_logger()

PAUSE_SECONDS = 2.0


async def run_until_stopped(
    configurations: WatchedConfiguration,
    *,
    role: str,
    tell: Tell,
    run: Callable[[Parts, Runner], Awaitable[None]],
    chat: Chat | None = None,
) -> None:
    """Let `run` have a runner until SIGTERM or SIGINT, which stop it; SIGHUP reads the configuration again.

    `chat` knows people whom the file does not name, and hears of SIGHUP too.
    """
    chat = chat or Chat()

    def read_again() -> None:
        configurations.reload()
        chat.resume()

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, read_again)
    parts = await _connect(chat.acquainted(configurations), stopped)
    if parts is None:
        return
    runner = build_runner(parts, role=role, tell=tell)
    runner.before_look = configurations.reload
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runner.stop)
    if stopped.is_set():
        runner.stop()
    try:
        await run(parts, runner)
    finally:
        await parts.exchange.close()
        parts.ledger.close()


async def _connect(configurations: Configurations, stopped: asyncio.Event) -> Parts | None:
    """Return the parts once the store answers, None when nobody wants them any more; or raise StoreError."""
    while not stopped.is_set():
        try:
            return await asyncio.to_thread(connect, configurations)
        except StoreUnreachable as error:
            log.error("the store cannot be used", problem=str(error))
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({waiting}, timeout=PAUSE_SECONDS)
        waiting.cancel()
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneRunner:
    """`funade runner`: carries deployments out and listens to nobody."""

    configurations: WatchedConfiguration
    tell: Tell

    async def run(self) -> None:
        """Carry out until SIGTERM or SIGINT, then drain: what runs at its place goes on there."""

        chat = Chat()

        async def run(parts: Parts, runner: Runner) -> None:
            # Whoever has a right by a group of Slack's has it here too.
            chat.join(parts, runner, self.configurations, listens=False)
            async with chat.open():
                await runner.run()

        await run_until_stopped(self.configurations, role="runner", tell=self.tell, run=run, chat=chat)
