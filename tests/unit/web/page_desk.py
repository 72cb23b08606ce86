"""A desk that knows one deployment, for tests of its page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from funade.domain.answers import Answer, DeploymentShown, LogShown, Refused, Waiting
from funade.domain.commands import Command, ReadLog, ShowDeployment
from funade.domain.deployment import Deployment, State
from funade.domain.events import Event
from funade.domain.people import Actor
from funade.domain.reason import Because, Reason, because
from tests.unit.web.deployments import NOON, deployment


@dataclass
class PageDesk:
    """Answers as the real one does to whoever has a link; `asked` keeps every question."""

    deployment: Deployment = field(default_factory=deployment)
    waiting: tuple[Waiting, ...] = ()
    events: tuple[Event, ...] = ()
    logs: dict[int, bytes] = field(default_factory=dict)
    refuses: Because | None = None
    asked: list[Command] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)

    async def __call__(self, command: Command, actor: Actor, request: str) -> Answer:
        """Answer, or refuse what no link shows."""
        self.asked.append(command)
        self.actors.append(actor)
        return self.answer(command, actor.reads)

    async def ask(self, command: Command) -> Answer:
        """Answer the holder of this deployment's link."""
        self.asked.append(command)
        return self.answer(command, self.deployment.id)

    def answer(self, command: Command, reads: str | None) -> Answer:
        if self.refuses is not None:
            return Refused(because=self.refuses)
        now = self.deployment
        if not isinstance(command, ShowDeployment | ReadLog) or (reads, command.number) != (
            now.id,
            now.number,
        ):
            return Refused(because=because(Reason.UNKNOWN_PERSON, actor="link"))
        if isinstance(command, ShowDeployment):
            length = len(self.logs.get(now.attempt, b""))
            return DeploymentShown(
                deployment=now, waiting=self.waiting, events=self.events, log_length=length
            )
        attempt = now.attempt if command.attempt is None else command.attempt
        data = self.logs.get(attempt, b"")[command.offset : command.offset + command.limit]
        is_over = now.has_ended or attempt < now.attempt
        return LogShown(
            number=now.number,
            attempt=attempt,
            offset=command.offset,
            data=base64.b64encode(data).decode(),
            next=command.offset + len(data),
            complete=is_over and len(data) < command.limit,
        )

    def starts(self) -> None:
        running = self.deployment if self.deployment.state is State.RUNNING else None
        at = because(Reason.PROGRAM_RUNNING)
        self.deployment = (running or self.deployment).begin_attempt(7, NOON, at)
        self.logs[self.deployment.attempt] = b""

    def writes(self, data: bytes) -> None:
        self.logs[self.deployment.attempt] += data

    def ends(self, state: State = State.SUCCEEDED) -> None:
        told = because(Reason.COMPLETED, exit_code=0)
        self.deployment = self.deployment.advance(state, told, NOON, verified=True)

    def is_renamed(self, **more: object) -> None:
        self.deployment = replace(self.deployment, **more)  # type: ignore[arg-type] # the tests' own

    def asks_of(self, kind: type[Command]) -> Sequence[Command]:
        return [one for one in self.asked if isinstance(one, kind)]
