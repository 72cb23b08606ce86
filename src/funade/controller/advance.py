"""What a guard learns from the Jobs that are seen: pure, and never back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from funade.controller.absorb import EXPIRED, sealed
from funade.controller.deploy_queue import DEFAULT_START, DeployQueue
from funade.controller.foreign import without_body
from funade.controller.guard import Attempt, Guard, Phase, Stop, Told
from funade.controller.seen import Outcome, SeenJob
from funade.domain.orders import EndedBy, Ending

LOST = "its Job is gone, and nobody saw its end"
DELETED = "somebody deleted its Job"
DELETED_BEFORE = "somebody deleted its Job before it began"
NOT_OURS = "a Job of its name is there that was made for something else"
NO_POD = (
    "Kubernetes makes no Pod for its Job — see the Job's events: a quota, or a template that is not allowed"
)
_DEADLINE = "DeadlineExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All about one environment: the guard was read first, so a Job that it names had been there by then.

    `strays` are deployments whose Pods live although the Job is gone; `hindrances` say why no Job could be made.
    """

    guard: Guard
    jobs: Sequence[SeenJob]
    queues: Mapping[str, DeployQueue]
    now: datetime
    strays: frozenset[str] = frozenset()
    hindrances: Mapping[str, str] = field(default_factory=dict)

    def job_of(self, attempt: Attempt) -> SeenJob | None:
        execution = attempt.execution
        for one in self.jobs:
            if (one.deployment, one.attempt) == (execution.deployment, execution.attempt):
                return one
        return None


def advance(world: World) -> Guard:
    """Return the guard with everything that is now known."""
    guard = _adopt(world)
    for one in guard.attempts:
        if one.phase is Phase.INTENDED:
            changed = _intended(replace(world, guard=guard), one)
        elif one.phase is Phase.STARTED:
            changed = _started(world, one)
        else:
            changed = _with_output(world, one)
        changed = without_body(changed)
        if changed != one:
            guard = guard.having(changed)
    return guard.without_old((one.deployment, one.attempt) for one in world.jobs)


def _adopt(world: World) -> Guard:
    """Return the guard with what runs and is not in it: somebody lost it, and the Jobs remember."""
    guard = world.guard
    for job in world.jobs:
        record = job.record
        if record is None or job.never_ran or guard.find(job.deployment, job.attempt) is not None:
            continue
        if record.execution.fence <= guard.forgotten and job.outcome is not None:
            continue
        told = record if job.outcome is None else replace(record, told=())
        guard = replace(guard, store=guard.store or record.store)
        guard = guard.having(replace(told, phase=Phase.STARTED, uid=job.uid))
    return guard


def _intended(world: World, attempt: Attempt) -> Attempt:
    never = EndedBy.NEVER_STARTED
    job = world.job_of(attempt)
    is_late = attempt.wanted is None or world.now > attempt.wanted.not_after
    if job is not None and not job.never_ran:
        # Somebody else let it run; that it did is what counts.
        return replace(attempt, phase=Phase.STARTED, uid=job.uid)
    if is_late:
        hindrance = world.hindrances.get(attempt.execution.deployment)
        problem = f"{EXPIRED}: {hindrance}" if hindrance else EXPIRED
        return sealed(attempt, Stop(by=never, problem=problem), world.now)
    if job is not None and job.is_leaving:
        # Once it is written that it never will, nobody can write that it did, and the Job may go.
        return sealed(attempt, Stop(by=never, problem=DELETED_BEFORE), world.now)
    if job is None or world.guard.living_beside(attempt):
        return attempt
    if job.digest != attempt.digest:
        return sealed(attempt, Stop(by=never, problem=NOT_OURS), world.now)
    queue = world.queues.get(attempt.queue)
    template = queue.template_hash if queue is not None else ""
    return replace(attempt, phase=Phase.STARTED, uid=job.uid, template=template)


