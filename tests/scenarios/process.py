"""One Funade process of a test: the real use cases on the shared store, moved by the test, killed or frozen at will."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from funade.domain.answers import Answer
from funade.domain.commands import Command
from funade.domain.errors import FencedOut
from funade.domain.people import Actor, Door
from funade.runner.lease import Heart
from funade.testing.links import FakeLinks
from funade.testing.processes import FakeMachine
from funade.usecases.accept_deployment import AcceptDeployment
from funade.usecases.announce import Announce
from funade.usecases.assemble_release import AssembleRelease
from funade.usecases.cancel_deployment import CancelDeployment
from funade.usecases.carry_out_deployment import CarryOutDeployment
from funade.usecases.change_environment import ChangeEnvironment
from funade.usecases.decide_deployment import DecideDeployment
from funade.usecases.desk import Desk, Verbs
from funade.usecases.end_waiting import EndWaiting
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.follow_approvals import FollowApprovals
from funade.usecases.follow_progress import FollowProgress
from funade.usecases.living import Living
from funade.usecases.pause_everything import PauseEverything
from funade.usecases.plan_deployment import ShowPlan
from funade.usecases.reach import Reach
from funade.usecases.read_log import ReadOutput
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.record_refusal import RecordRefusal
from funade.usecases.request_deployment import RequestDeployment, RetryDeployment, RollBack
from funade.usecases.rules import GatherRules
from funade.usecases.shares import Shares
from funade.usecases.show_deployment import ShowOneDeployment
from funade.usecases.show_history import ShowPast
from funade.usecases.show_status import ShowEverything
from funade.usecases.start_attempt import StartAttempt, TakeTurn
from funade.usecases.sweep import Sweep
from tests.scenarios.audit import AuditedLedger
from tests.scenarios.gates import Gated, GatedTargets, Gates, Killed
from tests.scenarios.world import NAMES, World

T = TypeVar("T")


class Process:
    """What `wiring` builds of real parts, of the world's; and the runner's loop, step by step."""

    def __init__(
        self,
        world: World,
        *,
        unknown_after: timedelta = timedelta(minutes=10),
        gates: Gates | None = None,
        machine: FakeMachine | None = None,
    ) -> None:
        self.world = world
        self.machine = machine or world.machine
        self.gates = gates or Gates()
        self.beats_always = False
        """It is slow, not frozen: its lease goes on."""
        self.hands: dict[str, asyncio.Task[Any]] = {}
        self._duties: dict[str, asyncio.Task[Any]] = {}
        self._build(unknown_after)
        world.loop.answer(self.heart.start())

    def _build(self, unknown_after: timedelta) -> None:
        world = self.world
        living = Living(clock=world.clock, machine=self.machine, lease=world.lease)
        self.heart = heart = Heart(
            world.ledger, self.machine, world.clock, world.ids, role="server", length=world.lease
        )
        ledger: Any = Gated(AuditedLedger(world.ledger, heart), self.gates, "ledger")
        sources: Any = Gated(world.sources, self.gates, "sources")
        targets = GatedTargets(world.targets, self.gates)
        reach = Reach(clock=world.clock, machine=self.machine, living=living, targets=targets)
        workspaces: Any = Gated(world.workspaces, self.gates, "workspaces")
        verifier: Any = Gated(world.verifier, self.gates, "verifier")
        clock: Any = Gated(world.clock, self.gates, "clock")
        assemble = AssembleRelease(ledger=ledger, sources=sources, targets=targets)
        rules = GatherRules(configurations=world.configurations, calendar=world.calendar)
        explain = ExplainWaiting(rules=rules, living=living, clock=clock)
        accept = AcceptDeployment(ledger=ledger, clock=clock, ids=world.ids, rules=rules, explain=explain)
        status = ShowEverything(ledger=ledger, living=living, calendar=world.calendar, clock=clock)
        verbs = Verbs(
            plan=ShowPlan(assemble=assemble, accept=accept),
            deploy=RequestDeployment(assemble=assemble, accept=accept),
            retry=RetryDeployment(assemble=assemble, accept=accept),
            roll_back=RollBack(ledger=ledger, assemble=assemble, accept=accept),
            decide=DecideDeployment(
                ledger=ledger, sources=sources, clock=clock, rules=rules, explain=explain
            ),
            cancel=CancelDeployment(ledger=ledger, clock=clock, explain=explain),
            pause=PauseEverything(ledger=ledger, clock=clock),
            change_environment=ChangeEnvironment(ledger=ledger, clock=clock),
            status=status,
            history=ShowPast(ledger=ledger),
            show=ShowOneDeployment(
                ledger=ledger, logs=world.logs, explain=explain, status=status, links=FakeLinks()
            ),
            log=ReadOutput(ledger=ledger, logs=world.logs),
            refuse=RecordRefusal(ledger=ledger, clock=clock),
        )
        self.desk = Desk(configurations=world.configurations, ledger=ledger, verbs=verbs)
        self.reconcile = ReconcileDeployments(
            ledger=ledger,
            living=living,
            reach=reach,
            lease=heart,
            clock=clock,
            rules=rules,
            shares=Shares(clock=clock, left_seconds=0),
        )
        self.carry_out = CarryOutDeployment(
            ledger=ledger,
            sources=sources,
            targets=targets,
            workspaces=workspaces,
            lease=heart,
            clock=clock,
            reach=reach,
            take=TakeTurn(
                ledger=ledger,
                lease=heart,
                clock=clock,
                living=living,
                reach=reach,
                workspaces=workspaces,
                rules=rules,
            ),
            follow_progress=FollowProgress(ledger=ledger, targets=targets, clock=clock),
            start=StartAttempt(ledger=ledger, sources=sources, clock=clock, rules=rules, explain=explain),
            finish=FinishDeployment(
                ledger=ledger,
                targets=targets,
                verifier=verifier,
                workspaces=workspaces,
                lease=heart,
                clock=clock,
            ),
            unknown_after=unknown_after,
        )
        self.end_waiting = EndWaiting(ledger=ledger, clock=clock, explain=explain)
        self.follow_approvals = FollowApprovals(ledger=ledger, clock=clock, rules=rules)
        announcer: Any = Gated(world.announcer, self.gates, "announcer")
        self.announce = Announce(ledger=ledger, announcer=announcer, lease=heart, living=living)
        self.sweep = Sweep(ledger=ledger, targets=targets, workspaces=workspaces, lease=heart, clock=clock)

    @property
    def is_able(self) -> bool:
        return not self.gates.is_dead and not self.gates.is_frozen

    async def ask(self, who: str, command: Command, request: str) -> Answer:
        """Bring a command to the desk, as a door would."""
        actor = Actor(door=Door.TERMINAL, id=NAMES.get(who, who), name=who)
        return await self.desk(command, actor, request)

    def look(self) -> None:
        """Take on or end what may be; what is in hand goes on."""
        self._begin("look", self._look)

    def say(self) -> None:
        """Say what there is to say."""
        self._begin("say", self._say)

    def clean(self) -> None:
        """Sweep."""
        self._begin("sweep", self._clean)

    def beat(self) -> None:
        """Renew the lease; a process that has lost it drops everything and begins again under a new name."""
        try:
            self.world.loop.answer(self.heart.beat())
        except FencedOut:
            for task in [*self.hands.values(), *self._duties.values()]:
                task.cancel()
            self.world.loop.goes_on()
            self.world.loop.answer(self.heart.start())

    def die(self) -> None:
        """End without a last word."""
        self.gates.kill()
        self.world.loop.goes_on()

    def _begin(self, name: str, work: Any) -> None:
        before = self._duties.get(name)
        if before is None or before.done():
            self._duties[name] = self.world.loop.create_task(self.survive(work()))

    async def _clean(self) -> None:
        await self.sweep()
        await self.follow_approvals()

    async def _look(self) -> None:
        moves = await self.reconcile(frozenset(self.hands))
        for id in moves.end:
            await self.end_waiting(id)
        for id in moves.take:
            task = self.world.loop.create_task(self.survive(self.carry_out(id)), name=id)
            self.hands[id] = task
            task.add_done_callback(lambda done: self.hands.pop(done.get_name()))

    async def _say(self) -> None:
        while await self.announce():
            pass

    async def survive(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do as the runner does with the expected; anything else is a mistake that the test must see."""
        try:
            return await work
        except (Killed, FencedOut):
            return None
        except Exception as error:
            self.world.mistakes.append(error)
            raise
