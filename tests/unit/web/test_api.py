import dataclasses
import json
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.commands import COMMANDS, Deploy, ReadLog, ShowStatus
from funade.domain.wire import to_plain
from funade.web.api import BadRequest, parse

REQUEST = "7d9c2f3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
DEPLOY = {"kind": "deploy", "application": "shop", "environment": "production", "request": REQUEST}


def encoded(**changed: object) -> bytes:
    return json.dumps({**DEPLOY, **changed}).encode()


def test_a_command_travels_with_its_request():
    command, request = parse(encoded(ref="v1.2.0"))
    assert command == Deploy(application="shop", environment="production", ref="v1.2.0")
    assert request == REQUEST


def test_somebody_who_only_looks_needs_no_request_id():
    command, request = parse(b'{"kind": "show_status"}')
    assert command == ShowStatus()
    assert str(UUID(request)) == request


def test_whoever_changes_something_must_name_the_request():
    with pytest.raises(BadRequest, match="`request` must be a UUID"):
        parse(b'{"kind": "deploy", "application": "shop", "environment": "production"}')


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_every_command_can_be_sent(command):
    values = {
        "str": "shop",
        "str | None": "shop",
        "int": 4,
        "int | None": 4,
        "bool": True,
        "datetime.timedelta | None": timedelta(hours=2),
    }
    hints = {
        field.name: values[str(getattr(field.type, "__name__", field.type))]
        for field in dataclasses.fields(command)
    }
    sent = command(**hints)
    plain = to_plain(sent, tagged=True)
    assert isinstance(plain, dict)
    assert parse(json.dumps({**plain, "request": REQUEST}).encode()) == (sent, REQUEST)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"kind": "read_log", "number": NaN}', "NaN is no number"),
        (encoded(kind="lock", lasts=-1), "`lasts` is out of range"),
        (encoded(kind="lock", lasts=0.0), "`lasts` is out of range"),
        (encoded(kind="lock", lasts=1e9), "`lasts` is out of range"),
        (encoded(kind="lock", lasts=1e300), "lasts"),
        (encoded(kind="lock", lasts=True), "lasts"),
        (encoded(kind="lock", steal="yes"), "steal"),
        (b'{"kind": "cancel", "number": 1, "number": 2}', "`number` is there twice"),
        (b"[]", "an object with `kind`"),
        (b'{"kind": 4}', "an object with `kind`"),
        (b'{"kind": "explode"}', "`explode` is unknown"),
        (encoded(environment=4), "environment: str is wanted"),
        (encoded(request="12"), "must be a UUID"),
        (encoded(request=12), "must be a UUID"),
        (encoded(digset="abc"), "`digset` is no field of `deploy`"),
        (encoded(actor="local:0"), "`actor` is no field of `deploy`"),
        (encoded(ref="a\0b"), "`ref` holds characters"),
        (encoded(ref="\ud800"), "`ref` holds characters"),
        (encoded(ref="x" * 4001), "`ref` has more than 4000 characters"),
        (encoded(reason="理" * 4001), "`reason` has more than 4000 characters"),
        (b'{"kind": "read_log", "number": 9223372036854775808}', "`number` is out of range"),
        (b'{"kind": "read_log", "number": 1, "offset": -1}', "`offset` is out of range"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(body, problem):
    with pytest.raises(BadRequest, match=problem):
        parse(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["number", "attempt", "offset", "limit", "request", "x"]), json_values)
)
def test_nothing_but_a_good_request_comes_through(fields):
    try:
        command, request = parse(json.dumps({"kind": "read_log", **fields}).encode())
    except BadRequest:
        return
    assert isinstance(command, ReadLog)
    assert str(UUID(request)) == request


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with pytest.raises(BadRequest):
        parse(body)
