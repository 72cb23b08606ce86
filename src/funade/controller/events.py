"""What `kubectl describe` tells beside the status: few events, counted rather than repeated, and in nobody's way.

An event that cannot be written is not written: nothing waits for it, and nothing follows from it.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any

import structlog

from funade.clients.kubernetes.errors import AlreadyExists, ClusterError, NotFound
from funade.clients.kubernetes.kinds import EVENTS, Kind
from funade.controller.cluster import Cluster
from funade.controller.guard import Attempt, Phase
from funade.controller.names import MANAGER
from funade.domain.orders import EndedBy
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

#: The same said again within this time is counted, and written once.
WRITTEN_EVERY_SECONDS = 10.0
#: Between two of them, so that a flood of orders is carried out rather than told.
BREATH_SECONDS = 0.1
#: So many different ones wait at most; what is more is not worth the API server's time.
MOST_WAITING = 200
MOST_REMEMBERED = 1000
_LONGEST_MESSAGE = 1000


class Reason(StrEnum):
    """What has happened, in one word for whoever filters."""

    ORDER_RECEIVED = "OrderReceived"
    MESSAGE_RECEIVED = "MessageReceived"
    MESSAGE_REFUSED = "MessageRefused"
    JOB_CREATED = "JobCreated"
    JOB_NOT_CREATED = "JobNotCreated"
    JOB_ENDED = "JobEnded"
    JOB_FAILED = "JobFailed"
    NEVER_STARTED = "NeverStarted"
    POD_CANNOT_START = "PodCannotStart"
    QUEUE_UNREACHABLE = "QueueUnreachable"
    QUEUE_REACHABLE = "QueueReachable"
    FACTS_UNREACHABLE = "FactsUnreachable"
    FACTS_REACHABLE = "FactsReachable"


_WARNINGS = frozenset(
    {
        Reason.MESSAGE_REFUSED,
        Reason.JOB_NOT_CREATED,
        Reason.JOB_FAILED,
        Reason.NEVER_STARTED,
        Reason.POD_CANNOT_START,
        Reason.QUEUE_UNREACHABLE,
        Reason.FACTS_UNREACHABLE,
    }
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What an event is about."""

    kind: Kind
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What an event says; the same words about the same thing are one event."""

    reason: Reason
    message: str


@dataclass(slots=True, kw_only=True)
class Events:
    """The events of one controller."""

    cluster: Cluster
    namespace: str
    clock: Clock
    _waiting: dict[tuple[Thing, Notice], int] = field(default_factory=dict)
    #: how often each was said, and when it was written last
    _written: dict[tuple[Thing, Notice], tuple[int, float]] = field(default_factory=dict)
    _is_waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, thing: Thing, notice: Notice) -> None:
        """Have it written soon."""
        key = thing, notice
        if key in self._waiting or len(self._waiting) < MOST_WAITING:
            self._waiting[key] = self._waiting.get(key, 0) + 1
            self._is_waiting.set()

    async def run(self) -> None:
        """Write what is said, until cancelled."""
        while True:
            await self._is_waiting.wait()
            self._is_waiting.clear()
            for key in [one for one in self._waiting if self._is_due(one)]:
                times = self._waiting.pop(key)
                try:
                    await self._write(*key, times)
                except (ClusterError, OSError) as error:
                    log.info("an event is not written", reason=key[1].reason, problem=str(error))
                except Exception:
                    # The process's loop: nothing may stop for a word too few.
                    log.exception("our mistake; an event is not written", reason=key[1].reason)
                await self.clock.sleep(BREATH_SECONDS)
            if self._waiting:
                self._is_waiting.set()
                await self.clock.sleep(1.0)

    def _is_due(self, key: tuple[Thing, Notice]) -> bool:
        _, at = self._written.get(key, (0, -WRITTEN_EVERY_SECONDS))
        return self.clock.steady() - at >= WRITTEN_EVERY_SECONDS

    async def _write(self, thing: Thing, notice: Notice, times: int) -> None:
        known, _ = self._written.pop((thing, notice), (0, 0.0))
        if known == 0:
            try:
                with effect("controller.make_event"):
                    await self.cluster.create(EVENTS, self._event(thing, notice, times), manager=MANAGER)
                self._remember(thing, notice, times)
                return
            except AlreadyExists:
                # Another process of ours has said it before.
                raw = await self.cluster.get(EVENTS, _name(thing, notice), self.namespace)
                known = int(raw.get("count") or 0)
        try:
            patch = {"count": known + times, "lastTimestamp": self._now()}
            with effect("controller.count_event"):
                await self.cluster.patch(EVENTS, _name(thing, notice), self.namespace, patch, manager=MANAGER)
            self._remember(thing, notice, known + times)
        except NotFound:
            # The API server keeps them for an hour only; the next time it is a new one.
            self.say(thing, notice)

    def _remember(self, thing: Thing, notice: Notice, times: int) -> None:
        self._written[thing, notice] = (times, self.clock.steady())
        while len(self._written) > MOST_REMEMBERED:
            del self._written[next(iter(self._written))]

    def _event(self, thing: Thing, notice: Notice, times: int) -> dict[str, Any]:
        return {
            "metadata": {"name": _name(thing, notice), "namespace": self.namespace},
            "involvedObject": {
                "apiVersion": thing.kind.api_version,
                "kind": thing.kind.kind,
                "name": thing.name,
                "namespace": self.namespace,
                "uid": thing.uid,
            },
            "reason": notice.reason.value,
            "message": notice.message[:_LONGEST_MESSAGE],
            "type": "Warning" if notice.reason in _WARNINGS else "Normal",
            "source": {"component": MANAGER},
            "reportingComponent": MANAGER,
            "reportingInstance": MANAGER,
            "firstTimestamp": self._now(),
            "lastTimestamp": self._now(),
            "count": times,
        }

    def _now(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(problem: str) -> Notice:
    """Return what is to be said of a message that nobody can do."""
    return Notice(Reason.MESSAGE_REFUSED, f"a message was refused: {problem}")


def place_of(attempt: Attempt) -> str:
    """Return how people call what an attempt is about; the same for each message of another program."""
    if attempt.message:
        return "another program's message"
    return f"{attempt.execution.application}/{attempt.execution.environment}"


def ended(attempt: Attempt) -> Notice | None:
    """Return what is to be said of an attempt that is over; it is said when it is written down."""
    ending, place = attempt.ending, place_of(attempt)
    if not attempt.is_over or ending is None:
        return None
    why = f": {ending.problem}" if ending.problem else ""
    if attempt.phase is Phase.SEALED or ending.by is EndedBy.NEVER_STARTED:
        how = "was cancelled before it started" if ending.by is EndedBy.CANCEL else "never started"
        return Notice(Reason.NEVER_STARTED, f"{place} {how}{why}")
    code = "" if ending.exit_code is None else f" with exit code {ending.exit_code}"
    if ending.by is EndedBy.ITSELF and ending.exit_code == 0:
        return Notice(Reason.JOB_ENDED, f"{place} ended{code}")
    if ending.by is EndedBy.ITSELF:
        return Notice(Reason.JOB_FAILED, f"{place} failed{code}{why}")
    how = {
        EndedBy.CANCEL: "was cancelled",
        EndedBy.TIME_LIMIT: "took longer than `spec.timeLimit`",
    }.get(ending.by, "was ended")
    return Notice(Reason.JOB_FAILED, f"{place} {how}{code}{why}")


def _name(thing: Thing, notice: Notice) -> str:
    text = "\0".join((thing.uid, notice.reason, notice.message))
    return f"{thing.name}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"
