"""Whose output is told just now: one task for each Job, which sleeps until its program has begun."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from funade.controller.cluster import Cluster
from funade.controller.deploy_queue import DeployQueue
from funade.controller.doors import Outlets
from funade.controller.follow import Following
from funade.controller.guard import Attempt
from funade.controller.seen import SeenJob, SeenPod, read_pod
from funade.domain.errors import FunadeError
from funade.usecases.ports import Clock

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Followers:
    """All of one controller."""

    cluster: Cluster
    namespace: str
    clock: Clock
    outlets: Outlets
    queues: Callable[[], Mapping[str, DeployQueue]]
    _followings: dict[str, Following] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def see(self, attempt: Attempt, job: SeenJob) -> None:
        """Have the output of a Job told that was seen now, if there is any and it is not told yet."""
        if not attempt.facts or job.never_ran or job.log_is_told or not job.is_held:
            return
        if job.uid not in self._tasks:
            self._follow(attempt, job)
        if job.outcome is not None or any(_has_words(one) for one in job.pods):
            self.wake(job.uid)

    def hear(self, pod: Mapping[str, Any]) -> None:
        """Hear what has become of a Pod."""
        if _has_words(read_pod(pod, "")):
            for owner in pod["metadata"].get("ownerReferences") or []:
                self.wake(str(owner.get("uid", "")))

    def wake(self, uid: str) -> None:
        """Have the output of the Job of that uid read now, if it is to be told at all."""
        if uid in self._followings:
            self._followings[uid].has_begun.set()

    async def close(self) -> None:
        """Stop; whoever comes next goes on where each Job says that its output was told to."""
        tasks = list(self._tasks.values())
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, attempt: Attempt, job: SeenJob) -> None:
        known = self.queues().get(attempt.queue)
        try:
            outlet = self.outlets.outlet(attempt.facts, known.region if known is not None else "")
        except FunadeError as error:
            log.warning("output cannot be told now", job=job.name, problem=str(error))
            return
        following = Following(
            cluster=self.cluster,
            namespace=self.namespace,
            clock=self.clock,
            outlet=outlet,
            attempt=attempt,
            job=job,
        )
        task = asyncio.create_task(following.run(), name=f"controller: log of {job.name}")
        self._followings[job.uid], self._tasks[job.uid] = following, task
        task.add_done_callback(partial(self._followed, job.uid))

    def _followed(self, uid: str, task: asyncio.Task[None]) -> None:
        del self._followings[uid], self._tasks[uid]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("our mistake: a log is not followed any more", problem=repr(error), exc_info=error)


def _has_words(pod: SeenPod) -> bool:
    return pod.has_begun or not pod.is_alive