def _started(world: World, attempt: Attempt) -> Attempt:
    job = world.job_of(attempt)
    if job is None or job.uid != attempt.uid:
        return attempt if attempt.execution.deployment in world.strays else _lost(attempt, world.now)
    if job.never_ran:
        return _not_yet(attempt, job, world.now)
    attempt = replace(
        attempt,
        began=attempt.began or job.resumed or world.now,
        exit=_exit(attempt, job),
        observed=attempt.observed or next((pod.observed for pod in job.pods if pod.observed), None),
    )
    if job.outcome is not None or (job.is_leaving and not job.has_living_pods):
        return replace(attempt, phase=Phase.ENDED, ending=_ending(attempt, job, world.now))
    return replace(attempt, stop=attempt.stop or _stop(world, attempt, job))


def _not_yet(attempt: Attempt, job: SeenJob, now: datetime) -> Attempt:
    """Return an attempt whose Job was not let run: it may still be stopped as if it had never been."""
    if job.is_leaving:
        # A deleted Job is never let run: that write meets another version.
        stop = attempt.stop or Stop(by=EndedBy.NEVER_STARTED, problem=DELETED_BEFORE)
        return sealed(attempt, stop, now)
    if attempt.stop is None and attempt.wanted is not None and now > attempt.wanted.not_after:
        return replace(attempt, stop=Stop(by=EndedBy.NEVER_STARTED, problem=EXPIRED))
    return attempt


def _with_output(world: World, attempt: Attempt) -> Attempt:
    """Return an ended attempt with the length of its output, as long as its end is not told."""
    job = world.job_of(attempt)
    if job is None or job.output is None or Told.ENDED in attempt.told or attempt.phase is not Phase.ENDED:
        return attempt
    return replace(attempt, output=job.output)


def _stop(world: World, attempt: Attempt, job: SeenJob) -> Stop | None:
    if job.is_leaving:
        return Stop(by=EndedBy.CANCEL, problem=DELETED)
    queue = world.queues.get(attempt.queue)
    start_within = queue.start_within if queue is not None else DEFAULT_START
    if not job.pods:
        if job.resumed is not None and world.now - job.resumed > start_within:
            return Stop(by=EndedBy.NEVER_STARTED, problem=NO_POD)
        return None
    for pod in job.pods:
        trouble = pod.trouble
        if trouble is None or trouble.since is None or pod.has_begun or pod.is_leaving:
            continue
        patience = min(trouble.patience, start_within) if trouble.patience is not None else start_within
        if world.now - trouble.since > patience:
            return Stop(by=EndedBy.NEVER_STARTED, problem=trouble.problem)
    return None


def _exit(attempt: Attempt, job: SeenJob) -> int | None:
    # Remembered at once: a Pod may be gone before its Job says that it is over.
    codes = [pod.exit for pod in job.pods if pod.exit is not None]
    return attempt.exit if attempt.exit is not None or not codes else codes[0]


def _ending(attempt: Attempt, job: SeenJob, now: datetime) -> Ending:
    if job.outcome is Outcome.COMPLETE:
        return Ending(by=EndedBy.ITSELF, exit_code=attempt.exit or 0, at=now)
    problem = next((pod.problem for pod in job.pods if pod.problem and pod.problem != "Error"), None)
    was_ended = job.reason == _DEADLINE or job.outcome is None
    if was_ended and attempt.stop is not None:
        by, problem = attempt.stop.by, attempt.stop.problem
        if by is EndedBy.NEVER_STARTED and (attempt.exit is not None or any(p.has_begun for p in job.pods)):
            by = EndedBy.ABANDONED
        return Ending(by=by, exit_code=attempt.exit, at=now, problem=problem)
    if was_ended and job.outcome is not None:
        return Ending(by=EndedBy.TIME_LIMIT, exit_code=attempt.exit, at=now, problem=problem)
    if was_ended:
        return Ending(by=EndedBy.CANCEL, exit_code=attempt.exit, at=now, problem=DELETED)
    if attempt.exit is None:
        problem = problem or job.message or job.reason
    return Ending(by=EndedBy.ITSELF, exit_code=attempt.exit, at=now, problem=problem)


def _lost(attempt: Attempt, now: datetime) -> Attempt:
    by, problem = EndedBy.ITSELF, LOST
    return replace(
        attempt,
        phase=Phase.ENDED,
        began=attempt.began or now,
        ending=Ending(by=by, exit_code=attempt.exit, at=now, problem=problem),
    )
