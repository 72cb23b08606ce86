"""A second process on the same data folder, beside a server: looks after deployments until it is ended."""

import asyncio
import logging
import sys
from pathlib import Path

from funade.cli.log import set_up_log
from funade.wiring import open_local


def main() -> None:
    """Carry deployments of the configuration that the first argument names."""
    set_up_log(level=logging.INFO)
    asyncio.run(_live(Path(sys.argv[1])))


async def _live(configuration: Path) -> None:
    async with open_local(configuration, carries=True):
        await asyncio.Event().wait()
