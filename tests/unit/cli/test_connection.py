import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from funade.cli import connection as connections
from funade.cli import run
from funade.cli.connection import connect
from funade.cli.local_connection import LocalConnection
from funade.cli.socket_connection import ServerUnreachable, SocketConnection
from funade.domain.answers import Accepted, StatusShown
from funade.domain.commands import Deploy, ShowStatus
from funade.domain.errors import StoreError
from funade.testing.desk import FakeDesk

DEPLOY = Deploy(application="shop", environment="staging")


class House:
    """Only what the command line asks of the wiring."""

    def __init__(self, data: Path, desk: FakeDesk) -> None:
        self.data, self.desk, self.opened = data, desk, ""

    def data_folder(self, config: Path) -> Path:
        return self.data

    @asynccontextmanager
    async def open_local(self, config: Path, *, carries: bool) -> AsyncIterator[FakeDesk]:
        self.opened += "carries " if carries else "looks "
        try:
            yield self.desk
        finally:
            self.opened += "closed"


@pytest.fixture
def house(tmp_path, monkeypatch):
    house = House(tmp_path, FakeDesk())
    monkeypatch.setattr(connections, "wiring", lambda: house)
    return house


def test_without_a_server_the_process_asks_its_own_desk(house):
    with closing(connect(Path("funade.yaml"), carries=False)) as connection:
        assert isinstance(connection, LocalConnection)
        assert isinstance(connection.ask(ShowStatus()), StatusShown)
        assert not connection.has_server
    assert house.opened == "looks closed"
    [(_, actor, _)] = house.desk.asked
    assert (actor.id, actor.owns_store) == (f"local:{os.getuid()}", True)


def test_the_record_of_a_dead_server_sends_nobody_astray(house):
    (house.data / "server.lock").touch()
    (house.data / "server.json").write_text(
        '{"pid": 1, "boot": "", "birth": "", "version": "1", "socket": "/nowhere"}'
    )
    with closing(connect(Path("funade.yaml"), carries=True)) as connection:
        assert isinstance(connection, LocalConnection)


def test_a_living_server_is_asked_and_nobody_else(house, socket, tmp_path, monkeypatch):
    house.data = tmp_path / "data"
    with closing(connect(Path("funade.yaml"), carries=True)) as connection:
        assert isinstance(connection, SocketConnection)
        assert isinstance(connection.ask(ShowStatus()), StatusShown)
    assert house.opened == ""


def test_a_server_that_says_nowhere_where_it_is_is_no_reason_for_a_second_door(house, monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.1)
    with (house.data / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ServerUnreachable, match="restart it"):
            connect(Path("funade.yaml"), carries=True)
    assert house.opened == ""


def test_a_store_that_does_not_open_says_why(tmp_path):
    class Broken:
        async def __aenter__(self) -> FakeDesk:
            message = "the disk is full"
            raise StoreError(message)

        async def __aexit__(self, *_: object) -> None:
            """Was never entered."""

    with pytest.raises(StoreError, match="the disk is full"):
        LocalConnection(Broken(), tmp_path)


def test_a_desk_that_dies_keeps_nobody_waiting(tmp_path):
    desk, dies = FakeDesk(answers_after=60), threading.Event()

    @asynccontextmanager
    async def dying() -> AsyncIterator[FakeDesk]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(die))
            yield desk

    def die() -> None:
        dies.wait()
        message = "the store is gone"
        raise StoreError(message)

    connection = LocalConnection(dying(), tmp_path)
    asking = threading.Timer(0.1, dies.set)
    asking.start()
    with pytest.raises(ExceptionGroup) as died:
        connection.ask(DEPLOY)
    asking.join()
    assert str(died.value.exceptions[0]) == "the store is gone"


def test_an_error_of_one_question_leaves_the_desk_open(tmp_path):
    desk = FakeDesk(breaks_with=StoreError("busy"))

    @asynccontextmanager
    async def opened() -> AsyncIterator[FakeDesk]:
        yield desk

    with closing(LocalConnection(opened(), tmp_path)) as connection:
        with pytest.raises(StoreError, match="busy"):
            connection.ask(DEPLOY)
        desk.breaks_with = None
        assert isinstance(connection.ask(DEPLOY), Accepted)


def test_not_waiting_needs_a_server(house, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "funade.yaml").touch()
    arguments = ["deploy", "shop", "staging", "--yes", "--no-wait"]
    assert run(arguments) == 2
    assert "or start `funade serve`" in capfd.readouterr().err
    assert house.desk.deployments == {}
