"""The people, the rules and the processes of the small world: every verb is the real one, on ports that stand still."""

from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from funade.domain.application import Application, Configuration, Environment
from funade.domain.commands import Approve, Cancel, Deploy, Lock, Unlock
from funade.domain.deployment import Deployment, Preview, State
from funade.domain.environment import Berth
from funade.domain.orders import Observed
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.plan import digest
from funade.domain.revision import Revision
from funade.testing.calendar import FakeCalendar
from funade.usecases.accept_deployment import AcceptDeployment, Asked
from funade.usecases.assemble_release import Assembled
from funade.usecases.cancel_deployment import CancelDeployment
from funade.usecases.carry_out_deployment import CarryOutDeployment, execution_of
from funade.usecases.change_environment import ChangeEnvironment
from funade.usecases.decide_deployment import DecideDeployment, Decider
from funade.usecases.end_waiting import EndWaiting
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.follow_approvals import FollowApprovals
from funade.usecases.follow_progress import FollowProgress
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.rules import GatherRules
from funade.usecases.shares import Shares
from funade.usecases.start_attempt import StartAttempt, TakeTurn
from tests.scenarios.small_store import SmallTransaction, Stored
from tests.scenarios.small_world import (
    Running,
    Small,
    SmallLedger,
    SmallPlace,
    SmallVerifier,
    change,
    programs_end,
    step,
)
from tests.unit.domain.examples import NEW, NOON, OLD, OTHER, PLAN, RELEASE

#: All that may happen so and so often.
NEVER = dict.fromkeys(("crash", "freeze", "bob", "cy", "leave", "lock", "unlock", "cancel", "wait"), 0)
PEOPLE = {name: Person(name=name, ids=frozenset({name})) for name in ("ada", "bob", "cy")}
RIGHTS = {
    Right.DEPLOY: ("ada",),
    Right.APPROVE: ("sre",),
    Right.LOCK: ("sre",),
    Right.OVERRIDE: ("sre",),
}
HERE: dict[str, Any] = {"application": "shop", "environment": "production"}


def _configuration(*sre: str) -> Configuration:
    verify = replace(RELEASE.verify, within=timedelta(0)) if RELEASE.verify else None
    production = Environment(
        name="production", target=RELEASE.target, rights=RIGHTS, verify=verify, approvals=1
    )
    shop = Application(name="shop", repository=RELEASE.repository, environments={"production": production})
    people = People(people=PEOPLE, groups={"sre": sre})
    return Configuration(path="funade.yaml", applications={"shop": shop}, people=people)


BEFORE, AFTER = _configuration("bob", "cy"), _configuration("cy")


def port(**calls: Any) -> Any:
    """Return a port that is no more than these."""
    return SimpleNamespace(**calls)


class _CarryOut(CarryOutDeployment):
    """Waits in turns instead of side by side: for the end, or for a wish to be passed on."""

    __slots__ = ()

    async def _follow(self, deployment: Deployment, place: Any) -> None:
        execution = execution_of(deployment)
        while (sighting := await place.wait(execution)) is None:
            await self._glance(deployment, place, execution)
        await self.finish(deployment, sighting)


class _Finish(FinishDeployment):
    """Leaves folders to somebody else's test."""

    __slots__ = ()

    async def _clear_up(self, deployment: Deployment) -> tuple[str, ...]:
        return ()


class _Verbs:
    """What one process can do."""

    def __init__(self, office: "SmallOffice", process: str) -> None:
        lease = port(process=process, machine="m", check=lambda: None)
        ledger: Any = office.ledger
        place = SmallPlace()
        workspaces = port(folder=lambda id, epoch: f"{id}.{epoch}", remove=_nothing)
        target = port(place=place, observe=_see_nothing)
        targets = port(
            open=lambda release: target, is_local=lambda release: False, facts_from=lambda target: None
        )
        shared: Any = {"ledger": ledger, "clock": office.clock}
        reach = port(covers=_always, claimed=_ignore, start_within=_a_minute)
        self.reconcile = ReconcileDeployments(
            **shared,
            living=office.living,
            reach=reach,
            lease=lease,
            rules=office.rules,
            shares=Shares(clock=office.clock, left_seconds=0),
        )
        self.end = EndWaiting(**shared, explain=office.explain)
        self.carry_out = _CarryOut(
            **shared,
            sources=office.sources,
            targets=targets,
            workspaces=workspaces,
            lease=lease,
            reach=reach,
            follow_progress=FollowProgress(**shared, targets=targets),
            take=TakeTurn(
                **shared,
                lease=lease,
                living=office.living,
                reach=reach,
                workspaces=workspaces,
                rules=office.rules,
            ),
            start=StartAttempt(
                **shared, sources=office.sources, rules=office.rules_at_the_start, explain=office.explain
            ),
            finish=_Finish(
                **shared,
                targets=targets,
                verifier=SmallVerifier(),
                workspaces=workspaces,
                lease=lease,
            ),
        )


