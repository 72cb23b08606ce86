"""What is to be done next in a cluster, once the guard holds all that is known: pure, one thing at a time."""

from dataclasses import dataclass

from funade.controller.advance import World
from funade.controller.deploy_queue import DeployQueue
from funade.controller.guard import Attempt, Phase
from funade.controller.seen import SeenJob


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Make the attempt's Job, suspended."""

    attempt: Attempt
    queue: DeployQueue


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a Job run, unless it was changed since it was seen."""

    job: SeenJob


@dataclass(frozen=True, slots=True)
class StopJob:
    """Let Kubernetes end it now, its Pods with the time that they are given."""

    job: SeenJob


@dataclass(frozen=True, slots=True)
class StopPods:
    """Ask the Pods of a Job to end, which Kubernetes does not look after any more."""

    job: SeenJob


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Remove exactly this Job as it was seen."""

    job: SeenJob


@dataclass(frozen=True, slots=True)
class Release:
    """Take our finalizer from a Job."""

    job: SeenJob


Move = CreateJob | Resume | StopJob | StopPods | DeleteJob | Release


def next_move(world: World) -> Move | None:
    """Return what is to be done next; the guard of `world` is written as it stands."""
    for job in world.jobs:
        attempt = world.guard.find(job.deployment, job.attempt)
        move = _unowned(job) if attempt is None else _owned(attempt, job)
        if move is not None:
            return move
    for attempt in world.guard.attempts:
        queue = world.queues.get(attempt.queue)
        if (
            attempt.phase is Phase.INTENDED
            and queue is not None
            and not queue.is_leaving
            and world.job_of(attempt) is None
            and not world.guard.living_beside(attempt)
        ):
            return CreateJob(attempt, queue)
    return None


def _owned(attempt: Attempt, job: SeenJob) -> Move | None:
    match attempt.phase:
        case Phase.INTENDED:
            return None
        case Phase.STARTED if job.uid != attempt.uid:
            return _unowned(job)
        case Phase.STARTED:
            return _running(attempt, job)
        case Phase.ENDED | Phase.SEALED:
            return _over(attempt, job)


def _unowned(job: SeenJob) -> Move | None:
    """Return what becomes of a Job that no guard knows; one that ran is adopted before we come here."""
    if job.never_ran and not job.is_leaving:
        return DeleteJob(job)
    if job.is_leaving and job.is_held and not job.has_living_pods:
        return Release(job)
    return None


def _running(attempt: Attempt, job: SeenJob) -> Move | None:
    if job.never_ran:
        if attempt.stop is None:
            return None if job.is_leaving else Resume(job)
        return None if job.is_leaving else DeleteJob(job)
    if attempt.stop is None or job.outcome is not None:
        return None
    if job.is_leaving:
        return StopPods(job) if _asked_pods(job) else None
    if job.is_suspended:
        return DeleteJob(job)
    return None if job.is_cut_short else StopJob(job)


def _over(attempt: Attempt, job: SeenJob) -> Move | None:
    if job.outcome is None and not job.is_leaving:
        # It never ran, or somebody let it run against the guard.
        return DeleteJob(job)
    if job.is_leaving and _asked_pods(job):
        return StopPods(job)
    if not job.is_held or job.has_living_pods:
        return None
    is_told = job.never_ran or job.log_is_told or not attempt.facts
    return Release(job) if is_told else None


def _asked_pods(job: SeenJob) -> bool:
    """Tell whether there are Pods that nobody has asked to end."""
    return any(one.is_alive and not one.is_leaving for one in job.pods)
