import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.clients.kubernetes import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Gone,
    NeverSent,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from funade.clients.kubernetes.errors import error_of
from funade.clients.kubernetes.watching import lines
from funade.clients.kubernetes.wire import LONGEST_PAUSE_SECONDS, Request, _broken, pause_after

REQUEST = Request(method="GET", path="x", what="get Job `a`")


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (409, "", Conflict),
        (410, "Expired", Gone),
        (410, "Gone", Gone),
        (404, "NotFound", NotFound),
        (429, "TooManyRequests", TooManyRequests),
        (504, "Timeout", Unreachable),
        (500, "InternalError", Unreachable),
        (418, "Teapot", ClusterError),
    ],
)
def test_the_reason_decides_and_the_status_where_there_is_none(status, reason, expected):
    said = {"kind": "Status", "reason": reason, "message": "the server's words"}
    error = error_of(status, said, "get Job `a`")
    assert type(error) is expected
    assert str(error) == "get Job `a`: the server's words"
    assert isinstance(error_of(502, "<html>", "x"), Unreachable)


def test_a_server_says_in_its_answer_when_to_come_back():
    said = {"kind": "Status", "reason": "ServerTimeout", "details": {"retryAfterSeconds": 4}}
    assert error_of(504, said, "x").retry_after == timedelta(seconds=4)
    assert error_of(429, None, "x", retry_after=timedelta(seconds=1)).retry_after == timedelta(seconds=1)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
    )
)
def test_whatever_answers_gives_an_error_and_no_crash(body):
    assert isinstance(error_of(500, body, "x"), Unreachable)
    assert isinstance(
        error_of(500, {"kind": "Status", "details": body, "reason": str(body)}, "x"), ClusterError
    )


def vendor_errors() -> list[type[aiohttp.ClientError]]:
    found: list[type[aiohttp.ClientError]] = []
    new: list[type[aiohttp.ClientError]] = [aiohttp.ClientError]
    while new:
        found += new
        new = [one for each in new for one in each.__subclasses__()]
    return list(dict.fromkeys(found))


def made(kind: type[Exception]) -> Exception:
    """Make an error whose words hold what is secret wherever it can hold any."""
    error = kind.__new__(kind, "Bearer hunter2")
    if isinstance(error, aiohttp.ClientConnectorError):
        error._os_error = OSError(111, "Connection refused")
    if isinstance(error, aiohttp.ClientResponseError):
        error.status, error.message = 407, "Bearer hunter2"
    return error


NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


@pytest.mark.parametrize("kind", [*vendor_errors(), TimeoutError])
def test_every_error_of_a_connection_has_one_of_ours(kind: type[Exception]):
    ours = _broken(made(kind), REQUEST)
    assert isinstance(ours, Unreachable)
    assert isinstance(ours, NeverSent) is issubclass(kind, NEVER_SENT)
    assert ours.maybe_done is not isinstance(ours, NeverSent)
    assert "hunter2" not in str(ours)


def test_pauses_grow_obey_the_server_and_end():
    assert pause_after(1, None) < pause_after(3, None) < pause_after(5, None)
    assert 7 <= pause_after(1, timedelta(seconds=7)) <= 9
    assert pause_after(1, timedelta(days=1)) <= LONGEST_PAUSE_SECONDS * 1.25


@given(st.lists(st.binary(max_size=9).filter(lambda one: b"\n" not in one and b"\r" not in one)), st.data())
def test_lines_are_whole_however_they_are_cut(written: list[bytes], data: st.DataObject):
    text = b"".join(line + b"\n" for line in written)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    chunks = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]

    async def sent() -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk

    async def read() -> list[bytes]:
        return [line async for line in lines(sent())]

    assert asyncio.run(read()) == [line for line in written if line]
