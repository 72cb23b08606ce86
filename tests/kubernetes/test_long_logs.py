"""A log of a gigabyte comes whole from a node, but for what is masked, through processes that stay small."""

import asyncio
import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funade.clients.kubernetes import PODS, SECRETS
from funade.controller.names import DEPLOY_QUEUES
from funade.domain.masking import MASK
from tests.conftest import LONG
from tests.contracts.queues import REGION, client, server
from tests.integration.queued_shop import Shop, furnish, serving
from tests.kubernetes.shipped import SPEC, install, process
from tests.kubernetes.standin import standin

pytestmark = [
    pytest.mark.needs("kubernetes", "git"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(3600 if LONG else 300),
]

SIZE = 1 << 30 if LONG else 30 << 20
WITHIN_SECONDS = 3000 if LONG else 240
#: Beyond what a process has when it begins; a log that is kept in memory is more, in the long run.
MAY_GROW_MB = 120
SECRET = "correct-horse-battery-staple"
LINE, LINES_A_SECOND = 1000, 2000


@dataclass
class Recital:
    """What a container has written; the connection breaks at some places, once at each."""

    size: int
    cuts: list[int]
    begins: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    asked: list[str] = field(default_factory=list)

    def __call__(self, since: str) -> Iterator[bytes]:
        """Yield it as a node does, each line with its moment, from that second on."""
        self.asked.append(since)
        second = 0
        if since:
            second = int((datetime.fromisoformat(since) - self.begins).total_seconds())
        for number in range(max(0, second), self.size // (LINE * LINES_A_SECOND) + 1):
            moment = (self.begins + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S")
            lines = [
                f"{moment}.{place:09d}Z ".encode() + line for place, line in enumerate(self.second(number))
            ]
            yield b"".join(lines[: LINES_A_SECOND // 2])
            if self.cuts and number >= self.cuts[0]:
                del self.cuts[0]
                # In the middle of a line.
                yield lines[LINES_A_SECOND // 2][:100]
                raise ConnectionResetError
            yield b"".join(lines[LINES_A_SECOND // 2 :])

    def second(self, number: int) -> list[bytes]:
        """Return the lines of one second, which no other second has."""
        body = hashlib.sha256(str(number).encode()).digest() * (LINE // 32)
        text = body.replace(b"\n", b".")[: LINE - 40]
        lines = [b"%08d.%04d " % (number, place) + text + b"\n" for place in range(LINES_A_SECOND)]
        lines[7] = b"the password is " + SECRET.encode() + b", as careless programs say\n"
        lines[9] = b"-" * 200_000 + b"\n"
        return lines

    def stored(self) -> tuple[int, str]:
        """Return the length and the digest of what Funade must have of it."""
        length, digest = 0, hashlib.sha256()
        for number in range(self.size // (LINE * LINES_A_SECOND) + 1):
            piece = b"".join(self.second(number)).replace(SECRET.encode(), MASK)
            length += len(piece)
            digest.update(piece)
        return length, digest.hexdigest()


async def test_a_long_log_is_stored_whole_but_for_what_is_masked(plane, cluster, namespace, tmp_path):
    plane.start_controllers()
    install(plane, namespace)
    kubeconfig = plane.write_kubeconfig("controller", plane.new_token(namespace, "funade-controller", 7200))
    (tmp_path / "queues").mkdir()
    seconds = SIZE // (LINE * LINES_A_SECOND)
    recital = Recital(SIZE, [seconds // 4, seconds // 2, seconds // 2 + 1])
    length, digest = recital.stored()
    with server("moto", tmp_path / "queues") as endpoint:
        shop = furnish(tmp_path, endpoint)
        await cluster.create(
            SECRETS,
            {"metadata": {"name": "shop", "namespace": namespace}, "stringData": {"password": SECRET}},
            manager="ada",
        )
        await cluster.create(DEPLOY_QUEUES, queue_of(shop, namespace), manager="ada")
        async with standin(plane) as node, process(kubeconfig, namespace, tmp_path, "--alone") as controller:
            node.recital = recital
            with serving(shop) as serve:
                at_first = [memory_mb(one) for one in (controller.pid, serve.pid)]
                ordered = await asyncio.to_thread(shop.funade, "deploy", "shop", "--yes", "--no-wait")
                assert ordered.returncode == 0, ordered.stderr
                name = ""
                while not name:
                    pods = (await cluster.list(PODS, namespace)).objects
                    name = next((one["metadata"]["name"] for one in pods if began(one)), "")
                    await asyncio.sleep(0.2)
                began_at = time.monotonic()
                await node.finish(namespace, name, 0)
                await until("its log is whole", lambda: length_of(shop) >= length, shop)
                took = time.monotonic() - began_at
                grown = [
                    memory_mb(one) - before
                    for one, before in zip((controller.pid, serve.pid), at_first, strict=True)
                ]
                await until("it ended", lambda: shop.shown().get("ended_at"), shop)
        (log,) = (tmp_path / ".funade" / "attempts").glob("*/*/output.log")
        summary = (
            f"{length} bytes, {length / took / 1e6:.1f} MB/s, grown by {grown} MB, "
            f"{len(recital.asked)} connections"
        )
        sys.stdout.write(summary + "\n")
        with log.open("rb") as stored:
            assert hashlib.file_digest(stored, "sha256").hexdigest() == digest, summary
        assert max(grown) < MAY_GROW_MB, summary
        assert shop.shown()["state"] == "succeeded"


def waiting_in(shop: Shop) -> dict[str, str]:
    """Return how many messages there are, by what they are in."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return {
        f"{url.rpartition('/')[2][:5]} {name[11:]}": count
        for url in (shop.orders, shop.facts, shop.dead)
        for name, count in client(shop.endpoint)
        .get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        .items()
    }


def length_of(shop: Shop) -> int:
    logs = (shop.folder / ".funade" / "attempts").glob("*/*/output.log")
    return sum(one.stat().st_size for one in logs)


def queue_of(shop: Shop, namespace: str) -> dict[str, object]:
    given = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "password"}}}
    container = {"name": "deploy", "image": "shop-deploy", "env": [given]}
    spec = {
        **SPEC,
        "queue": shop.orders,
        "factsQueue": shop.facts,
        "region": REGION,
        "template": {"spec": {"containers": [container]}},
    }
    return {"metadata": {"name": "shop", "namespace": namespace}, "spec": spec}


def began(pod: dict[str, object]) -> bool:
    status = pod["status"]
    return isinstance(status, dict) and status.get("phase") == "Running"


def memory_mb(pid: int) -> float:
    """Return the memory that a process held at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith("VmHWM")).split()[1]) / 1000


async def until(what: str, happens: Callable[[], object], shop: Shop) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not await asyncio.to_thread(happens):
        assert time.monotonic() < end, (
            f"not in time: {what}: {length_of(shop)} bytes, {waiting_in(shop)}\n{shop.shown()}\n"
            + (shop.folder / "log").read_text()[-3000:]
            + (shop.folder / "controller.log").read_text()[-3000:]
        )
        await asyncio.sleep(1)
