"""Which of several controllers works: the one whose name is in the Lease, as long as it renews it in time.

Two that work at once do no harm, they only do everything twice; so this saves work and guards nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import structlog

from funade.clients.kubernetes.errors import AlreadyExists, ClusterError, Conflict, NotFound
from funade.clients.kubernetes.kinds import LEASES
from funade.controller.cluster import Cluster
from funade.controller.names import MANAGER
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

LEASE_SECONDS = 15
RENEWED_EVERY_SECONDS = 5.0
NAME = "funade-controller"


@dataclass(slots=True, kw_only=True)
class Leader:
    """Runs the work of one controller while it leads."""

    cluster: Cluster
    namespace: str
    clock: Clock
    identity: str
    _seen: tuple[str, str] = ("", "")
    _since: float = field(default=0.0)

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lead, then work until it is lost, again and again; return when the work does."""
        while True:
            while not await self._renew():
                await self.clock.sleep(RENEWED_EVERY_SECONDS)
            log.info("this controller works now", identity=self.identity)
            working = asyncio.ensure_future(work())
            keeping = asyncio.ensure_future(self._keep())
            try:
                await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    working.result()
                    return
                if (error := keeping.exception()) is not None:
                    log.error("our mistake: the lead was not kept", problem=repr(error), exc_info=error)
                log.warning("another controller may work now", identity=self.identity)
            finally:
                for one in (working, keeping):
                    one.cancel()
                await asyncio.gather(working, keeping, return_exceptions=True)

    async def give_up(self) -> None:
        """Let another one begin at once."""
        try:
            raw = await self.cluster.get(LEASES, NAME, self.namespace)
            if (raw.get("spec") or {}).get("holderIdentity") == self.identity:
                raw["spec"]["holderIdentity"] = ""
                with effect("controller.give_up_lead"):
                    await self.cluster.replace(LEASES, raw, manager=MANAGER)
        except ClusterError as error:
            log.info("the lead ends by itself", problem=str(error))

    async def _keep(self) -> None:
        """Return once the lead may be somebody else's."""
        renewed = self.clock.steady()
        while self.clock.steady() - renewed < LEASE_SECONDS:
            await self.clock.sleep(RENEWED_EVERY_SECONDS)
            began = self.clock.steady()
            if await self._renew():
                renewed = began
            elif self._seen[0] not in ("", self.identity):
                return

    async def _renew(self) -> bool:
        """Write our name into the Lease if it is ours, nobody's, or has stood still for its length; tell whether."""
        try:
            raw = await self.cluster.get(LEASES, NAME, self.namespace)
        except NotFound:
            return await self._write(None)
        except ClusterError as error:
            log.warning("the lead cannot be asked for", problem=str(error))
            return False
        spec = raw.get("spec") or {}
        seen = (str(spec.get("holderIdentity") or ""), str(raw["metadata"]["resourceVersion"]))
        if seen != self._seen:
            self._seen, self._since = seen, self.clock.steady()
        is_free = seen[0] in ("", self.identity) or self.clock.steady() - self._since > LEASE_SECONDS
        return is_free and await self._write(raw)

    async def _write(self, raw: dict[str, Any] | None) -> bool:
        now = self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": now,
        }
        try:
            if raw is None:
                made = {
                    "apiVersion": LEASES.api_version,
                    "kind": LEASES.kind,
                    "metadata": {"name": NAME, "namespace": self.namespace},
                    "spec": {**spec, "acquireTime": now},
                }
                with effect("controller.make_lease"):
                    await self.cluster.create(LEASES, made, manager=MANAGER)
            else:
                changed = {**raw, "spec": {**(raw.get("spec") or {}), **spec}}
                with effect("controller.renew_lease"):
                    await self.cluster.replace(LEASES, changed, manager=MANAGER)
        except (Conflict, AlreadyExists):
            return False
        except ClusterError as error:
            log.warning("the lead cannot be kept", problem=str(error))
            return False
        self._seen = (self.identity, self._seen[1])
        return True
