import asyncio
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from funade.cli.socket_connection import ServerUnreachable, SocketConnection, _UnixHTTP
from funade.domain.answers import Accepted, LogShown, Refused, StatusShown
from funade.domain.commands import Deploy, ReadLog, ShowStatus
from funade.domain.errors import FunadeError, StoreError
from funade.domain.limits import LONGEST_TEXT
from funade.domain.people import Actor, Door
from funade.domain.reason import Reason
from funade.testing.desk import FakeDesk
from funade.web import address
from funade.web.api import make_app
from funade.web.socket import AlreadyServed, SocketServer, who_asked

T = TypeVar("T")
SERVED = Path(__file__).with_name("served.py")
DEPLOY = Deploy(application="shop", environment="staging")
SHOW_STATUS = b'POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 22\r\n\r\n{"kind":"show_status"}'
REQUEST = "7d9c2f3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@asynccontextmanager
async def serving(desk: FakeDesk, data: Path, **options: object) -> AsyncIterator[SocketServer]:
    app = make_app(desk, who_asked(data), lambda: {"version": "0.1.0"})
    async with SocketServer(app, data, version="0.1.0", **options) as server:  # type: ignore[arg-type] # the tests' own
        yield server


def talk(desk: FakeDesk, data: Path, about: Callable[[SocketConnection], T]) -> T:
    """Return what `about` makes of a connection, in a thread beside a real server."""

    async def both() -> T:
        async with serving(desk, data) as server:
            connection = SocketConnection(server.path, data=data)
            try:
                return await asyncio.to_thread(about, connection)
            finally:
                connection.close()

    return asyncio.run(both())


