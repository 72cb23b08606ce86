"""The controller's loop: whatever changes makes something due, and whatever is due is looked at from the beginning."""

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from funade.clients.kubernetes.errors import Conflict, NotFound
from funade.clients.kubernetes.kinds import JOBS, PODS, Kind
from funade.controller.agenda import Agenda
from funade.controller.cluster import Cluster
from funade.controller.condition import Standing, status_of
from funade.controller.deploy_queue import DeployQueue, Flawed, parse
from funade.controller.doors import Doors, Held
from funade.controller.events import Events, Notice, Reason, Thing, refused
from funade.controller.followers import Followers
from funade.controller.foreign import REFUSED, deployment_of, guard_name_of
from funade.controller.foreign_jobs import ForeignJobs
from funade.controller.guard import Guard
from funade.controller.history import EndedJobs
from funade.controller.inbox import Inbox
from funade.controller.job import released
from funade.controller.names import (
    DEPLOY_GUARDS,
    DEPLOY_QUEUES,
    FINALIZER,
    GUARD,
    MANAGER,
    QUEUE,
    guard_name,
    job_name,
)
from funade.controller.news import News
from funade.controller.reconcile import Reconcile
from funade.controller.seen import SeenJob, read_job
from funade.controller.telling import Telling
from funade.controller.tidying import Tidying
from funade.controller.watching import Watching
from funade.domain.errors import FunadeError
from funade.domain.messages import ForeignMessage, OrderedStart
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

SIDE_BY_SIDE = 8
PAUSE_SECONDS = 5.0
SHOWN_EVERY = timedelta(seconds=10)
SHOWN_AT_MOST_EVERY_SECONDS = 2.0
#: More than a queue gives at once.
MOST_TAKEN = 10
ROOM_LOOKED_FOR_EVERY_SECONDS = 0.5


