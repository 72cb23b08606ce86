"""A server of its own process: `python served.py DATA [SECONDS_PER_ANSWER] [SOCKET]`."""

import asyncio
import sys
from pathlib import Path

from funade.testing.desk import FakeDesk
from funade.web.api import make_app
from funade.web.socket import SocketServer, who_asked


async def serve(data: Path, answers_after: float, socket: Path | None) -> None:
    app = make_app(FakeDesk(answers_after=answers_after), who_asked(data), lambda: {"version": "0.1.0"})
    async with SocketServer(app, data, version="0.1.0", path=socket):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    given = sys.argv[1:] + ["0", ""][len(sys.argv) - 2 :]
    asyncio.run(serve(Path(given[0]), float(given[1]), Path(given[2]) if given[2] else None))
