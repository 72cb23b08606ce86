"""Removes what is old: ended Jobs by number and age, and the guards of messages that no queue can hold any more."""

from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import structlog

from funade.clients.kubernetes.errors import ClusterError, Conflict, NotFound
from funade.clients.kubernetes.kinds import JOBS
from funade.controller.cluster import Cluster
from funade.controller.deploy_queue import DeployQueue
from funade.controller.foreign import is_forgettable
from funade.controller.guard import read_spec
from funade.controller.history import EndedJobs
from funade.controller.names import DEPLOY_GUARDS, FOREIGN
from funade.controller.seen import moment
from funade.domain.wire import Unreadable
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

EVERY_SECONDS = 60.0
#: What was remembered of other programs' messages is gone through once in so many times that old Jobs are.
FORGOTTEN_EVERY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidying:
    """What is old in one namespace."""

    cluster: Cluster
    namespace: str
    clock: Clock
    queues: Callable[[], Mapping[str, DeployQueue]]
    ended: EndedJobs

    async def run(self) -> None:
        """Tidy again and again, until cancelled."""
        for time in count():
            await self.clock.sleep(EVERY_SECONDS)
            try:
                await self._forget_jobs()
                if time % FORGOTTEN_EVERY == 0:
                    await self._forget_messages()
            except (ClusterError, OSError) as error:
                log.warning("old Jobs stay for now", problem=str(error))
            except Exception:
                # The process's loop: nothing else must stop because something old cannot be read.
                log.exception("our mistake; old Jobs stay for now")

    async def _forget_jobs(self) -> None:
        for job in self.ended.outdated(self.queues(), self.clock.now()):
            with suppress(NotFound, Conflict), effect("controller.forget_job"):
                await self.cluster.delete(JOBS, job.name, self.namespace, uid=job.uid)
            self.ended.forget(job)

    async def _forget_messages(self) -> None:
        pages = self.cluster.pages(DEPLOY_GUARDS, self.namespace, labels=FOREIGN)
        async with aclosing(pages) as each:
            async for page in each:
                for raw in page.objects:
                    await self._forget_message(raw)

    async def _forget_message(self, raw: Mapping[str, Any]) -> None:
        """Drop the guard of another program's message if no queue can hold that any more."""
        metadata, now = raw["metadata"], self.clock.now()
        with suppress(Unreadable):
            if not is_forgettable(read_spec(raw.get("spec")), moment(metadata.get("creationTimestamp")), now):
                return
            uid, version = str(metadata["uid"]), str(metadata["resourceVersion"])
            with suppress(NotFound, Conflict), effect("controller.forget_message"):
                await self.cluster.delete(
                    DEPLOY_GUARDS, str(metadata["name"]), self.namespace, uid=uid, version=version
                )
