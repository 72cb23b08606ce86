"""The client of Kubernetes before one who answers as no good API server does: what it sends, how often, what it says.

The other side is a few lines over a plain connection, so that each request and each connection is counted.
"""

import asyncio
import json
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from funade.clients.kubernetes import (
    CONFIG_MAPS,
    Cluster,
    ClusterError,
    NeverSent,
    Unreachable,
    connect,
    wire,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(180)]

WITHIN_SECONDS = 120
TOKEN, PASSWORD, WRITTEN = "hunter2-token", "hunter2-password", "hunter2-body"
THING: dict[str, Any] = {
    "metadata": {"name": "a", "namespace": "shop", "resourceVersion": "1"},
    "data": {"key": WRITTEN},
}


def answer(body: object, *headers: str, status: str = "200 OK") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + content


@dataclass(frozen=True)
class Last:
    """What is said before hanging up."""

    words: bytes = b""


@dataclass
class Asked:
    """One request as it came, and the number of its connection."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Other:
    """Who is asked: `reply` gives the bytes of an answer."""

    url: str = ""
    reply: Callable[[Asked], bytes | Last] = lambda _asked: answer(THING)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    #: those that are over
    ended: set[int] = field(default_factory=set)
    #: whether anything is read
    listens: bool = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            if not self.listens:
                await asyncio.Event().wait()
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                one = Asked(number, line, headers, body)
                self.asked.append(one)
                said = self.reply(one)
                writer.write(said.words if isinstance(said, Last) else said)
                if isinstance(said, Last):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.add(number)
            writer.close()


@asynccontextmanager
async def other() -> AsyncIterator[Other]:
    one = Other()
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(one.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=1000)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def client(folder: Path, server: str, **keys: Any) -> Cluster:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server, **keys}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (folder / "config").write_text(json.dumps(document))
    return connect(folder / "config")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "FIRST_PAUSE_SECONDS", 0.001)


def get(cluster: Cluster) -> Awaitable[object]:
    return cluster.get(CONFIG_MAPS, "a", "shop")


WRITES: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "POST": lambda cluster: cluster.create(CONFIG_MAPS, THING, manager="ada"),
    "PUT": lambda cluster: cluster.replace(CONFIG_MAPS, THING, manager="ada"),
    "PATCH": lambda cluster: cluster.patch(CONFIG_MAPS, "a", "shop", {"data": {}}, manager="ada"),
    "DELETE": lambda cluster: cluster.delete(CONFIG_MAPS, "a", "shop"),
}


def silent_about_secrets(error: BaseException) -> bool:
    said = "".join(traceback.format_exception(error))
    return not any(secret in said for secret in (TOKEN, PASSWORD, WRITTEN))


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_on_a_kept_connection_that_ends_is_sent_once(tmp_path: Path, method: str):
    async with other() as there, client(tmp_path, there.url) as cluster:
        await get(cluster)
        there.reply = lambda _asked: Last()
        with pytest.raises(Unreachable) as raised:
            await WRITES[method](cluster)
        assert raised.value.maybe_done
        assert silent_about_secrets(raised.value)
        assert [(one.connection, one.line.split()[0]) for one in there.asked] == [(1, "GET"), (1, method)]


async def test_a_read_on_a_kept_connection_that_ends_is_asked_again_by_us_alone(tmp_path: Path):
    async with other() as there, client(tmp_path, there.url) as cluster:
        await get(cluster)
        there.reply = lambda _asked: Last()
        with pytest.raises(Unreachable):
            await get(cluster)
        assert len(there.asked) == 1 + wire.ATTEMPTS


async def test_where_nobody_listens_nothing_was_sent(tmp_path: Path):
    async with other() as there:
        url = there.url
    async with client(tmp_path, url) as cluster:
        for ask in (*WRITES.values(), get):
            with pytest.raises(NeverSent, match="Connect") as raised:
                await ask(cluster)
            assert silent_about_secrets(raised.value)


@pytest.mark.parametrize(
    ("behind", "path"),
    [("", ""), ("/", ""), ("/k8s/clusters/c-1", "/k8s/clusters/c-1"), ("/a%2Fb/", "/a%2Fb")],
)
async def test_what_is_asked_stands_behind_the_server_s_own_path_encoded_once(
    tmp_path: Path, behind: str, path: str
):
    async with other() as there, client(tmp_path, f"{there.url}{behind}") as cluster:
        await cluster.get(CONFIG_MAPS, "a:b/c%2F é", "shop")
        there.reply = lambda _asked: answer({"items": []})
        await cluster.list(CONFIG_MAPS, "shop", labels="a/b in (c, d),e!=f+g&h%20")
    [one, many] = [asked.line for asked in there.asked]
    assert one == f"GET {path}/api/v1/namespaces/shop/configmaps/a%3Ab%2Fc%252F%20%C3%A9 HTTP/1.1"
    selector = "a%2Fb%20in%20%28c%2C%20d%29%2Ce%21%3Df%2Bg%26h%2520"
    assert many == f"GET {path}/api/v1/namespaces/shop/configmaps?labelSelector={selector}&limit=500 HTTP/1.1"


async def test_what_is_long_comes_whole(tmp_path: Path):
    long = {**THING, "data": {"k": "v" * 2_000_000}}
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda _asked: answer(long)
        assert await cluster.replace(CONFIG_MAPS, long, manager="ada") == long
        assert json.loads(there.asked[0].body)["data"] == long["data"]
        assert there.asked[0].headers["content-type"] == "application/json"


async def test_a_redirect_is_no_answer_and_a_cookie_is_not_kept(tmp_path: Path):
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda _asked: answer(
            b"", f"Location: {there.url}/elsewhere", "Set-Cookie: a=b; Path=/", status="302 Found"
        )
        for ask in (get, WRITES["PUT"]):
            with pytest.raises(ClusterError) as raised:
                await ask(cluster)
            assert raised.value.status == 302
        assert len(there.asked) == 2
        assert not any("cookie" in one.headers for one in there.asked)
        assert {one.headers["user-agent"].split("/")[0] for one in there.asked} == {"funade"}


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhunter2-body\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"hunter2-body\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"hunter2-body" * 2000 + b"\r\n\r\n",
        b"",
    ],
    ids=["short", "no last chunk", "no chunk", "not packed", "no HTTP", "long header", "nothing"],
)
async def test_an_answer_that_is_none_may_mean_that_it_was_done(tmp_path: Path, said: bytes, monkeypatch):
    monkeypatch.setattr(wire, "ATTEMPTS", 1)
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda _asked: Last(said)
        for ask in (*WRITES.values(), get):
            with pytest.raises(Unreachable) as raised:
                await ask(cluster)
            assert raised.value.maybe_done
            assert silent_about_secrets(raised.value)
        assert len(there.asked) == len(WRITES) + 1


async def test_who_answers_nothing_is_waited_for_and_not_for_ever(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.2)
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda _asked: b""
        with pytest.raises(Unreachable, match="Timeout") as raised:
            await WRITES["PUT"](cluster)
        assert raised.value.maybe_done
        there.reply = lambda _asked: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
        with pytest.raises(Unreachable, match="Timeout"):
            await WRITES["PUT"](cluster)
        assert len(there.asked) == 2


async def test_who_does_not_even_listen_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(wire, "CARRIED_SECONDS", 0.5)
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.listens = False
        with pytest.raises(Unreachable, match="Timeout"):
            await cluster.replace(CONFIG_MAPS, {**THING, "data": {"k": "v" * 30_000_000}}, manager="ada")


async def test_a_stream_that_is_left_ends_its_connection(tmp_path: Path):
    line = json.dumps({"type": "ADDED", "object": THING}).encode() + b"\n"
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(line), line)
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda asked: begun if "watch=true" in asked.line else answer(THING)
        async with aclosing(cluster.watch(CONFIG_MAPS, "shop")) as changes:
            async for change in changes:
                assert change.object["metadata"]["name"] == "a"
                break
        await get(cluster)
        assert [one.connection for one in there.asked] == [1, 2]
        assert there.asked[0].headers["accept-encoding"] == "identity"
        async with asyncio.timeout(WITHIN_SECONDS):
            while 1 not in there.ended:  # noqa: ASYNC110 -- nothing tells but the other side's own account
                await asyncio.sleep(0.01)


async def test_a_stream_that_came_to_its_end_leaves_its_connection_to_the_next(tmp_path: Path):
    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda _asked: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        assert [one async for one in cluster.watch(CONFIG_MAPS, "shop")] == []
        assert [one async for one in cluster.watch(CONFIG_MAPS, "shop")] == []
        assert [one.connection for one in there.asked] == [1, 1]


async def test_hundreds_of_streams_keep_nobody_waiting_and_break_when_the_client_is_closed(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 60.0)  # a busy machine is not meant
    line = json.dumps({"type": "ADDED", "object": THING}).encode() + b"\n"
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(line), line)
    began = 0

    async def follow(cluster: Cluster) -> None:
        nonlocal began
        async for _ in cluster.watch(CONFIG_MAPS, "shop"):
            began += 1

    async with other() as there, client(tmp_path, there.url) as cluster:
        there.reply = lambda asked: begun if "watch=true" in asked.line else answer(THING)
        following = [asyncio.create_task(follow(cluster)) for _ in range(150)]
        async with asyncio.timeout(WITHIN_SECONDS):
            while began < len(following):  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.01)
            await get(cluster)
            assert there.connections > len(following)
            await cluster.close()
            ends = await asyncio.gather(*following, return_exceptions=True)
        assert {type(one) for one in ends} == {Unreachable}


async def test_a_client_that_was_closed_asks_no_more(tmp_path: Path):
    async with other() as there:
        cluster = client(tmp_path, there.url)
        await cluster.close()
        with pytest.raises(RuntimeError, match="closed"):
            await get(cluster)
        assert there.connections == 0


async def test_a_proxy_hears_its_own_password_and_no_error_repeats_it(tmp_path: Path):
    async with other() as there:
        proxy = there.url.replace("://", f"://ada:{PASSWORD}@")
        async with client(tmp_path, "http://127.0.0.1:9/base", **{"proxy-url": proxy}) as cluster:
            await get(cluster)
            assert there.asked[-1].line.startswith("GET http://127.0.0.1:9/base/api/v1/namespaces/shop")
        there.reply = lambda _asked: answer(b"", status="407 Proxy Authentication Required")
        async with client(tmp_path, "https://kubernetes.example", **{"proxy-url": proxy}) as cluster:
            with pytest.raises(NeverSent, match="the proxy answers 407") as raised:
                await WRITES["PUT"](cluster)
            assert silent_about_secrets(raised.value)
            there.reply = lambda _asked: Last()
            with pytest.raises(Unreachable) as broken:
                await WRITES["PUT"](cluster)
            assert silent_about_secrets(broken.value)
        tunnel = there.asked[1:]
        assert [one.line for one in tunnel] == ["CONNECT kubernetes.example:443 HTTP/1.1"] * 2
        assert "authorization" not in tunnel[0].headers
        sent = "Basic " + b64encode(f"ada:{PASSWORD}".encode()).decode()
        assert {one.headers["proxy-authorization"] for one in there.asked} == {sent}
    async with client(tmp_path, "https://kubernetes.example", **{"proxy-url": proxy}) as cluster:
        with pytest.raises(NeverSent, match="Connect") as raised:
            await get(cluster)
        assert silent_about_secrets(raised.value)