def _always(*_: Any) -> bool:
    """Other machines are another's test."""
    return True


def _ignore(*_: Any) -> None:
    """Silences are another's test."""


def _a_minute(_: Any) -> timedelta:
    """Late orders are another's test."""
    return timedelta(minutes=1)


async def _see_nothing(_: Any) -> Observed:
    """The verifier sees; hosts apart are another's test."""
    return Observed()


async def _nothing(*_: Any, **__: Any) -> None:
    """Checkouts are another's test."""


def _answer(value: bool) -> Any:
    async def answer(*_: Any) -> bool:
        return value

    return answer


class SmallOffice:
    """All that can happen, from any state of the small world."""

    def __init__(
        self, budget: dict[str, int], *, follows: bool = True, rules_at_the_start: Any = None
    ) -> None:
        self.world: Small
        self.ledger = SmallLedger()
        self.clock = port(now=lambda: self.world.now, steady=lambda: 0.0)
        self.living = port(among=self._living)
        self.sources = port(check_out=_nothing, contains=_answer(follows))
        configurations = port(current=self._current)
        self.rules = GatherRules(configurations=configurations, calendar=FakeCalendar())
        self.rules_at_the_start: Any = rules_at_the_start or self.rules
        self.explain = ExplainWaiting(rules=self.rules, living=self.living, clock=self.clock)
        shared: Any = {"ledger": self.ledger, "clock": self.clock}
        self._decide = DecideDeployment(
            **shared, sources=self.sources, rules=self.rules, explain=self.explain
        )
        self._cancel = CancelDeployment(**shared, explain=self.explain)
        self._change = ChangeEnvironment(**shared)
        self._follow = FollowApprovals(**shared, rules=self.rules)
        self._verbs: dict[str, _Verbs] = {}
        self._budget = tuple((NEVER | budget).items())

    def _living(self, processes: Any) -> frozenset[str]:
        return frozenset(one.id for one in processes) - self.world.dead

    def _current(self) -> Configuration:
        return AFTER if self.world.bob_left else BEFORE

    def _of(self, process: str) -> _Verbs:
        if process not in self._verbs:
            self._verbs[process] = _Verbs(self, process)
        return self._verbs[process]

    def begin(self, process: Running) -> Coroutine[Any, Any, Any]:
        """Return the code of what a process has in hand, from its beginning."""
        verbs = self._of(process.id)
        verb = verbs.end if process.verb == "end" else verbs.carry_out
        return verb(process.deployment)

    def first(self) -> Small:
        """Return the world with two requests that wait for an approval."""
        berth = Berth(application="shop", environment="production", live=OLD)
        names = ("p1", "p2")
        self.world = Small(
            stored=Stored(berth=berth, processes=names),
            processes=tuple(Running(one) for one in names),
            live=OLD,
            now=NOON,
            left=self._budget,
        )
        for number, revision in ((1, NEW), (2, OTHER)):
            self.world, _ = change(self.world, partial(self._accept, number=number, revision=revision))
        return self.world

    def _accept(self, transaction: SmallTransaction, number: int, revision: Revision) -> Any:
        ids = port(new=lambda: f"d{number}")
        accept = AcceptDeployment(
            ledger=self.ledger,  # type: ignore[arg-type]  # it is not asked
            clock=self.clock,
            ids=ids,
            rules=self.rules,
            explain=self.explain,
        )
        environment = BEFORE.applications["shop"].environments["production"]
        release = replace(RELEASE, revision=revision, verify=environment.verify)
        assembled = Assembled(
            ref="main",
            release=release,
            plan=PLAN,
            digest=digest(release, PLAN),
            preview=Preview(live=OLD),
        )
        command = Deploy(application="shop", environment="production", ref="main")
        asked = Asked(actor=_actor("ada"), person=PEOPLE["ada"], request=f"r{number}", command=command)
        return accept._write(transaction, assembled, environment, asked)  # type: ignore[arg-type]

    # What can happen

    def happenings(self, world: Small) -> Iterator[tuple[str, Small]]:
        """Return everything that can happen next."""
        self.world = world
        yield from self._processes(world)
        yield from programs_end(world)
        yield from self._people(world)
        if world.may("wait"):
            yield "the longest wait is over", replace(world.spend("wait"), now=NOON + timedelta(hours=25))

    def _processes(self, world: Small) -> Iterator[tuple[str, Small]]:
        for index, process in enumerate(world.processes):
            if process.verb:
                after = step(world, index, self.begin)
                if after is not None:
                    yield f"{process.id} goes on with {process.verb} {process.deployment}", after
                if world.may("crash"):
                    yield f"{process.id} is killed", self._killed(world, index)
                if world.may("freeze") and process.id not in world.dead:
                    frozen = replace(world.spend("freeze"), dead=world.dead | {process.id})
                    yield f"the lease of {process.id} runs out", frozen
            else:
                yield from self._looks(world, index)

    def _killed(self, world: Small, index: int) -> Small:
        process = world.processes[index]
        dead = replace(world.spend("crash"), dead=world.dead | {process.id})
        return _begins_anew(dead, index)

    def _looks(self, world: Small, index: int) -> Iterator[tuple[str, Small]]:
        process = world.processes[index]
        if process.id not in world.stored.processes:
            # It was struck off while it was slow.
            yield f"{process.id} begins anew", _begins_anew(world, index)
            return
        self.world = world = replace(world, dead=world.dead - {process.id})
        moves = self._of(process.id).reconcile._look(SmallTransaction(world.stored), frozenset())  # type: ignore[arg-type]
        for verb, ids in (("carry out", moves.take), ("end", moves.end)):
            for id in ids:
                processes = list(world.processes)
                processes[index] = Running(process.id, verb, id)
                yield f"{process.id} takes up {verb} {id}", replace(world, processes=tuple(processes))

    def _people(self, world: Small) -> Iterator[tuple[str, Small]]:
        for row in world.stored.rows:
            for name in ("bob", "cy"):
                if world.may(name) and row.state is State.AWAITING_APPROVAL:
                    yield from self._approves(world, name, row)
        if world.may("leave"):
            yield "bob leaves", replace(world.spend("leave"), bob_left=True)
        if world.may("cancel"):
            yield "ada cancels #1", self._does(world, "cancel", self._cancels)
        if world.may("lock"):
            yield "cy locks", self._does(world, "lock", self._locks)
        elif world.may("unlock"):
            yield "cy unlocks", self._does(world, "unlock", self._unlocks)
        for row in world.stored.rows:
            swept, _ = change(world, partial(self._follow._follow, id=row.id))
            if swept.stored.rows != world.stored.rows:
                yield f"#{row.number} is put where it belongs", swept

    def _does(self, world: Small, what: str, work: Any) -> Small:
        after, _ = change(world, work)
        return after.spend(what)

    def _approves(self, world: Small, name: str, row: Deployment) -> Iterator[tuple[str, Small]]:
        if name == "bob" and self._current() is AFTER:
            return
        decider = Decider(actor=_actor(name), person=PEOPLE[name])

        def work(it: Any) -> Any:
            return self._decide._decide(
                it, it.deployment(row.number), it.berth("", ""), Approve(number=row.number), decider
            )

        yield f"{name} approves #{row.number}", self._does(world, name, work)

    def _cancels(self, it: Any) -> Any:
        return self._cancel._write(it, Cancel(number=1), PEOPLE["ada"])

    def _locks(self, it: Any) -> Any:
        return self._change._write(it, Lock(**HERE, reason="migrating"), _actor("cy"), PEOPLE["cy"])

    def _unlocks(self, it: Any) -> Any:
        return self._change._write(it, Unlock(**HERE), _actor("cy"), PEOPLE["cy"])


def _begins_anew(world: Small, index: int) -> Small:
    """Return the world with a new process in the place of a dead one."""
    processes = list(world.processes)
    processes[index] = Running(processes[index].id + "'")
    stored = replace(world.stored, processes=(*world.stored.processes, processes[index].id))
    return replace(world, processes=tuple(processes), stored=stored)


def _actor(name: str) -> Actor:
    return Actor(door=Door.TERMINAL, id=name, name=name)
