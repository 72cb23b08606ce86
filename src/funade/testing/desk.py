"""A desk in memory for the doors' tests: it accepts, counts requests, and remembers who asked what."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from funade.domain.answers import (
    Accepted,
    Answer,
    Changed,
    DeploymentShown,
    EnvironmentShown,
    HistoryShown,
    LogShown,
    PauseChanged,
    Planned,
    Refused,
    RightShown,
    RightsShown,
    StatusShown,
    Waiting,
)
from funade.domain.application import Repository, TargetConfiguration
from funade.domain.commands import (
    Approve,
    Cancel,
    Command,
    Deploy,
    Hold,
    Lock,
    Override,
    PauseAll,
    PlanDeployment,
    ReadLog,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowRights,
    ShowStatus,
    Unlock,
    Why,
)
from funade.domain.deployment import Deployment, Phase, Preview, Purpose, State
from funade.domain.environment import Berth
from funade.domain.environment import Hold as Held
from funade.domain.lock import Lock as Locked
from funade.domain.lock import Pause
from funade.domain.people import Actor, Right
from funade.domain.plan import Plan, Step, digest
from funade.domain.reason import Reason, because
from funade.domain.release import Release
from funade.domain.revision import Revision

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
REVISION = Revision("f5c0df1" + "0" * 33)
KNOWN = {"shop": ("staging", "production"), "blog": ("production",)}


@dataclass
class FakeDesk:
    """Knows `shop` and `blog`; what becomes of a deployment is told with `succeed`, `fail` and the like."""

    answers_after: float = 0.0
    breaks_with: Exception | None = None
    when_accepted: Callable[["FakeDesk", Deployment], None] = lambda _, __: None
    deployments: dict[int, Deployment] = field(default_factory=dict)
    waiting: dict[int, tuple[Waiting, ...]] = field(default_factory=dict)
    logs: dict[int, bytes] = field(default_factory=dict)
    asked: list[tuple[Command, Actor, str]] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)

    async def __call__(self, command: Command, actor: Actor, request: str) -> Answer:
        """Answer as the real one would, as far as a door can tell."""
        self.asked.append((command, actor, request))
        if self.answers_after:
            await asyncio.sleep(self.answers_after)
        if self.breaks_with is not None:
            raise self.breaks_with
        return self._answer(command, actor, request)

    def _answer(  # noqa: PLR0912 - one branch a command, flat on purpose
        self, command: Command, actor: Actor, request: str
    ) -> Answer:
        match command:
            case PlanDeployment():
                return self._plan(command)
            case Deploy() | Rollback():
                if command.environment not in KNOWN.get(command.application, ()):
                    return Refused(
                        because=because(Reason.UNKNOWN_APPLICATION, application=command.application, near=[])
                    )
                if isinstance(command, Deploy) and command.digest not in (None, self._plan(command).digest):
                    return Refused(because=because(Reason.DIGEST_CHANGED, number=None))
                return self._accept(command, actor, request)
            case Retry(number=number):
                old = self.deployments[number]
                again = Deploy(application=old.application, environment=old.environment, ref=old.ref)
                return self._accept(again, actor, request)
            case (
                Approve(number=number)
                | Reject(number=number)
                | Override(number=number)
                | Cancel(number=number)
                | ShowDeployment(number=number)
            ):
                return self._show(number, is_linked=isinstance(command, ShowDeployment) and command.link)
            case Why(number=number):
                return self._show(max(self.deployments, default=0) if number is None else number)
            case Lock() | Unlock() | Reopen() | Hold() | Resume():
                return Changed(berth=_berth_after(command, actor))
            case PauseAll():
                return PauseChanged(pause=Pause(by=actor.name, since=NOON, reason=command.reason))
            case ResumeAll():
                return PauseChanged(pause=None)
            case ShowRights():
                return self._rights(command)
            case ShowStatus():
                return self._status(command)
            case ShowHistory():
                return HistoryShown(events=(), deployments=tuple(reversed(self.deployments.values())))
            case ReadLog():
                return self._read_log(command)

    def start(self, number: int) -> None:
        """Let it run."""
        running = replace(self.deployments[number], state=State.RUNNING, phase=Phase.EXECUTING, attempt=1)
        self.deployments[number], self.waiting[number] = replace(running, started_at=NOON), ()

    def write(self, number: int, output: bytes) -> None:
        """Let its program say something."""
        self.logs[number] = self.logs.get(number, b"") + output

    def end(self, number: int, state: State, reason: Reason, *, verified: bool = False) -> None:
        """Let it end."""
        self.deployments[number] = replace(
            self.deployments[number],
            state=state,
            phase=Phase.DONE,
            because=because(reason, exit_code=0 if state is State.SUCCEEDED else 1, by="ada"),
            ended_at=NOON + timedelta(seconds=3),
            verified=verified,
        )
        self.waiting[number] = ()

    def wait_for(self, number: int, reason: Reason) -> None:
        """Let it wait."""
        self.waiting[number] = (
            Waiting(because=because(reason, number=number, needed=1, given=0), since=NOON),
        )

    def _plan(self, command: PlanDeployment | Deploy) -> Planned:
        release = _release(command.application, command.environment)
        plan = Plan(steps=(Step(name="run", data={"run": ["true"]}),))
        return Planned(
            application=command.application,
            environment=command.environment,
            ref=command.ref or "main",
            revision=REVISION,
            plan=plan,
            digest=digest(release, plan),
            preview=Preview(),
        )

    def _accept(self, command: Deploy | Rollback, actor: Actor, request: str) -> Accepted | DeploymentShown:
        if request in self.requests:
            number = self.requests[request]
            return Accepted(deployment=self.deployments[number], waiting=self.waiting[number])
        number = len(self.deployments) + 1
        planned = self._plan(Deploy(application=command.application, environment=command.environment))
        self.deployments[number] = Deployment(
            id=f"00000000-0000-4000-8000-{number:012}",
            number=number,
            purpose=Purpose.ROLLBACK if isinstance(command, Rollback) else Purpose.DEPLOY,
            release=_release(command.application, command.environment),
            plan=planned.plan,
            digest=planned.digest,
            ref=(command.ref if isinstance(command, Deploy) else None) or "main",
            asked_by=actor.name,
            asked_by_id=actor.id,
            door=actor.door.value,
            asked_at=NOON,
            due_at=NOON + timedelta(days=1),
            reason=command.reason,
        )
        self.waiting[number] = ()
        self.requests[request] = number
        self.when_accepted(self, self.deployments[number])
        return Accepted(deployment=self.deployments[number], waiting=self.waiting[number])

    def _show(self, number: int, *, is_linked: bool = False) -> DeploymentShown | Refused:
        if number not in self.deployments:
            return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=number))
        return DeploymentShown(
            deployment=self.deployments[number],
            waiting=self.waiting[number],
            log_length=len(self.logs.get(number, b"")),
            may=("approve", "reject", "override", "retry", "cancel", "rollback"),
            link=f"https://funade.acme.example/d/{number}/seal" if is_linked else None,
        )

    def _status(self, command: ShowStatus) -> StatusShown:
        return StatusShown(
            environments=tuple(
                EnvironmentShown(berth=Berth(application=application, environment=one), kind="command")
                for application, environments in KNOWN.items()
                for one in environments
                if command.application in (None, application) and command.environment in (None, one)
            )
        )

    def _rights(self, command: ShowRights) -> RightsShown:
        may = None if command.person is None else command.person == "ada"
        shown = tuple(
            RightShown(
                application=application,
                environment=environment,
                right=right.value,
                members=("ada",),
                may=may,
                by_rule="ada" if may else None,
            )
            for application, environments in KNOWN.items()
            for environment in environments
            for right in Right
            if command.application in (None, application)
            and command.environment in (None, environment)
            and command.right in (None, right.value)
        )
        return RightsShown(person=command.person, rights=shown)

    def _read_log(self, command: ReadLog) -> LogShown | Refused:
        deployment = self.deployments.get(command.number)
        if deployment is None:
            return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
        log = self.logs.get(command.number, b"")
        data = log[command.offset : command.offset + command.limit]
        following = command.offset + len(data)
        return LogShown(
            number=command.number,
            attempt=command.attempt or 1,
            offset=command.offset,
            data=base64.b64encode(data).decode(),
            next=following,
            complete=deployment.has_ended and following >= len(log),
        )


def _berth_after(command: Lock | Unlock | Reopen | Hold | Resume, actor: Actor) -> Berth:
    berth = Berth(application=command.application, environment=command.environment)
    match command:
        case Lock():
            until = None if command.lasts is None else NOON + command.lasts
            why = command.reason or ""
            locked = Locked(by=actor.name, by_id=actor.id, reason=why, since=NOON, until=until)
            return replace(berth, lock=locked)
        case Hold():
            return replace(berth, hold=Held(since=NOON, by=actor.name, reason=command.reason))
        case _:
            return berth


def _release(application: str, environment: str) -> Release:
    return Release(
        application=application,
        environment=environment,
        revision=REVISION,
        repository=Repository(url="/srv/git/shop.git"),
        target=TargetConfiguration(kind="command", settings={}),
    )
