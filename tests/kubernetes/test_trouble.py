"""The API server is busy, away, forgetful or restarted: the controller comes to the same end, and never hurries."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from funade.clients.kubernetes import PODS, connect
from funade.domain.orders import EndedBy
from tests.conftest import LONG
from tests.kubernetes.control_plane import ControlPlane, running
from tests.kubernetes.mischief import Busy, Cut, Mischief, mischief
from tests.kubernetes.shipped import install, order
from tests.kubernetes.standin import standin
from tests.kubernetes.test_controller import Place

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(600 if LONG else 240),
]

TROUBLE_SECONDS = 30.0 if LONG else 6.0
#: A loop without a pause asks some hundred times a second.
AT_MOST_A_SECOND = 20


@dataclass
class Strait:
    """A controller behind a proxy."""

    place: Place
    proxy: Mischief
    first: str = ""

    async def count(self, seconds: float) -> float:
        """Return how many requests came a second."""
        before = len(self.proxy.requests)
        await asyncio.sleep(seconds)
        came = self.proxy.requests[before:]
        assert len(came) / seconds < AT_MOST_A_SECOND, Counter(came).most_common(10)
        return len(came) / seconds

    async def go_through(self, trouble: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let one deployment end and another be ordered amid the trouble; both come to their end."""
        place = self.place
        await place.make_queue()
        async with place.controlled():
            place.order(place.start())
            self.first = (await place.pod())["metadata"]["name"]
            await place.node.write(place.namespace, self.first, "before\n")
            await place.until(lambda: b"before" in place.log)
            acting = asyncio.create_task(trouble())
            other = order("shop", "staging")
            place.order(other)
            await acting
            await place.until(lambda: len(place.endings) >= 1)

            async def second() -> str:
                pods = (await place.cluster.list(PODS, place.namespace)).objects
                assert len(pods) <= 2, pods
                found = [one for one in pods if one["metadata"]["name"] != self.first]
                is_running = found and found[0]["status"].get("phase") == "Running"
                return str(found[0]["metadata"]["name"]) if is_running else ""

            await place.node.finish(place.namespace, await place.until(second), 3)
            await place.until(lambda: len(place.endings) == 2)
            await place.until(self._all_told)
            await self.count(3)
        ends = {(one.by, one.exit_code) for one in place.endings}
        assert ends == {(EndedBy.ITSELF, 0), (EndedBy.ITSELF, 3)}
        assert place.log_of(place.deployment) == b"before\namid it\n"

    async def amid(self) -> None:
        """Let the first one end, as a node would that is on the other side."""
        await self.place.node.write(self.place.namespace, self.first, "amid it\n")
        await self.place.node.finish(self.place.namespace, self.first, 0)

    async def _all_told(self) -> bool:
        return self.place.log_of(self.place.deployment).endswith(b"amid it\n")


@asynccontextmanager
async def strait(plane: ControlPlane) -> AsyncIterator[Strait]:
    plane.start_controllers()
    namespace = plane.new_namespace()
    install(plane, namespace)
    token: dict[str, object] = {"token": plane.new_token(namespace, "funade-controller")}
    async with mischief(plane) as proxy:
        behind = plane.write_document(plane.document("controller", token, server=proxy.url))
        async with standin(plane) as node, connect(plane.kubeconfig) as cluster, connect(behind) as rights:
            yield Strait(Place(cluster, namespace, node, rights), proxy)


def busy(_request: web.Request) -> Busy:
    status = {"kind": "Status", "code": 429, "reason": "TooManyRequests", "message": "later"}
    return Busy(429, status, {"Retry-After": "1"})


def gone(request: web.Request) -> Busy | None:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    return Busy(410, status) if "watch" in request.query else None


def away(_request: web.Request) -> Cut:
    return Cut()


@pytest.mark.parametrize("trouble", [busy, gone, away])
async def test_a_server_that_is_in_trouble_is_not_overrun_and_all_comes_to_its_end(plane, trouble):
    async with strait(plane) as through:

        async def happens() -> None:
            through.proxy.always = trouble
            through.proxy.cut_streams()
            await through.amid()
            # At first there is work to be done, too, as far as the trouble lets it.
            await asyncio.sleep(TROUBLE_SECONDS / 3)
            await through.count(TROUBLE_SECONDS)
            through.proxy.always = lambda _request: None

        await through.go_through(happens)


async def test_a_server_that_is_killed_and_started_again_is_not_overrun_and_all_comes_to_its_end():
    with running() as plane:
        async with strait(plane) as through:

            async def happens() -> None:
                await through.amid()
                for _ in range(3 if LONG else 1):
                    await asyncio.to_thread(plane.stop_api, signal.SIGKILL)
                    await through.count(TROUBLE_SECONDS / 2)
                    await asyncio.to_thread(plane.start_api)

            await through.go_through(happens)
