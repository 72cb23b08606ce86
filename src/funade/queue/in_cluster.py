"""Queues in a namespace of a Kubernetes cluster, behind the Queue port: each message is an object, a `DeployMessage`.

What hides a message and counts its deliveries are annotations, changed by compare-and-swap, so that looks need no
bodies. Like a standard queue of SQS they promise no order, and what is said twice is carried twice. Whoever may create
such objects in the namespace may give orders: that is a right of Kubernetes.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from funade.clients.kubernetes import (
    Cluster,
    ClusterError,
    Conflict,
    Forbidden,
    Gone,
    Kind,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from funade.domain.errors import PermanentQueueError, QueueError, TemporaryQueueError
from funade.domain.near_queues import ClusterAddress
from funade.failpoints import effect
from funade.queue.batches import MOST, problem_of
from funade.queue.stored import DELIVERIES_AT_MOST, KEPT, LONGEST_WAIT, NOT_OURS, USUAL_HOLD
from funade.usecases.ports import Clock, Ids
from funade.usecases.queue_ports import Delivery, Message, QueueState, Undone

DEPLOY_MESSAGES = Kind("funade.dev", "v1", "deploymessages", "DeployMessage")
MANAGER = "funade-queue"

QUEUE = "funade.dev/queue"
VISIBLE_AT = "funade.dev/visible-at"
TIMES = "funade.dev/times"

AFTER_GONE_SECONDS = 2.0
_SOON = timedelta(seconds=2)
_LATER = timedelta(seconds=10)
#: The server takes 3 MiB, etcd 1.5 of it; both count escapes.
_TOO_LARGE = 413


class ClusterQueue:
    """The Queue port."""

    def __init__(
        self,
        cluster: Cluster,
        address: ClusterAddress,
        clock: Clock,
        ids: Ids,
        deliveries_at_most: int = DELIVERIES_AT_MOST,
    ) -> None:
        self.address = address
        self._cluster, self._clock, self._ids, self._at_most = cluster, clock, ids, deliveries_at_most
        self._label = f"{QUEUE}={address.name}"

    def __repr__(self) -> str:
        return f"ClusterQueue({self.address.url})"

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send them; return those that were not sent, by key."""
        undone = []
        for message in messages:
            problem = problem_of(message) or await self._create(self.address, message.body, message.notes)
            if problem is not None:
                undone.append(Undone(which=message.key, problem=problem, is_final=True))
        return undone

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Return what came within `wait`."""
        until = self._clock.steady() + min(wait, LONGEST_WAIT).total_seconds()
        while True:
            with self._worded():
                listing = await self._cluster.list(
                    DEPLOY_MESSAGES, self.address.namespace, labels=self._label, heads=True
                )
                taken = await self._take(listing.objects, min(limit, MOST), hidden)
                left = until - self._clock.steady()
                if taken or left <= 0:
                    return taken
                await self._wait(listing.objects, listing.version, left)

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Keep them ours for `hidden` from now on, or give them back."""
        undone = []
        for one in deliveries:
            with self._worded():
                if not await self._hide(one, self._clock.now() + hidden):
                    undone.append(Undone(which=one.receipt, problem=NOT_OURS, is_final=True))
        return undone

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages for good."""
        undone = []
        for one in deliveries:
            with self._worded():
                if not await self._remove(one):
                    undone.append(Undone(which=one.receipt, problem=NOT_OURS, is_final=True))
        return undone

    async def state(self) -> QueueState:
        """Return what lies in it."""
        with self._worded():
            listing = await self._cluster.list(
                DEPLOY_MESSAGES, self.address.namespace, labels=self._label, heads=True
            )
        now, dead = self._clock.now(), self.address.dead
        in_hand = sum(visible_at(one) > now for one in listing.objects)
        return QueueState(
            waiting=len(listing.objects) - in_hand,
            in_hand=in_hand,
            is_fifo=False,
            visibility=USUAL_HOLD,
            dead_letters=dead.url if dead else None,
            deliveries_at_most=self._at_most if dead else None,
        )

    # One message

    async def _create(self, address: ClusterAddress, body: str, notes: Mapping[str, str]) -> str | None:
        """Put a message into that queue; return why it is none that the cluster takes."""
        now = self._clock.now()
        # Names are listed in their order: the oldest come first.
        name = f"{address.name}-{int(now.timestamp() * 1_000_000):016x}-{self._ids.new()[:8]}"
        message = {
            "metadata": {
                "name": name,
                "namespace": address.namespace,
                "labels": {QUEUE: address.name},
                "annotations": {VISIBLE_AT: _text(now), TIMES: "0"},
            },
            "spec": {"body": body, "notes": dict(notes), "sentAt": _text(now)},
        }
        with self._worded():
            try:
                with effect("queue.create_message"):
                    await self._cluster.create(DEPLOY_MESSAGES, message, manager=MANAGER)
            except ClusterError as error:
                if error.status != _TOO_LARGE:
                    raise
                return "it is longer than this cluster takes"
        return None

    async def _take(self, heads: Sequence[dict[str, Any]], limit: int, hidden: timedelta) -> list[Delivery]:
        taken: list[Delivery] = []
        now = self._clock.now()
        for head in sorted(heads, key=lambda one: str(one["metadata"]["name"])):
            if visible_at(head) > now:
                continue
            if now - sent_at(head) > KEPT:
                await self._delete(head)
            elif (whole := await self._swap(head, times(head) + 1, now + hidden)) is not None:
                if self.address.dead is not None and times(whole) > self._at_most:
                    await self._bury(whole, self.address.dead)
                else:
                    taken.append(_delivery(whole))
            if len(taken) == limit:
                break
        return taken

    async def _bury(self, whole: Mapping[str, Any], dead: ClusterAddress) -> None:
        """Move a message that nobody deals with; a death in between leaves two of it."""
        spec = whole["spec"]
        await self._create(dead, spec["body"], spec.get("notes") or {})
        await self._delete(whole)

    async def _hide(self, delivery: Delivery, until: datetime) -> bool:
        head = await self._ours(delivery)
        return head is not None and await self._swap(head, delivery.times, until) is not None

    async def _remove(self, delivery: Delivery) -> bool:
        head = await self._ours(delivery)
        return head is not None and await self._delete(head)

    async def _ours(self, delivery: Delivery) -> dict[str, Any] | None:
        """Return what is known of the message without its body, None when it was delivered to somebody since."""
        with suppress(NotFound):
            head = await self._cluster.get(DEPLOY_MESSAGES, delivery.id, self.address.namespace, heads=True)
            if times(head) == delivery.times:
                return head
        return None

    async def _swap(self, head: Mapping[str, Any], count: int, until: datetime) -> dict[str, Any] | None:
        """Change what hides the message, and return all of it; None when somebody was faster."""
        metadata = head["metadata"]
        patch = {
            "metadata": {
                "resourceVersion": metadata["resourceVersion"],
                "annotations": {VISIBLE_AT: _text(until), TIMES: str(count)},
            }
        }
        with suppress(Conflict, NotFound), effect("queue.hold_message"):
            return await self._cluster.patch(
                DEPLOY_MESSAGES, metadata["name"], self.address.namespace, patch, manager=MANAGER
            )
        return None

    async def _delete(self, head: Mapping[str, Any]) -> bool:
        """Delete the message as it was seen; tell whether it still was so."""
        metadata = head["metadata"]
        with suppress(Conflict, NotFound):
            with effect("queue.remove_message"):
                await self._cluster.delete(
                    DEPLOY_MESSAGES,
                    metadata["name"],
                    self.address.namespace,
                    uid=metadata["uid"],
                    version=metadata["resourceVersion"],
                )
            return True
        return False

    # Waiting

    async def _wait(self, heads: Sequence[dict[str, Any]], version: str, seconds: float) -> None:
        """Return once something may be taken, or after that time."""
        now = self._clock.now()
        hidden_for = min((visible_at(one) - now for one in heads), default=LONGEST_WAIT).total_seconds()
        changes = self._cluster.watch(
            DEPLOY_MESSAGES, self.address.namespace, labels=self._label, since=version, heads=True
        )
        try:
            async with asyncio.timeout(max(0.0, min(seconds, hidden_for))), aclosing(changes):
                async for change in changes:
                    is_there = change.type in ("ADDED", "MODIFIED")
                    if is_there and visible_at(change.object) <= self._clock.now():
                        return
        except TimeoutError:
            return
        except Gone:
            # A server that knows no past must not be asked in a circle.
            await self._clock.sleep(min(seconds, AFTER_GONE_SECONDS))

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except ClusterError as error:
            raise worded(self.address, error) from error


def worded(address: ClusterAddress, error: ClusterError) -> QueueError:
    """Return our error about such a queue: what is wrong, and what to do where somebody can do something."""
    match error:
        case Unreachable() | Conflict():
            return TemporaryQueueError(f"the queue `{address.url}` cannot be reached: {error}", _SOON)
        case TooManyRequests(retry_after=retry_after):
            return TemporaryQueueError(
                f"the cluster asks us to slow down at the queue `{address.url}`", retry_after or _LATER
            )
        case NotFound():
            return PermanentQueueError(
                f"the queue `{address.url}` cannot be used: {error} — "
                "apply `deploy/kubernetes/controller`, which defines DeployMessages, and create the namespace"
            )
        case Forbidden():
            return PermanentQueueError(
                f"we may not use the queue `{address.url}`: {error} — "
                "allow get, list, watch, create, patch and delete of `deploymessages` in that namespace"
            )
        case _:
            return PermanentQueueError(f"the queue `{address.url}` cannot be used: {error}")


def visible_at(head: Mapping[str, Any]) -> datetime:
    """Return until when a message is hidden; one of which that cannot be read is not."""
    return _moment(_annotations(head).get(VISIBLE_AT))


def sent_at(head: Mapping[str, Any]) -> datetime:
    """Return when a message was sent, as the cluster has it."""
    return _moment(head["metadata"].get("creationTimestamp"))


def times(head: Mapping[str, Any]) -> int:
    """Return how often a message was delivered."""
    said = str(_annotations(head).get(TIMES, "0"))
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _annotations(head: Mapping[str, Any]) -> Mapping[str, Any]:
    return head["metadata"].get("annotations") or {}


def _delivery(whole: Mapping[str, Any]) -> Delivery:
    name, spec = whole["metadata"]["name"], whole["spec"]
    return Delivery(
        id=name,
        body=str(spec["body"]),
        receipt=f"{name}/{times(whole)}",
        times=times(whole),
        sent_at=sent_at(whole),
        notes={str(key): str(text) for key, text in (spec.get("notes") or {}).items()},
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _moment(said: object) -> datetime:
    with suppress(ValueError):
        at = datetime.fromisoformat(str(said))
        if at.tzinfo is not None:
            return at
    return datetime.min.replace(tzinfo=UTC)