def post(
    connection: SocketConnection, body: bytes, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    http = _UnixHTTP(connection._path, 5)
    http.request("POST", "/v1/commands", body, headers or {})
    response = http.getresponse()
    answer = json.loads(response.read())
    http.close()
    return response.status, answer


@contextmanager
def served(data: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server in a process of its own."""
    child = subprocess.Popen(
        [sys.executable, str(SERVED), str(data), *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def test_a_command_is_answered_through_the_socket(data):
    answer = talk(FakeDesk(), data, lambda connection: connection.ask(DEPLOY))
    assert isinstance(answer, Accepted)
    assert answer.deployment.number == 1


def test_a_refusal_is_an_answer(data):
    wrong = Deploy(application="ship", environment="staging")
    answer = talk(FakeDesk(), data, lambda connection: connection.ask(wrong))
    assert isinstance(answer, Refused)
    assert answer.because.code is Reason.UNKNOWN_APPLICATION


def test_the_kernel_says_who_asks(data):
    desk = FakeDesk()
    talk(desk, data, lambda connection: connection.ask(ShowStatus()))
    name = pwd.getpwuid(os.getuid()).pw_name
    assert desk.asked[0][1] == Actor(
        door=Door.TERMINAL, id=f"local:{os.getuid()}", name=name, owns_store=True
    )


def test_nothing_in_a_request_claims_another_identity(data):
    desk = FakeDesk()
    headers = {
        "X-Forwarded-User": "root",
        "X-Forwarded-For": "10.0.0.1",
        "peer_uid": "0",
        "Authorization": "Bearer x",
    }
    body = json.dumps({"kind": "show_status"}).encode()
    assert talk(desk, data, lambda connection: post(connection, body, headers))[0] == 200
    claimed = json.dumps(
        {"kind": "show_status", "actor": {"id": "local:0"}, "state": {"peer_uid": 0}}
    ).encode()
    assert talk(desk, data, lambda connection: post(connection, claimed))[0] == 400
    assert {actor.id for _, actor, _ in desk.asked} == {f"local:{os.getuid()}"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_somebody_else_is_somebody_else(data, tmp_path):
    desk = FakeDesk()
    path = Path("/tmp") / f"funade-test-{os.getpid()}.sock"
    code = (
        f'import socket, sys; s = socket.socket(1); s.connect("{path}");'
        " s.sendall(sys.stdin.buffer.read()); s.recv(9)"
    )

    stranger: Any = {"input": SHOW_STATUS, "user": 65534, "group": 65534, "cwd": "/"}

    async def story() -> None:
        async with serving(desk, data, path=path, mode=0o666):
            await asyncio.to_thread(lambda: subprocess.run(["python3", "-c", code], check=True, **stranger))

    asyncio.run(story())
    [(_, actor, _)] = desk.asked
    assert (actor.id, actor.owns_store) == ("local:65534", False)


def test_the_socket_is_for_its_owner_alone(data):
    async def story() -> None:
        async with serving(FakeDesk(), data) as server:
            assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
            assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700
            assert json.loads((data / "server.json").read_text())["pid"] == os.getpid()
        assert not server.path.exists()
        assert not (data / "server.json").exists()

    asyncio.run(story())


def test_a_body_beyond_a_megabyte_is_not_read(data):
    status, answer = talk(FakeDesk(), data, lambda connection: post(connection, b" " * 1_000_001))
    assert (status, answer["error"]["kind"]) == (413, "too_long")


def test_a_long_reason_comes_through_whole(data):
    desk = FakeDesk()
    long = Deploy(application="shop", environment="staging", reason="船" * LONGEST_TEXT)
    talk(desk, data, lambda connection: connection.ask(long))
    assert desk.asked[0][0] == long


def test_a_big_answer_comes_through_whole(data):
    desk = FakeDesk()
    output = os.urandom(2_000_000)

    def about(connection: SocketConnection) -> object:
        connection.ask(DEPLOY)
        desk.write(1, output)
        return connection.ask(ReadLog(number=1, limit=3_000_000))

    answer = talk(desk, data, about)
    assert isinstance(answer, LogShown)
    assert answer.next == len(output)


def test_what_is_no_command_is_answered_with_what_is_wrong(data):
    status, answer = talk(FakeDesk(), data, lambda connection: post(connection, b"{"))
    assert (status, answer["error"]["kind"]) == (400, "bad_request")


def test_a_store_in_trouble_is_an_error_with_its_words(data):
    desk = FakeDesk(breaks_with=StoreError("no space is left on `/data` — make room"))
    with pytest.raises(FunadeError, match="make room"):
        talk(desk, data, lambda connection: connection.ask(DEPLOY))


@pytest.mark.filterwarnings("default")
def test_a_mistake_of_ours_ends_neither_the_server_nor_the_connection(data):
    desk = FakeDesk(breaks_with=ZeroDivisionError())

    def about(connection: SocketConnection) -> object:
        with pytest.raises(FunadeError, match="its own log has the details"):
            connection.ask(ShowStatus())
        desk.breaks_with = None
        return connection.ask(ShowStatus())

    assert isinstance(talk(desk, data, about), StatusShown)


def test_a_server_stops_in_time_while_somebody_waits_for_an_answer(data):
    async def story() -> float:
        async with serving(FakeDesk(answers_after=60), data) as server:
            idle = socket.socket(socket.AF_UNIX)
            idle.connect(str(server.path))
            half = socket.socket(socket.AF_UNIX)
            half.connect(str(server.path))
            half.sendall(SHOW_STATUS[:-9])
            waiting = socket.socket(socket.AF_UNIX)
            waiting.connect(str(server.path))
            waiting.sendall(SHOW_STATUS)
            await asyncio.sleep(0.1)
            begun = time.monotonic()
        took = time.monotonic() - begun
        for one in (idle, half, waiting):
            one.close()
        return took

    assert asyncio.run(story()) < 2


def test_a_second_server_of_the_same_data_is_refused(data):
    with served(data) as first:

        async def story() -> None:
            with pytest.raises(AlreadyServed, match=f"process {first.pid} already serves"):
                async with serving(FakeDesk(), data):
                    pass

        asyncio.run(story())
        with closing(SocketConnection(address.socket_path(data), data=data)) as connection:
            assert isinstance(connection.ask(ShowStatus()), StatusShown)


def test_a_socket_that_another_server_has_is_not_taken(data, tmp_path):
    path = tmp_path / "s.sock"
    with served(data, "0", str(path)):

        async def story() -> None:
            with pytest.raises(AlreadyServed, match="a living process listens"):
                async with serving(FakeDesk(), tmp_path / "other", path=path):
                    pass

        asyncio.run(story())
        assert address.look(tmp_path / "other").alive is False


def test_a_file_that_is_no_socket_is_left_alone(data, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")

    async def story() -> None:
        with pytest.raises(FunadeError, match="is no socket"):
            async with serving(FakeDesk(), data, path=path):
                pass

    asyncio.run(story())
    assert path.read_text() == "mine"


def test_the_socket_of_a_killed_server_is_replaced(data):
    with served(data) as first:
        first.kill()
        first.wait()
    assert address.socket_path(data).exists()
    assert not address.look(data).alive
    assert isinstance(talk(FakeDesk(), data, lambda connection: connection.ask(ShowStatus())), StatusShown)


def test_a_long_data_folder_is_served_all_the_same(tmp_path, monkeypatch):
    short = Path(f"/tmp/f{os.getpid()}")
    short.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    data = tmp_path / ("d" * 100) / "data"

    def about(connection: SocketConnection) -> object:
        record = address.look(data).record
        assert record is not None
        assert Path(record.socket).parent == short / "funade"
        return connection.ask(ShowStatus())

    try:
        assert isinstance(talk(FakeDesk(), data, about), StatusShown)
    finally:
        (short / "funade").rmdir()
        short.rmdir()


def test_a_broken_connection_doubles_nothing(data):
    desk = FakeDesk()

    def about(connection: SocketConnection) -> tuple[object, object]:
        first = connection.ask(DEPLOY, REQUEST)
        assert connection._http is not None
        # As when the server closed an idle connection, or was restarted.
        connection._http.sock.shutdown(socket.SHUT_RDWR)
        return first, connection.ask(DEPLOY, REQUEST)

    first, second = talk(desk, data, about)
    assert first == second
    assert list(desk.deployments) == [1]


def test_a_server_that_is_restarted_meanwhile_is_found_again(data, tmp_path):
    with served(data, "30") as first:
        connection = SocketConnection(address.socket_path(data), data=data)
        answers: list[object] = []
        asking = threading.Thread(target=lambda: answers.append(connection.ask(DEPLOY, REQUEST)))
        asking.start()
        first.kill()
        first.wait()
        with served(data, "0", str(tmp_path / "elsewhere.sock")):
            asking.join(20)
            connection.close()
    assert isinstance(answers[0], Accepted)


def test_a_frozen_server_is_named_with_what_to_do(data):
    with served(data) as child:
        connection = SocketConnection(address.socket_path(data), data=data, silence=0.5)
        child.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(ServerUnreachable, match=f"kill -CONT {child.pid}"):
                connection.ask(ShowStatus())
        finally:
            child.send_signal(signal.SIGCONT)
        assert isinstance(connection.ask(ShowStatus()), StatusShown)
        connection.close()


def test_a_slow_answer_is_waited_for_as_long_as_the_server_lives(data):
    desk = FakeDesk(answers_after=0.7)

    async def both() -> object:
        async with serving(desk, data) as server:
            with closing(SocketConnection(server.path, silence=0.2)) as connection:
                return await asyncio.to_thread(connection.ask, ShowStatus())

    assert isinstance(asyncio.run(both()), StatusShown)
    assert len(desk.asked) == 1
