"""What keeps a Job's program from running, or where it runs, in words; told while it is so, and nothing hangs on it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from funade.controller.advance import NO_POD, World
from funade.controller.guard import Attempt, Phase
from funade.domain.messages import ReportedProgress

#: What is over sooner is not worth a word.
WORTH_TELLING = timedelta(seconds=5)
#: Of one thing that is worded anew all the time (`0/3 nodes…`, `0/4 nodes…`) people hear this often at most.
WORDED_ANEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is so, and since when; `waits`: until it is over, the program does not run."""

    shown: str
    since: datetime
    waits: bool

    @property
    def kind(self) -> str:
        """Return what stays the same however it is worded."""
        return self.shown.partition(":")[0]


def progress_of(world: World, attempt: Attempt) -> Progress | None:
    """Return how far an attempt is whose Job was let run; None before that, and once it ends."""
    job = world.job_of(attempt)
    if attempt.phase is not Phase.STARTED or attempt.stop is not None or job is None:
        return None
    if job.resumed is None or job.outcome is not None or job.is_leaving:
        return None
    pods = [one for one in job.pods if one.is_alive and not one.is_leaving]
    if not job.pods:
        return Progress(shown=NO_POD, since=job.resumed, waits=True)
    for pod in pods:
        if pod.has_begun:
            shown = f"its program runs on the node `{pod.node}`"
            return Progress(shown=shown, since=pod.started or job.resumed, waits=False)
        if pod.trouble is not None:
            return Progress(shown=pod.trouble.problem, since=pod.trouble.since or job.resumed, waits=True)
    return None


@dataclass(slots=True)
class Telling:
    """What was told of each attempt; whoever leads after us may tell it again, which changes nothing."""

    #: the uids of Jobs of which was told that they run, as long as their guards do not hold it
    started: set[str] = field(default_factory=set)
    _told: dict[tuple[str, int], tuple[Progress, datetime]] = field(default_factory=dict)

    def news(self, world: World, attempt: Attempt) -> ReportedProgress | None:
        """Return what is to be told of an attempt now."""
        key = (attempt.execution.deployment, attempt.execution.attempt)
        if attempt.is_over:
            self._told.pop(key, None)
            return None
        now, progress = world.now, progress_of(world, attempt)
        if progress is None or now - progress.since < WORTH_TELLING:
            return None
        told, at = self._told.get(key, (None, now))
        if told is not None and (
            told.shown == progress.shown or (told.kind == progress.kind and now - at < WORDED_ANEW)
        ):
            return None
        return ReportedProgress(
            execution=attempt.execution,
            # Rises from one leader to the next too, without being kept anywhere.
            sequence=int(now.timestamp() * 1000),
            shown=progress.shown,
            at=progress.since,
            waits=progress.waits,
            rest={"store": attempt.store},
        )

    def told(self, world: World, attempt: Attempt) -> None:
        """Hear that what is so now was told."""
        progress = progress_of(world, attempt)
        if progress is not None:
            key = (attempt.execution.deployment, attempt.execution.attempt)
            self._told[key] = (progress, world.now)
