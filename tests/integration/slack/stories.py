"""Runs one story in one harbour."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.integration.slack.harbour import Harbour, harbour

Story = Callable[[Harbour], Awaitable[None]]


def sail(folder: Path, monkeypatch: Any, story: Story, **more: Any) -> None:
    """Go through a story from its beginning to its end."""

    async def go() -> None:
        async with harbour(folder, monkeypatch, **more) as one:
            await story(one)

    asyncio.run(go())