@dataclass(slots=True, kw_only=True)
class Controller:
    """Everything of one controller, in one namespace."""

    cluster: Cluster
    namespace: str
    clock: Clock
    doors: Doors
    _queues: dict[str, DeployQueue | Flawed] = field(default_factory=dict)
    _inboxes: dict[str, Inbox] = field(default_factory=dict)
    _takers: dict[str, tuple[tuple[str, str, bool], asyncio.Task[None]]] = field(default_factory=dict)
    _standing: dict[str, Standing] = field(default_factory=dict)
    _running: dict[str, dict[str, str]] = field(default_factory=dict)
    _agenda: Agenda | None = None
    _shown: Agenda | None = None
    _foreign: ForeignJobs = field(default_factory=ForeignJobs)
    _ended: EndedJobs = field(default_factory=EndedJobs)
    _raw: dict[str, dict[str, Any]] = field(default_factory=dict)  #: DeployQueues as they were heard of last
    _shown_at: dict[str, float] = field(default_factory=dict)
    _news: News = field(default_factory=News)
    _due: set[str] = field(default_factory=set)  #: environments to be looked at whatever was heard
    _jobs_listed: asyncio.Event = field(default_factory=asyncio.Event)
    _telling: Telling = field(init=False)
    _followers: Followers = field(init=False)
    _events: Events = field(init=False)

    def __post_init__(self) -> None:
        self._telling = Telling(doors=self.doors, clock=self.clock, heard=self._hear_of_facts)
        self._followers = Followers(
            cluster=self.cluster,
            namespace=self.namespace,
            clock=self.clock,
            outlets=self._telling,
            queues=self._good_queues,
        )
        self._events = Events(cluster=self.cluster, namespace=self.namespace, clock=self.clock)

    async def run(self) -> None:
        """Work until cancelled; what runs in the cluster goes on without us."""
        tidying = Tidying(
            cluster=self.cluster,
            namespace=self.namespace,
            clock=self.clock,
            queues=self._good_queues,
            ended=self._ended,
        )

        async def give_way() -> None:
            if self._agenda is not None:
                await self._agenda.give_way()

        reconcile = Reconcile(
            cluster=self.cluster,
            namespace=self.namespace,
            clock=self.clock,
            doors=self._telling,
            queues=self._good_queues,
            seen=self._seen,
            say=self._say,
            is_new=self._news.is_new,
            give_way=give_way,
            wrote=self._news.wrote,
        )

        async def look(name: str) -> timedelta | None:
            inbox = self._inboxes.setdefault(name, Inbox())
            self._due.discard(name)
            self._news.begin(name)
            pause = await reconcile(name, inbox)
            if not inbox.held:
                self._inboxes.pop(name, None)
            if self._news.only_our_own(name) and name not in self._due and self._agenda is not None:
                self._agenda.unmark(name)
            return pause

        async with (
            Agenda(look, self.clock, side_by_side=SIDE_BY_SIDE) as self._agenda,
            Agenda(self._show, self.clock, side_by_side=2) as self._shown,
        ):
            try:
                async with asyncio.TaskGroup() as group:
                    for watching in self._watchings():
                        group.create_task(watching.run())
                    group.create_task(tidying.run())
                    group.create_task(self._events.run())
            finally:
                tasks = [task for _, task in self._takers.values()]
                for one in tasks:
                    one.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._takers.clear()
                await self._followers.close()

    # What changes

    def _watchings(self) -> Sequence[Watching]:
        def by_label(obj: dict[str, Any], is_there: bool) -> None:
            name = str((obj["metadata"].get("labels") or {}).get(GUARD, ""))
            if name and self._news.is_news(name, obj, is_there=is_there) and self._agenda is not None:
                self._agenda.mark(name)

        def hear_job(obj: dict[str, Any], is_there: bool) -> None:
            self._foreign.hear(obj, is_there=is_there)
            self._ended.hear(obj, is_there=is_there)
            by_label(obj, is_there)
            if not is_there:
                self._followers.wake(str(obj["metadata"].get("uid", "")))

        def hear_pod(obj: dict[str, Any], is_there: bool) -> None:
            by_label(obj, is_there)
            self._followers.hear(obj)

        def watching(kind: Kind, **how: Any) -> Watching:
            return Watching(
                cluster=self.cluster, kind=kind, namespace=self.namespace, clock=self.clock, **how
            )

        return [
            watching(DEPLOY_QUEUES, hear=self._hear_queue, listed=self._keep_queues),
            watching(JOBS, hear=hear_job, listed=self._keep_jobs, labels=GUARD, is_listed=self._jobs_listed),
            watching(DEPLOY_GUARDS, hear=by_label, listed=self._news.keep_guards, labels=GUARD),
            watching(PODS, hear=hear_pod, labels=GUARD),
        ]

    def _keep_queues(self, there: Set[str]) -> None:
        for name in [one for one in self._queues if one not in there]:
            self._forget_queue(name)

    def _keep_jobs(self, there: Set[str]) -> None:
        self._foreign.keep(there)
        self._ended.keep(there)
        self._news.keep_jobs()

    def _mark(self, name: str) -> None:
        if name and self._agenda is not None:
            self._due.add(name)
            self._agenda.mark(name)

    def _hear_queue(self, raw: dict[str, Any], is_there: bool) -> None:
        name = str(raw["metadata"]["name"])
        if not is_there:
            self._forget_queue(name)
            return
        queue = parse(raw)
        # Who changed which field is more than half of it, and nobody here asks; writing leaves it as it is.
        self._raw[name] = {**raw, "metadata": {**raw["metadata"], "managedFields": None}}
        is_news = self._queues.get(name) != queue
        self._queues[name] = queue
        self._listen(name, queue)
        if self._shown is not None:
            self._shown.mark(name)
        if is_news:
            for guard in [one for one, inbox in self._inboxes.items() if inbox.held]:
                self._mark(guard)

    def _forget_queue(self, name: str) -> None:
        self._queues.pop(name, None)
        self._raw.pop(name, None)
        self._shown_at.pop(name, None)
        self._standing.pop(name, None)
        _, task = self._takers.pop(name, (None, None))
        if task is not None:
            task.cancel()

    def _good_queues(self) -> dict[str, DeployQueue]:
        return {name: one for name, one in self._queues.items() if isinstance(one, DeployQueue)}

    # Orders

    def _listen(self, name: str, queue: DeployQueue | Flawed) -> None:
        """Have one task take orders from each queue that may be used; from another address, another task."""
        address = None
        if isinstance(queue, DeployQueue) and not queue.is_leaving:
            address = (queue.queue, queue.region, queue.accepts_foreign)
        known, task = self._takers.get(name, (None, None))
        if task is not None and not task.done() and known == address:
            return
        if task is not None:
            task.cancel()
            del self._takers[name]
        if address is not None:
            taking = asyncio.create_task(self._take(name), name=f"controller: queue of {name}")
            self._takers[name] = (address, taking)

    async def _take(self, name: str) -> None:
        while True:
            queue = self._queues.get(name)
            if not isinstance(queue, DeployQueue):
                return
            try:
                await self._take_while_open(name, queue)
            except FunadeError as error:
                self._set_standing(name, Standing(problem=str(error), is_asked=True))
                message = f"`spec.queue` cannot be used: {error}"
                self._say(name, Notice(Reason.QUEUE_UNREACHABLE, message))
                await self.clock.sleep(PAUSE_SECONDS)
            except Exception:
                # The process's loop: one queue must not stop the others.
                log.exception("our mistake; will be tried again", queue=name)
                await self.clock.sleep(PAUSE_SECONDS)

    async def _take_while_open(self, name: str, queue: DeployQueue) -> None:
        async with self.doors.inlet(queue) as inlet:
            while True:
                taken = await inlet.take(await self._room(queue))
                if self._standing.get(name, Standing()).problem is not None:
                    self._say(name, Notice(Reason.QUEUE_REACHABLE, "`spec.queue` can be used again"))
                self._set_standing(name, Standing(is_asked=True))
                for problem in taken.refused:
                    self._say(name, refused(problem))
                now = self._queues.get(name)
                queue = now if isinstance(now, DeployQueue) else queue
                for held in taken.held:
                    try:
                        await self._sort(held, queue)
                    except FunadeError as error:
                        held.let_go()
                        log.warning("a message stays in its queue", queue=name, problem=str(error))
                    except Exception:
                        # The process's loop: one message must not stop those behind it.
                        held.let_go()
                        log.exception("our mistake; a message stays in its queue", queue=name)

    async def _room(self, queue: DeployQueue) -> int:
        """Return how many messages may be taken now, once it is at least one."""
        if not queue.accepts_foreign:
            return MOST_TAKEN
        await self._jobs_listed.wait()
        while True:
            now = self._queues.get(queue.name)
            most = now.foreign_at_once if isinstance(now, DeployQueue) else queue.foreign_at_once
            room = most - len(self._foreign.living(queue.name) | self._in_hand(queue.name))
            if room > 0:
                return min(room, MOST_TAKEN)
            await self.clock.sleep(ROOM_LOOKED_FOR_EVERY_SECONDS)

    def _in_hand(self, name: str) -> set[str]:
        """Return the names of the Jobs that other programs' messages in our hands will be."""
        return {
            job_name(deployment_of(held.id), 1)
            for inbox in self._inboxes.values()
            for held in inbox.held
            if isinstance(held.order, ForeignMessage) and inbox.queues[held.id].name == name
        }

    async def _sort(self, held: Held, queue: DeployQueue) -> None:
        """Put a message where its environment finds it; or raise FunadeError."""
        if isinstance(held.order, ForeignMessage):
            if not queue.accepts_foreign:
                await held.set_aside(REFUSED)
                self._say(queue.name, refused(REFUSED))
                return
            guard = guard_name_of(held.id)
            self._say(queue.name, Notice(Reason.MESSAGE_RECEIVED, "a message of another program is taken"))
        else:
            execution = held.order.execution
            guard = guard_name(execution.application, execution.environment)
            if isinstance(held.order, OrderedStart):
                message = f"an order for {execution.application}/{execution.environment} is taken"
                self._say(queue.name, Notice(Reason.ORDER_RECEIVED, message))
        self._inboxes.setdefault(guard, Inbox()).put(held, queue)
        self._mark(guard)

    def _hear_of_facts(self, url: str, problem: str | None) -> None:
        for name, queue in self._good_queues().items():
            if queue.facts == url:
                if problem is None:
                    notice = Notice(Reason.FACTS_REACHABLE, "`spec.factsQueue` can be used again")
                else:
                    words = f"`spec.factsQueue` cannot be used, and nobody hears of what runs: {problem}"
                    notice = Notice(Reason.FACTS_UNREACHABLE, words)
                self._say(name, notice)
                if self._shown is not None:
                    self._shown.mark(name)

    def _say(self, name: str, notice: Notice) -> None:
        queue = self._queues.get(name)
        if isinstance(queue, DeployQueue):
            self._events.say(Thing(DEPLOY_QUEUES, name, queue.uid), notice)

    def _set_standing(self, name: str, standing: Standing) -> None:
        if self._standing.get(name) != standing:
            self._standing[name] = standing
            if self._shown is not None:
                self._shown.mark(name)

    # Output

    def _seen(self, guard: Guard, jobs: Sequence[SeenJob]) -> None:
        """Have the output of what ran told, and remember what runs."""
        for job in jobs:
            attempt = guard.find(job.deployment, job.attempt)
            if attempt is None:
                continue
            self._remember(guard, job, is_over=attempt.is_over, queue=attempt.queue)
            self._followers.see(attempt, job)

    def _remember(self, guard: Guard, job: SeenJob, *, is_over: bool, queue: str) -> None:
        running = self._running.setdefault(queue, {})
        shown = f"{guard.application}/{guard.environment}"
        before = dict(running)
        if is_over:
            running.pop(job.uid, None)
        else:
            running[job.uid] = shown
        if before != running and self._shown is not None:
            self._shown.mark(queue)

    # What a DeployQueue shows, and its end

    async def _show(self, name: str) -> timedelta | None:
        raw, queue = self._raw.get(name), self._queues.get(name)
        if raw is None or queue is None:
            return None
        since = self.clock.steady() - self._shown_at.get(name, -SHOWN_AT_MOST_EVERY_SECONDS)
        if since < SHOWN_AT_MOST_EVERY_SECONDS:
            # What comes and goes meanwhile need not be shown.
            return timedelta(seconds=SHOWN_AT_MOST_EVERY_SECONDS - since)
        try:
            if await self._hold_or_release(name, raw, queue):
                return None
            running = sorted(self._running.get(name, {}).values())
            known = self._standing.get(name, Standing())
            waiting = sum(
                sum(one.name == name for one in inbox.queues.values()) for inbox in self._inboxes.values()
            )
            facts = queue.facts if isinstance(queue, DeployQueue) else ""
            standing = Standing(
                problem=known.problem,
                facts_problem=self._telling.problem_with(facts),
                is_asked=known.is_asked,
                running=running,
                waiting=waiting,
            )
            before = raw.get("status") or {}
            status = status_of(queue, standing, before, self.clock.now())
            if status != before:
                with effect("controller.show_status"):
                    await self.cluster.replace_status(
                        DEPLOY_QUEUES, {**raw, "status": status}, manager=MANAGER
                    )
                self._shown_at[name] = self.clock.steady()
        except (Conflict, NotFound):
            # It was changed, and we shall hear of that.
            return timedelta(seconds=1)
        return SHOWN_EVERY if queue.is_leaving or running else None

    async def _hold_or_release(self, name: str, raw: dict[str, Any], queue: DeployQueue | Flawed) -> bool:
        """Keep a DeployQueue until its Jobs have ended; tell whether anything was written."""
        is_held = FINALIZER in (raw["metadata"].get("finalizers") or [])
        if not queue.is_leaving and not is_held:
            finalizers = [*(raw["metadata"].get("finalizers") or []), FINALIZER]
            changed = {**raw, "metadata": {**raw["metadata"], "finalizers": finalizers}}
            with effect("controller.hold_queue"):
                await self.cluster.replace(DEPLOY_QUEUES, changed, manager=MANAGER)
            return True
        if queue.is_leaving and is_held:
            jobs = await self.cluster.list(JOBS, self.namespace, labels=f"{QUEUE}={name}")
            if not any(read_job(one, ()).is_held for one in jobs.objects):
                with effect("controller.release_queue"):
                    await self.cluster.replace(DEPLOY_QUEUES, released(raw), manager=MANAGER)
                return True
        return False
