"""Why does it not move? The list of what a deployment waits for, from facts; pure, and the only place that knows."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain.answers import ProcessShown, Waiting
from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth
from funade.domain.reason import Because, Reason, because


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is so around a deployment: its environment's row, who is ahead (numbers), who is alive (process ids), where.

    `owner` is the process that looks after it, as it registered itself, if it is still known.
    """

    berth: Berth
    ahead: tuple[int, ...]
    alive: frozenset[str]
    now: datetime
    obstacles: tuple[Waiting, ...] = ()
    owner: ProcessShown | None = None
    machines: frozenset[str] = frozenset()


def explain(deployment: Deployment, around: Surroundings) -> tuple[Waiting, ...]:
    """Return everything that `deployment` waits for now, the most important first; nothing once it has ended."""
    if deployment.has_ended:
        return ()
    if deployment.state is State.AWAITING_APPROVAL:
        return _explain_asking(deployment, around)
    if deployment.state is State.QUEUED:
        return _explain_queued(deployment, around)
    return _explain_running(deployment, around)


def _stated(deployment: Deployment, otherwise: Reason) -> Waiting:
    """Return the reason that its own row gives."""
    given = deployment.because or because(otherwise, number=deployment.number)
    return Waiting(because=given, since=deployment.started_at or deployment.asked_at, until=deployment.due_at)


def _explain_asking(deployment: Deployment, around: Surroundings) -> tuple[Waiting, ...]:
    if deployment.asks_anew or not around.obstacles:
        return (_stated(deployment, Reason.AWAITING_APPROVAL), *around.obstacles)
    return around.obstacles


def _explain_queued(deployment: Deployment, around: Surroundings) -> tuple[Waiting, ...]:
    found = []
    asked_at, due_at, berth = deployment.asked_at, deployment.due_at, around.berth
    if berth.doubt is not None:
        doubt = because(
            Reason.ENVIRONMENT_IN_DOUBT,
            application=berth.application,
            environment=berth.environment,
            number=berth.doubt.number,
        )
        found.append(Waiting(because=doubt, since=berth.doubt.since, until=due_at))
    found += around.obstacles
    if around.ahead:
        turn = because(Reason.AWAITING_TURN, ahead=around.ahead[0], position=len(around.ahead))
        found.append(Waiting(because=turn, since=asked_at, until=due_at))
    if not around.alive:
        found.append(Waiting(because=because(Reason.NO_PROCESS_RUNNING), since=asked_at, until=due_at))
    if deployment.phase is Phase.PREPARING and not found:
        found.append(_stated(deployment, Reason.PREPARING))
    if not found:
        found.append(Waiting(because=because(Reason.PREPARING), since=asked_at, until=due_at))
    return tuple(found)


def _explain_running(deployment: Deployment, around: Surroundings) -> tuple[Waiting, ...]:
    since, owner = deployment.started_at or deployment.asked_at, around.owner
    given = deployment.because or because(Reason.PROGRAM_RUNNING)
    running = Waiting(because=given, since=_since_told(given) or since)
    if deployment.owner in around.alive:
        return (running,)
    if not around.alive:
        # Nobody looks whether its program runs.
        return (Waiting(because=because(Reason.NO_PROCESS_RUNNING, number=deployment.number), since=since),)
    if deployment.phase is Phase.EXECUTING and deployment.machine not in {None, *around.machines}:
        silent = because(Reason.MACHINE_SILENT, machine=deployment.machine)
        return (Waiting(because=silent, since=owner.seen_at if owner else since), running)
    if owner is None:
        return (Waiting(because=because(Reason.OWNER_SILENT), since=since), running)
    silent = because(Reason.OWNER_SILENT, host=owner.host, pid=owner.pid)
    return (Waiting(because=silent, since=owner.seen_at), running)


def _since_told(reason: Because) -> datetime | None:
    """Return since when its place says that it waits."""
    told = reason.detail.get("since") if reason.code is Reason.WAITS_AT_PLACE else None
    try:
        return datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
