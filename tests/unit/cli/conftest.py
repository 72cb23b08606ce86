import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from funade.cli import run as run_command
from funade.domain.people import People, Person
from funade.testing.desk import FakeDesk
from funade.web.api import for_oneself, make_app
from funade.web.demo import DemoPeople
from funade.web.socket import SocketServer, who_asked


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


DEMO = DemoPeople(lambda: People(people={"花子": Person(name="花子", ids=frozenset({"slack:T0/UHANA"}))}))
Funade = Callable[..., Ran]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def is_demo() -> bool:
    """Tell whether the server lets its owner speak as others."""
    return False


@pytest.fixture
def socket(desk: FakeDesk, tmp_path: Path, is_demo: bool) -> Iterator[Path]:
    """Serve `desk` on a real socket."""
    begun, path = threading.Event(), tmp_path / "s.sock"
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        app = make_app(
            desk,
            who_asked(tmp_path),
            lambda: {"version": "0.1.0"},
            speaks_as=DEMO if is_demo else for_oneself,
        )
        async with SocketServer(app, tmp_path / "data", version="0.1.0", path=path):
            begun.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert begun.wait(60)
    yield path
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def funade(socket: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Funade:
    """Run the command line in this process against `desk`."""
    monkeypatch.setenv("FUNADE_SOCKET", str(socket))

    def run(*arguments: str) -> Ran:
        code = run_command(list(arguments))
        printed = capfd.readouterr()
        return Ran(code, printed.out, printed.err)

    return run
