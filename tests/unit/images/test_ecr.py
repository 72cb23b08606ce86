"""What is a registry, what a Secret holds, and that every sentence of ours is known in Japanese."""

import json
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from funade.clients.aws_faults import Fault
from funade.clients.kubernetes import (
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NeverSent,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from funade.domain.errors import RegistryError
from funade.images.ecr import Login, _read, _worded, parse_registry
from funade.images.pull_secrets import problem_of, pull_secret
from funade.texts import Reader
from funade.texts.troubles import trouble

REGISTRY = parse_registry("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def is_japanese(text: str) -> bool:
    shown = re.sub(r"`[^`]*`", "", trouble(text, Reader("ja")))
    return not re.search(r"[a-z]{3,} [a-z]{2,}", shown)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("123456789012.dkr-ecr.us-east-1.on.aws", "us-east-1"),
    ],
)
def test_a_registry_tells_its_region(host: str, region: str):
    assert parse_registry(host).region == region


@pytest.mark.parametrize(
    "host",
    [
        "",
        "docker.io",
        "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
        "123.dkr.ecr.eu-central-1.amazonaws.com",
        "public.ecr.aws",
    ],
)
def test_whatever_else_is_refused_with_an_example(host: str):
    with pytest.raises(RegistryError, match="is no registry of ECR — write it") as raised:
        parse_registry(host)
    assert is_japanese(str(raised.value))


def test_the_secret_is_what_docker_would_write_and_says_until_when_the_first_login_is_good():
    tokyo = timezone(timedelta(hours=9))
    other = parse_registry("123456789012.dkr.ecr.us-east-1.amazonaws.com")
    logins = [
        Login(registry=REGISTRY, user="AWS", password="p1", until=NOON),
        Login(registry=other, user="AWS", password="p2", until=(NOON - timedelta(hours=1)).astimezone(tokyo)),
    ]
    secret = pull_secret("ecr", "shop", logins)
    assert secret["metadata"]["annotations"] == {"funade.dev/good-until": "2026-01-01T11:00:00Z"}
    assert json.loads(b64decode(secret["data"][".dockerconfigjson"])) == {
        "auths": {
            REGISTRY.host: {"username": "AWS", "password": "p1", "auth": b64encode(b"AWS:p1").decode()},
            other.host: {"username": "AWS", "password": "p2", "auth": b64encode(b"AWS:p2").decode()},
        }
    }
    assert "p1" not in repr(logins)


def answered(token: Any, until: Any = NOON) -> dict[str, Any]:
    return {"authorizationData": [{"authorizationToken": token, "expiresAt": until}]}


def test_an_answer_holds_a_user_and_a_password_with_colons_perhaps():
    assert _read(answered(b64encode(b"AWS:a:b").decode()), "x") == ("AWS", "a:b", NOON)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        {"authorizationData": []},
        answered("hunter2!"),
        answered(b64encode(b"hunter2").decode()),
        answered(b64encode(b"AWS:").decode()),
        answered(b64encode("AWS:hunter2é".encode()).decode()),
        answered(b64encode(b"AWS:hunter2").decode(), until="soon"),
        answered(b64encode(b"AWS:hunter2").decode(), until=datetime(2026, 1, 1)),  # noqa: DTZ001 -- it is the case
    ],
)
def test_an_answer_that_is_none_is_not_repeated(answer: Any):
    with pytest.raises(RegistryError, match="does not speak ECR") as raised:
        _read(answer, "eu-central-1")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.OURS])
def test_every_fault_of_aws_says_what_to_do_in_both_languages(fault: Fault):
    said = _worded(fault, "SomeCode", "eu-central-1")
    assert " — " in said
    assert is_japanese(said), trouble(said, Reader("ja"))


@pytest.mark.parametrize(
    "error",
    [
        NotFound(404, "NotFound", "x"),
        Forbidden(403, "Forbidden", "x"),
        Unauthorized(401, "Unauthorized", "x"),
        Conflict(409, "Conflict", "x", causes=(Cause(".data.a", "FieldManagerConflict", "x"),)),
        Conflict(409, "Conflict", "x"),
        Invalid(422, "Invalid", "x", causes=(Cause("type", "FieldValueInvalid", "x"),)),
        Invalid(422, "Invalid", "x"),
        TooManyRequests(429, "TooManyRequests", "x"),
        Unreachable(503, "ServiceUnavailable", "x"),
        NeverSent(0, "ConnectError", "x"),
        AlreadyExists(409, "AlreadyExists", "x"),
        Gone(410, "Gone", "x"),
        ClusterError(418, "418", "x"),
    ],
    ids=repr,
)
def test_every_error_of_a_cluster_says_what_to_do_in_both_languages(error: ClusterError):
    said = problem_of(error, "ecr", "shop")
    assert " — " in said
    assert is_japanese(said), trouble(said, Reader("ja"))
