"""uvicorn as a part of our process: it listens where it is told, and stops when it is told."""

import asyncio
import socket
from contextlib import nullcontext
from typing import Any

import uvicorn


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers and without a tick ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()

    def hang_up(self) -> None:
        """Drop whoever did not leave in time."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
