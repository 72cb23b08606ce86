"""Every queue that the contract of `Queue` is proven on, and the servers behind some of them.

The servers were written by others, and speak the real protocol over HTTP on this machine. None proves signatures or
policies, encrypts with KMS, throttles, duplicates, reorders or loses an answer: `StrictQueue` does what of that can be
done without AWS. moto takes characters that SQS refuses (they never get that far) and forgets a FIFO queue's keys when
their messages are deleted; ministack lets a message be kept for more than twelve hours.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import boto3

from funade.clients.aws import AwsKeys
from funade.queue.address import parse_address
from funade.queue.gathering import Gathering
from funade.queue.sqs import Sqs
from funade.testing.queue import Mischief, StrictQueue
from funade.usecases.queue_ports import Queue
from tests.contracts.elasticmq import fetch

REGION = "eu-central-1"
SECRET = "hunter2-hunter2-hunter2"
KEYS = AwsKeys(access_key="AKIAEXAMPLE", secret_key=SECRET, session_token="token-" + SECRET)
UP_WITHIN_SECONDS = 60

LOOPBACK = "127.0.0.1"

Programs = Mapping[str, Callable[[str, int], tuple[list[str], dict[str, str]]]]
#: how each server is started at an address of this machine, and a port
SERVERS: Programs = {
    "moto": lambda host, port: (["moto_server", "-H", host, "-p", str(port)], {}),
    "elasticmq": lambda host, port: (
        [
            "java",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Dnode-address.host={host}",
            f"-Dnode-address.port={port}",
            f"-Drest-sqs.bind-port={port}",
            f"-Drest-sqs.bind-hostname={host}",
            "-Drest-sqs.sqs-limits=strict",
            "-Drest-stats.enabled=false",
            "-cp",
            f"{fetch.find()}/*",
            "org.elasticmq.server.Main",
        ],
        {},
    ),
    "ministack": lambda host, port: (
        ["ministack"],
        {
            "BIND_HOST": host,
            "MINISTACK_HOST": host,
            "GATEWAY_PORT": str(port),
            "SERVICES": "sqs,ecr",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        },
    ),
}


@contextmanager
def server(kind: str, folder: Path, host: str = LOOPBACK, options: Sequence[str] = ()) -> Iterator[str]:
    """Run a server of that kind, with options of its own; yield its endpoint."""
    port = _free_port()
    command, variables = SERVERS[kind](host, port)
    ours = Path(sys.executable).with_name(command[0])
    program = ours if ours.exists() else shutil.which(command[0])
    assert program is not None, f"{command[0]} is not on this machine"
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), **variables}
    with (folder / f"{kind}.log").open("wb") as log:
        running = subprocess.Popen(
            [program, *command[1:], *options],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait_for((host, port), running, folder / f"{kind}.log")
        yield f"http://{host}:{port}"
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(where: tuple[str, int], running: subprocess.Popen[bytes], log: Path) -> None:
    until = monotonic() + UP_WITHIN_SECONDS
    while monotonic() < until and running.poll() is None:
        try:
            socket.create_connection(where, 1).close()
        except OSError:
            sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text(errors="replace")[-2000:])


@dataclass(frozen=True)
class Pair:
    """A queue, and the one for what it could not get rid of."""

    home: Queue
    dead: Queue


Made = AbstractAsyncContextManager[Pair]


@dataclass(frozen=True)
class Kind:
    """One kind of queue: how it is called, and what makes one, with the most deliveries before a message is dead."""

    name: str
    is_fifo: bool
    is_calm: bool
    make: Callable[[int | None], Made]


def strict(*, is_fifo: bool, mischief: Mischief | None = None) -> Callable[[int | None], Made]:
    """Return what makes queues in memory."""

    @asynccontextmanager
    async def make(deliveries_at_most: int | None) -> AsyncIterator[Pair]:
        dead = StrictQueue(is_fifo=is_fifo)
        yield Pair(
            StrictQueue(
                clock=dead.clock,
                is_fifo=is_fifo,
                mischief=mischief or Mischief(),
                dead=dead,
                deliveries_at_most=deliveries_at_most,
            ),
            dead,
        )

    return make


def gathered(*, is_fifo: bool) -> Callable[[int | None], Made]:
    """Return what makes the same queues for many who ask at once."""

    @asynccontextmanager
    async def make(deliveries_at_most: int | None) -> AsyncIterator[Pair]:
        async with strict(is_fifo=is_fifo)(deliveries_at_most) as pair:
            yield Pair(Gathering(pair.home), Gathering(pair.dead))

    return make


def sqs(endpoint: str, *, is_fifo: bool) -> Callable[[int | None], Made]:
    """Return what makes queues on a server."""

    @asynccontextmanager
    async def make(deliveries_at_most: int | None) -> AsyncIterator[Pair]:
        name, ending = uuid4().hex, ".fifo" if is_fifo else ""
        dead = create(endpoint, f"dead-{name}{ending}")
        policy = {}
        if deliveries_at_most is not None:
            arn = f"arn:aws:sqs:{REGION}:{dead.split('/')[-2]}:{dead.split('/')[-1]}"
            policy = {"deadLetterTargetArn": arn, "maxReceiveCount": deliveries_at_most}
        home = create(endpoint, f"{name}{ending}", policy)
        async with Sqs(lambda: KEYS) as room:
            yield Pair(*(room.queue(parse_address(url, REGION)) for url in (home, dead)))

    return make


def create(endpoint: str, name: str, policy: Mapping[str, object] | None = None) -> str:
    """Make a queue, with AWS's own client; return its URL."""
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    if policy:
        attributes["RedrivePolicy"] = json.dumps(policy)
    return str(client(endpoint).create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


@cache
def client(endpoint: str) -> Any:
    """Return AWS's own client, which knows nothing of us."""
    return boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
    )
