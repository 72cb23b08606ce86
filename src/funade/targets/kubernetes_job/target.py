"""A `kubernetes-job` target behind the port: its plan, its place, what was seen at the end, its preconditions."""

from collections.abc import Sequence
from datetime import timedelta

from funade.domain import wire
from funade.domain.application import parse_reference
from funade.domain.errors import PermanentTargetError, QueueError, SecretError
from funade.domain.near_queues import StoreAddress, parse_near
from funade.domain.orders import Observed, Problem
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.targets import Surroundings
from funade.targets.kubernetes_job.config import KEYS, Settings
from funade.targets.kubernetes_job.place import KubernetesJobPlace
from funade.targets.kubernetes_job.plan import plan
from funade.targets.kubernetes_job.questions import Questions

KIND = "kubernetes-job"
#: A message that is being stored or made a Job of needs less; a shorter time makes others take it at once.
SHORTEST_VISIBILITY = timedelta(seconds=10)


class KubernetesJobTarget:
    """One environment behind two queues."""

    def __init__(self, settings: Settings, release: Release, surroundings: Surroundings) -> None:
        self._settings, self._release, self._surroundings = settings, release, surroundings
        questions: Questions = surroundings.kept.setdefault(KIND, Questions())
        self._place = KubernetesJobPlace(settings, surroundings, questions)

    @property
    def place(self) -> KubernetesJobPlace:
        return self._place

    def plan(self, release: Release) -> Plan:
        """Return all steps that lead to `release`."""
        return plan(self._settings, release)

    async def observe(self, release: Release) -> Observed:
        """Return what was seen at the latest end: behind a queue nobody can look at any other time."""
        if self._surroundings.ledger is None:
            return Observed()
        end = await self._surroundings.ledger.read(
            lambda look: look.last_end(release.application, release.environment)
        )
        if end is None or end.observed is None:
            return Observed()
        seen = end.observed
        if seen.revision is None:
            return seen
        return Observed(
            matches=seen.revision == release.revision,
            revision=seen.revision,
            shown=seen.shown,
            differing=seen.differing,
        )

    async def check(self) -> Sequence[Problem]:
        """Return the preconditions that do not hold; changes nothing."""
        problems = []
        for key in KEYS:
            reference = getattr(self._settings, key)
            if reference is not None:
                try:
                    self._surroundings.secrets.reveal(parse_reference(reference))
                except SecretError as error:
                    problems.append(Problem(where=key, problem=str(error)))
        if problems or self._surroundings.exchange is None:
            return problems
        for key, place in (("queue", self._settings.orders_to), ("facts", self._settings.facts_from)):
            if isinstance(parse_near(place.url), StoreAddress):
                # It is there when the store is.
                continue
            try:
                state = await self._surroundings.exchange.state(place)
            except QueueError as error:
                problems.append(Problem(where=key, problem=str(error)))
                continue
            if state.dead_letters is None:
                problems.append(
                    Problem(
                        where=key,
                        problem=f"the queue `{place.name}` has no queue for dead letters",
                        remedy="create one and name it in the redrive policy, so that what nobody can read is kept",
                    )
                )
            if state.visibility < SHORTEST_VISIBILITY:
                seconds = int(state.visibility.total_seconds())
                problems.append(
                    Problem(
                        where=key,
                        problem=f"the queue `{place.name}` gives a message to others after {seconds} s",
                        remedy="set its visibility timeout to 30 s",
                    )
                )
        return problems


def settings_of(release: Release) -> Settings:
    """Return a release's stored settings, or raise PermanentTargetError."""
    try:
        return wire.from_plain(Settings, dict(release.target.settings))
    except wire.Unreadable as error:
        message = f"the stored settings of this `{KIND}` target cannot be read: {error}"
        raise PermanentTargetError(message) from error


def open_target(release: Release, surroundings: Surroundings) -> KubernetesJobTarget:
    """Return the target of a release's stored settings, or raise PermanentTargetError."""
    return KubernetesJobTarget(settings_of(release), release, surroundings)
