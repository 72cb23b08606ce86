"""Write down what a place tells of an execution that does not run yet, so that people see what it waits for."""

from dataclasses import dataclass, replace

from funade.domain.deployment import Deployment
from funade.domain.errors import FencedOut
from funade.domain.events import ProgressTold, about
from funade.domain.messages import ReportedProgress
from funade.domain.reason import Because, Reason, because
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, Targets

#: What a place tells of one deployment beyond that is seen in `why`, and is no event any more.
MOST_EVENTS = 20
_EVENTS_READ = 200
#: What the row says while nothing keeps the program from running, as far as is known.
_RUNS = frozenset({Reason.PROGRAM_RUNNING, Reason.WAITS_AT_PLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowProgress:
    """Looks at the facts; whoever looks after a deployment calls it again and again."""

    ledger: Ledger
    targets: Targets
    clock: Clock

    async def __call__(self, deployment: Deployment) -> None:
        """Bring the row in line with what its place told last; or raise FencedOut."""
        if self.targets.facts_from(deployment.release.target) is None:
            return
        if await self.ledger.read(lambda look: _news(look, deployment)) is None:
            return
        with effect("store.note_progress"):
            await self.ledger.change(lambda change: self._write(change, deployment))

    def _write(self, change: Transaction, deployment: Deployment) -> None:
        found = _news(change, deployment)
        if found is None:
            return
        row, told = found
        if (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
            msg = f"#{row.number} is looked after by another process"
            raise FencedOut(msg)
        change.save_deployment(replace(row, because=_reason(told)))
        events = change.events(deployment=row.id, limit=_EVENTS_READ)
        if sum(isinstance(one.happening, ProgressTold) for one in events) < MOST_EVENTS:
            happening = ProgressTold(shown=told.shown, since=told.at, waits=told.waits)
            change.record(about(row, happening, row.asked_by, self.clock.now()))


def _news(look: Reading, deployment: Deployment) -> tuple[Deployment, ReportedProgress] | None:
    """Return what its place told of a running execution, with its row, where the row says something else."""
    row = look.deployment_by_id(deployment.id)
    if row is None or row.because is None or row.because.code not in _RUNS or row.has_ended:
        return None
    facts = look.facts(row.id, row.attempt)
    told = next((one for one in facts if isinstance(one, ReportedProgress)), None)
    if told is None:
        return None
    if told.waits:
        return None if row.because == _reason(told) else (row, told)
    return (row, told) if row.because.code is Reason.WAITS_AT_PLACE else None


def _reason(told: ReportedProgress) -> Because:
    if told.waits:
        return because(Reason.WAITS_AT_PLACE, problem=told.shown, since=to_plain(told.at))
    return because(Reason.PROGRAM_RUNNING)
