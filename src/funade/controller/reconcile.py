"""Everything about one environment: look, let the guard know, do the next thing, look again; tell what is untold.

Whatever is written is written by compare-and-swap on what was just read, so that others may do the same at any time.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from funade.clients.kubernetes.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from funade.clients.kubernetes.kinds import JOBS, PODS
from funade.controller.absorb import Absorbed, Then, fact_of, sealed
from funade.controller.act import CreateJob, DeleteJob, Move, Release, Resume, StopJob, StopPods, next_move
from funade.controller.advance import NOT_OURS, World, advance
from funade.controller.cluster import Cluster
from funade.controller.deploy_queue import DeployQueue
from funade.controller.doors import Held, Outlets
from funade.controller.events import Notice, Reason, ended, place_of, refused
from funade.controller.guard import Attempt, Guard, Phase, Stop, Told, to_spec
from funade.controller.inbox import Inbox
from funade.controller.job import job_for, released, resumed, stopped
from funade.controller.look import Looking, Seen
from funade.controller.names import DEPLOY_GUARDS, FOREIGN, GUARD, MANAGER, job_name
from funade.controller.progress import Telling
from funade.controller.seen import SeenJob, read_job
from funade.domain.errors import FunadeError, QueueError
from funade.domain.messages import Fact
from funade.domain.orders import EndedBy
from funade.domain.wire import Unreadable
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

#: What one look may do at most before others get their turn.
MOST_STEPS = 30
#: While something lives here it is looked at this often, also when nobody says that it changed.
LIVELY = timedelta(seconds=10)
A_MOMENT = timedelta(seconds=1)
AFTER_TROUBLE = timedelta(seconds=5)
_LONGEST_WORDS = 300


async def _go_on() -> None:
    """Let nobody go first: there is nobody."""


@dataclass(slots=True, kw_only=True)
class Reconcile:
    """Brings one environment further, and says when to look again."""

    cluster: Cluster
    namespace: str
    clock: Clock
    doors: Outlets
    queues: Callable[[], Mapping[str, DeployQueue]]
    seen: Callable[[Guard, Sequence[SeenJob]], None] = lambda _guard, _jobs: None
    #: hears what we wrote: of that nobody need tell us
    wrote: Callable[[Mapping[str, Any]], None] = lambda _raw: None
    #: tells whether nobody has heard of a guard or a Job of that environment; there may be a guard all the same
    is_new: Callable[[str], bool] = lambda _name: False
    #: lets others go first who wait for their turn
    give_way: Callable[[], Awaitable[None]] = _go_on
    #: hears what is worth an event of the DeployQueue of that name
    say: Callable[[str, Notice], None] = lambda _queue, _notice: None
    #: So long an end waits for the last of the output.
    patience: timedelta = timedelta(seconds=15)
    progress: Telling = field(default_factory=Telling)
    _looking: Looking = field(init=False)

    def __post_init__(self) -> None:
        self._looking = Looking(
            cluster=self.cluster, namespace=self.namespace, clock=self.clock, queues=self.queues
        )

    async def __call__(self, name: str, inbox: Inbox) -> timedelta | None:
        """Do what can be done now; return when to look again by ourselves, None: when something changes."""
        seen: Seen | None = None
        for _ in range(MOST_STEPS):
            for lost in [one for one in inbox.held if one.is_lost]:
                inbox.drop(lost)
            try:
                seen = await self._look(name, inbox) if seen is None else self._looking.later(seen)
            except Unreadable as error:
                log.error("a guard cannot be read: nothing starts under it", guard=name, problem=str(error))
                return AFTER_TROUBLE
            if seen is None:
                return None
            try:
                is_done, seen = await self._step(name, seen, inbox)
                if not is_done or seen is None:
                    continue
                self.seen(seen.world.guard, seen.world.jobs)
                self._say_what_hinders(seen.world)
                trouble, told = await self._speak(name, seen, inbox)
            except (Conflict, AlreadyExists, NotFound):
                # Somebody else was here: what is so now decides.
                seen = None
                continue
            if told is None:
                return self._again(seen.world, inbox, trouble=trouble)
            seen = told
        return A_MOMENT

    async def _step(self, name: str, seen: Seen, inbox: Inbox) -> tuple[bool, Seen | None]:
        """Do the next thing; return whether there was none, and what is so then: None when that must be looked at."""
        seen = self._with_unwritten(seen)
        written = await self._write_what_is_known(name, seen, inbox)
        if written is not None:
            return False, written
        move = next_move(seen.world)
        if move is None:
            return True, seen
        if isinstance(move, DeleteJob | Release) and not await self._is_still(name, seen, move):
            return False, None
        return False, await self._do(name, seen, move)

    # Looking

    async def _look(self, name: str, inbox: Inbox) -> Seen | None:
        if self.is_new(name) and inbox.has_start:
            begun = await self._begin(name, inbox)
            if begun is not None:
                return begun
        return await self._looking.look(name, inbox)

    async def _begin(self, name: str, inbox: Inbox) -> Seen | None:
        """Make the guard of a new environment rather than ask for it; None: it must be asked for."""
        guard = inbox.guard_beside(())
        if guard is None:
            return None
        try:
            return await self._write_what_is_known(name, self._looking.blind(guard), inbox)
        except AlreadyExists:
            return None

    # Doing

    async def _write_what_is_known(self, name: str, seen: Seen, inbox: Inbox) -> Seen | None:
        """Write the guard if anything about it is new; return what is so then, None if there was nothing new."""
        guard, results = inbox.absorbed(seen.world.guard, seen.world.now)
        inbox.waited.update(held.id for held, absorbed in results if absorbed.then is Then.WAIT)
        guard = advance(replace(seen.world, guard=guard))
        if seen.raw is not None and guard == seen.world.guard:
            return None
        if seen.raw is None and guard == seen.world.guard and not guard.attempts:
            return None
        written = await self._write(name, seen, guard)
        self._say_what_is_over(seen.world.guard, guard)
        return written

    def _say_what_is_over(self, before: Guard, after: Guard) -> None:
        for one in after.attempts:
            known = before.find(one.execution.deployment, one.execution.attempt)
            notice = ended(one)
            if notice is not None and (known is None or not known.is_over):
                self.say(one.queue, notice)

    def _say_what_hinders(self, world: World) -> None:
        for job in world.jobs:
            attempt = world.guard.find(job.deployment, job.attempt)
            for pod in job.pods:
                if attempt is not None and not attempt.is_over and pod.trouble and pod.trouble.has_reason:
                    message = f"{place_of(attempt)}: {pod.trouble.problem}"
                    self.say(attempt.queue, Notice(Reason.POD_CANNOT_START, message))

    def _with_unwritten(self, seen: Seen) -> Seen:
        """Return the same with what the guard takes over when it learns the next thing: that a Job was let run.

        When that was stands on the Job, and Funade may be told of it twice.
        """
        guard = seen.world.guard
        for one in guard.attempts:
            job = seen.world.job_of(one)
            if one.phase is not Phase.STARTED or job is None or job.uid != one.uid:
                continue
            began = one.began or job.resumed
            is_told = Told.STARTED in one.told or (began is not None and job.uid in self.progress.started)
            guard = guard.having(replace(one, began=began, told=(Told.STARTED,) if is_told else one.told))
        return replace(seen, world=replace(seen.world, guard=guard))

    async def _write(self, name: str, seen: Seen, guard: Guard) -> Seen:
        if seen.raw is None:
            # What nobody need hear of does not weigh on whoever watches: its message or its Job says when to look.
            labels = {FOREIGN: "true"} if guard.is_foreign else {GUARD: name}
            metadata = {"name": name, "namespace": self.namespace, "labels": labels}
            made = {
                "apiVersion": DEPLOY_GUARDS.api_version,
                "kind": DEPLOY_GUARDS.kind,
                "metadata": metadata,
                "spec": to_spec(guard),
            }
            with effect("controller.make_guard"):
                raw = await self.cluster.create(DEPLOY_GUARDS, made, manager=MANAGER)
        else:
            changed = {**seen.raw, "spec": to_spec(guard)}
            with effect("controller.write_guard"):
                raw = await self.cluster.replace(DEPLOY_GUARDS, changed, manager=MANAGER)
        self.wrote(raw)
        self.progress.started -= {one.uid for one in guard.attempts if Told.STARTED in one.told}
        return seen.with_guard(raw, guard)

    async def _is_still(self, name: str, seen: Seen, move: DeleteJob | Release) -> bool:
        """Tell whether the guard knows no more of the Job than when it was read, before the Job was seen."""
        if seen.world.guard.find(move.job.deployment, move.job.attempt) is not None:
            return True
        now = await self._looking.find_guard(name)
        return _version(now) == _version(seen.raw)

    async def _do(self, name: str, seen: Seen, move: Move) -> Seen | None:
        match move:
            case CreateJob():
                created = await self._create(name, seen, move)
                # In a flood everybody's Job is made before anybody's is let run.
                await self.give_way()
                return created
            case Resume(job):
                return self._with_job(seen, await self._resume(job))
            case StopJob(job):
                with effect("controller.stop_job"):
                    raw = await self.cluster.replace(JOBS, stopped(job.raw), manager=MANAGER)
                return self._with_job(seen, raw)
            case StopPods(job):
                await self._stop_pods(job)
                return None
            case DeleteJob(job):
                version = str(job.raw["metadata"]["resourceVersion"])
                with effect("controller.delete_job"):
                    await self.cluster.delete(JOBS, job.name, self.namespace, uid=job.uid, version=version)
                return None
            case Release(job):
                with effect("controller.release_job"):
                    raw = await self.cluster.replace(JOBS, released(job.raw), manager=MANAGER)
                return None if job.is_leaving else self._with_job(seen, raw)

    async def _resume(self, job: SeenJob) -> dict[str, Any]:
        try:
            return await self._resume_as_seen(job)
        except Conflict:
            # Kubernetes notes on a new Job that it is suspended, mostly just now: no reason to begin anew.
            now = read_job(await self.cluster.get(JOBS, job.name, self.namespace), ())
            if now.uid != job.uid or now.is_leaving or not now.never_ran:
                raise
        return await self._resume_as_seen(now)

    async def _resume_as_seen(self, job: SeenJob) -> dict[str, Any]:
        with effect("controller.resume_job"):
            changed = resumed(job.raw, self.clock.now())
            return await self.cluster.replace(JOBS, changed, manager=MANAGER)

    def _with_job(self, seen: Seen, raw: dict[str, Any]) -> Seen:
        self.wrote(raw)
        return seen.with_job(raw)

    async def _create(self, name: str, seen: Seen, move: CreateJob) -> Seen | None:
        deployment = move.attempt.execution.deployment
        try:
            job = job_for(move.attempt, move.queue, name, self.namespace)
            with effect("controller.create_job"):
                raw = await self.cluster.create(JOBS, job, manager=MANAGER)
        except (ValueError, Invalid) as error:
            return await self._seal(
                name, seen, move, f"Kubernetes does not take its Job: {error}"[:_LONGEST_WORDS]
            )
        except AlreadyExists:
            if not await self._is_ours(name, move):
                return await self._seal(name, seen, move, NOT_OURS)
            return None
        except Forbidden as error:
            # A quota, mostly: it may have room before the order's time is over.
            self._looking.hindrances[deployment] = problem = str(error)[:_LONGEST_WORDS]
            message = f"{place_of(move.attempt)}: Kubernetes does not let us make its Job now: {problem}"
            self.say(move.queue.name, Notice(Reason.JOB_NOT_CREATED, message))
            raise
        else:
            self._looking.hindrances.pop(deployment, None)
            message = f"the Job for {place_of(move.attempt)} is made"
            self.say(move.queue.name, Notice(Reason.JOB_CREATED, message))
            return self._with_job(seen, raw)

    async def _seal(self, name: str, seen: Seen, move: CreateJob, problem: str) -> Seen:
        stop = Stop(by=EndedBy.NEVER_STARTED, problem=problem)
        guard = seen.world.guard.having(sealed(move.attempt, stop, self.clock.now()))
        written = await self._write(name, seen, guard)
        self._say_what_is_over(seen.world.guard, guard)
        return written

    async def _is_ours(self, name: str, move: CreateJob) -> bool:
        execution = move.attempt.execution
        raw = await self.cluster.get(JOBS, job_name(execution.deployment, execution.attempt), self.namespace)
        return bool((raw["metadata"].get("labels") or {}).get(GUARD) == name)

    async def _stop_pods(self, job: SeenJob) -> None:
        for pod in job.pods:
            if pod.is_alive and not pod.is_leaving:
                with effect("controller.stop_pod"):
                    await self.cluster.delete(PODS, pod.name, self.namespace, uid=pod.uid)

    # Telling

    async def _speak(self, name: str, seen: Seen, inbox: Inbox) -> tuple[bool, Seen | None]:
        """Tell what is untold, then let messages go; return whether there was trouble, and what is new by that."""
        try:
            told = await self._tell(name, seen)
        except QueueError as error:
            log.warning("facts cannot be told now", guard=name, problem=str(error))
            return True, None
        trouble = False
        for held, absorbed in inbox.absorbed(seen.world.guard, seen.world.now)[1]:
            trouble = not await self._settle(held, absorbed, inbox) or trouble
        await self._tell_progress(seen.world)
        return trouble, told

    async def _tell_progress(self, world: World) -> None:
        """Tell what keeps programs from running; nothing waits for that."""
        for attempt in world.guard.attempts:
            news = self.progress.news(world, attempt)
            if news is None or not attempt.facts:
                continue
            try:
                await self._send(attempt.facts, attempt.queue, [news])
            except QueueError as error:
                log.warning("progress cannot be told now", queue=attempt.queue, problem=str(error))
                return
            self.progress.told(world, attempt)

    async def _tell(self, name: str, seen: Seen) -> Seen | None:
        guard = seen.world.guard
        told = guard
        for attempt in guard.attempts:
            untold = tuple(one for one in attempt.untold if not self._waits(seen.world, attempt, one))
            if not untold:
                continue
            if attempt.facts:
                facts = [fact for one in untold if (fact := fact_of(attempt, one)) is not None]
                await self._send(attempt.facts, attempt.queue, facts)
            if attempt.phase is Phase.STARTED:
                self.progress.started.add(attempt.uid)
            else:
                told = told.having(replace(attempt, told=(*attempt.told, *untold)))
        if told != guard:
            return await self._write(name, seen, told)
        known = self._with_unwritten(seen)
        return known if known != seen else None

    def _waits(self, world: World, attempt: Attempt, told: Told) -> bool:
        """Tell whether an end is better told a little later, with the length of its output."""
        job, ending = world.job_of(attempt), attempt.ending
        if told is not Told.ENDED or attempt.phase is not Phase.ENDED or ending is None:
            return False
        is_told = attempt.output is not None or not attempt.facts or job is None or not job.is_held
        return not is_told and world.now - ending.at < self.patience

    async def _settle(self, held: Held, absorbed: Absorbed, inbox: Inbox) -> bool:
        """Let a message go that needs nothing more of us; tell whether that went well."""
        if absorbed.then is Then.WAIT:
            return True
        queue = inbox.queues[held.id]
        try:
            if absorbed.then is Then.ASIDE:
                log.warning("an order is set aside", queue=queue.name, problem=absorbed.problem)
                await held.set_aside(absorbed.problem)
                self.say(queue.name, refused(absorbed.problem))
            else:
                is_answered = absorbed.is_told and held.id in inbox.waited
                if absorbed.answers and queue.facts and not is_answered:
                    await self._send(queue.facts, queue.name, absorbed.answers)
                await held.delete()
        except FunadeError as error:
            log.warning("a message stays in its queue", queue=queue.name, problem=str(error))
            return False
        inbox.drop(held)
        return True

    async def _send(self, url: str, queue: str, facts: Sequence[Fact]) -> None:
        known = self.queues().get(queue)
        outlet = self.doors.outlet(url, known.region if known is not None else "")
        with effect("controller.tell"):
            await outlet.send(facts)

    def _again(self, world: World, inbox: Inbox, *, trouble: bool) -> timedelta | None:
        if trouble:
            return AFTER_TROUBLE
        untold = [one.ending.at for one in world.guard.attempts if one.is_over and one.untold and one.ending]
        if untold:
            # Once all of the output is told we hear of it.
            return max(A_MOMENT, min(untold) + self.patience - world.now)
        is_lively = inbox.held or any(not one.is_over for one in world.guard.attempts)
        return LIVELY if is_lively else None


def _version(raw: Mapping[str, Any] | None) -> str:
    return "" if raw is None else str(raw["metadata"]["resourceVersion"])
