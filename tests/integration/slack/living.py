"""Runs one story in one harbour whose configuration says more."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.slack.harbour import harbour
from tests.integration.slack.stories import Story

Change = Callable[[str], str]


def live(folder: Path, monkeypatch: Any, story: Story, change: Change, **more: Any) -> None:
    """Go through a story with a configuration that was changed before the server began."""

    async def go() -> None:
        async with harbour(folder, monkeypatch, start=False, **more) as here:
            here.path.write_text(change(here.path.read_text()))
            await here.start()
            await story(here)

    asyncio.run(go())


def with_pages(text: str) -> str:
    """Let pages be served on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return f"web: {{listen: '127.0.0.1:{port}'}}\n{text}"
