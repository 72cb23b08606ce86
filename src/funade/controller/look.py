"""What is so in one environment, as it is read: the guard first, then Jobs, then Pods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from funade.clients.kubernetes.errors import NotFound
from funade.clients.kubernetes.kinds import JOBS, PODS
from funade.controller.advance import World
from funade.controller.cluster import Cluster
from funade.controller.deploy_queue import DeployQueue
from funade.controller.guard import Guard, Phase, read_spec
from funade.controller.inbox import Inbox
from funade.controller.names import DEPLOY_GUARDS, DEPLOYMENT, GUARD
from funade.controller.seen import SeenJob, read_job
from funade.usecases.ports import Clock

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A guard as it is stored (`raw` None: not yet), with what was seen after it.

    What we write is seen by its answer: it replaced exactly what was read, so that nobody else has written between.
    """

    raw: Object | None
    world: World

    def with_guard(self, raw: Object, guard: Guard) -> "Seen":
        """Return the same with a guard that was written."""
        return Seen(raw=raw, world=replace(self.world, guard=guard))

    def with_job(self, raw: Object) -> "Seen":
        """Return the same with a Job that was written."""
        job = read_job(raw, ())
        others = [one for one in self.world.jobs if one.uid != job.uid]
        pods = next((one.pods for one in self.world.jobs if one.uid == job.uid), ())
        return Seen(raw=self.raw, world=replace(self.world, jobs=[*others, replace(job, pods=pods)]))


@dataclass(slots=True, kw_only=True)
class Looking:
    """Reads one namespace; `hindrances` say of deployments why no Job could be made."""

    cluster: Cluster
    namespace: str
    clock: Clock
    queues: Callable[[], Mapping[str, DeployQueue]]
    hindrances: dict[str, str] = field(default_factory=dict)

    async def look(self, name: str, inbox: Inbox) -> Seen | None:
        """Return what is so: a Job that the guard names as started was there before it said so. None: nothing is.

        Raise Unreadable about a guard that another release wrote.
        """
        raw = await self.find_guard(name)
        jobs = await self._find_jobs(name)
        if raw is not None:
            return await self._around(name, raw, read_spec(raw.get("spec")), jobs)
        records = [record for one in jobs if (record := read_job(one, ()).record) is not None]
        guard = inbox.guard_beside(records)
        return None if guard is None else await self._around(name, None, guard, jobs)

    def blind(self, guard: Guard) -> Seen:
        """Return a guard that is not there yet, with nothing around it: a new environment."""
        return Seen(raw=None, world=World(guard=guard, jobs=(), queues=self.queues(), now=self.clock.now()))

    def later(self, seen: Seen) -> Seen:
        """Return the same as of now."""
        return replace(seen, world=replace(seen.world, queues=self.queues(), now=self.clock.now()))

    async def find_guard(self, name: str) -> Object | None:
        """Return the guard of that name, if there is one."""
        try:
            return await self.cluster.get(DEPLOY_GUARDS, name, self.namespace)
        except NotFound:
            return None

    async def _around(self, name: str, raw: Object | None, guard: Guard, jobs: Sequence[Object]) -> Seen:
        pods: Sequence[Object] = ()
        if _may_have_pods(guard, [read_job(one, ()) for one in jobs]):
            pods = (await self.cluster.list(PODS, self.namespace, labels=f"{GUARD}={name}")).objects
        seen = [read_job(one, pods) for one in jobs]
        there = {one.deployment for one in seen}
        strays = frozenset(
            deployment
            for pod in pods
            if (deployment := pod["metadata"].get("labels", {}).get(DEPLOYMENT)) not in there
            and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        )
        world = World(
            guard=guard,
            jobs=seen,
            queues=self.queues(),
            now=self.clock.now(),
            strays=strays,
            hindrances=self.hindrances,
        )
        return Seen(raw=raw, world=world)

    async def _find_jobs(self, name: str) -> Sequence[Object]:
        return (await self.cluster.list(JOBS, self.namespace, labels=f"{GUARD}={name}")).objects


def _may_have_pods(guard: Guard, jobs: Sequence[SeenJob]) -> bool:
    """Tell whether a Pod could matter: of what has ended and was let go, and of what never ran, none does."""
    return any(one.phase is Phase.STARTED for one in guard.attempts) or any(
        not one.never_ran and (one.is_held or guard.find(one.deployment, one.attempt) is None) for one in jobs
    )
