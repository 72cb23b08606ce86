"""The composition root: settings in, real objects out. The only place that knows every room.

What a command does not need it does not import: each function here brings its own part of the house.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funade.domain.orders import Problem
from funade.settings import WatchedConfiguration, load
from funade.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from funade.images.pull_secrets import Refreshed
    from funade.store.copying import Copied
    from funade.usecases.desk import Desk
    from funade.usecases.sort_dead_letters import SortDeadLetters
    from funade.wiring.controller import ControllerProcess
    from funade.wiring.runner import Tell
    from funade.wiring.server import Server
    from funade.wiring.starting import LoneRunner

# ruff: noqa: PLC0415 - importing late is what this file is for


def data_folder(config: Path) -> Path:
    """Return the data folder without opening the store, or raise ConfigError."""
    return Path(load(config, KINDS).data)


def check(config: Path) -> Sequence[Problem]:
    """Return what is wrong with the world that the configuration names; raises ConfigError for the file itself."""
    from funade.wiring.checks import find_problems

    return asyncio.run(find_problems(load(config, KINDS)))


def log_in_to_ecr(**wish: Any) -> "tuple[datetime, Sequence[Refreshed]]":
    """Return until when a cluster can pull now and what came of each namespace; see `Wish`, which needs no file."""
    from funade.wiring.images import Wish, log_in_to_ecr

    return asyncio.run(log_in_to_ecr(Wish(**wish)))


@asynccontextmanager
async def open_local(config: Path, *, carries: bool) -> AsyncIterator["Desk"]:
    """Give a desk on the store itself; with `carries` this process looks after deployments while it is open."""
    from funade.wiring.parts import connect

    configurations = WatchedConfiguration(config, KINDS)
    parts = connect(configurations)
    try:
        if not carries:
            yield parts.desk
            return
        from funade.wiring.runner import build_runner, say_nothing

        runner = build_runner(parts, role="command", tell=say_nothing)
        running = asyncio.create_task(runner.run())
        try:
            yield parts.desk
        finally:
            runner.stop()
            await running
    finally:
        await parts.exchange.close()
        parts.ledger.close()


def build_server(
    config: Path, *, socket: Path | None, socket_mode: int, tell: "Tell | None" = None
) -> "Server":
    """Return everything of `funade serve`, or raise ConfigError."""
    from funade.wiring.runner import say_nothing
    from funade.wiring.server import Server

    configurations = WatchedConfiguration(config, KINDS)
    return Server(
        configurations=configurations, socket=socket, socket_mode=socket_mode, tell=tell or say_nothing
    )


def build_runner_process(config: Path, *, tell: "Tell | None" = None) -> "LoneRunner":
    """Return everything of `funade runner`, or raise ConfigError."""
    from funade.wiring.runner import say_nothing
    from funade.wiring.starting import LoneRunner

    return LoneRunner(configurations=WatchedConfiguration(config, KINDS), tell=tell or say_nothing)


def copy_store(config: Path) -> "Copied":
    """Copy the store from its file into the database that the configuration names, or raise FunadeError."""
    from funade.wiring.moving import copy_store

    return copy_store(load(config, KINDS))


def build_controller(
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    find_config: "Callable[[], Path]",
    *,
    leads: bool,
) -> "ControllerProcess":
    """Return everything of `funade controller`; a configuration it needs for queues in a store alone."""
    from funade.wiring.controller import ControllerProcess

    return ControllerProcess(
        kubeconfig=kubeconfig, context=context, namespace=namespace, find_config=find_config, leads=leads
    )


@asynccontextmanager
async def open_letters(config: Path) -> AsyncIterator["SortDeadLetters"]:
    """Give what sorts the dead letters of every queue that the configuration names; raises ConfigError."""
    from funade.wiring.letters import open_letters

    async with open_letters(load(config, KINDS)) as letters:
        yield letters
