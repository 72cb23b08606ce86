"""One queue of SQS, standard or FIFO, behind the Queue port.

What is sent was looked at before: a message that no queue takes costs no call and holds up no other. Calls are repeated
by the library where that can help; whatever is said twice by that is one message in a FIFO queue, and in a standard one
a duplicate like any other.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from funade.clients.aws import AwsClient, AwsKeys
from funade.clients.aws_faults import Fault, fault_of, fault_of_code
from funade.domain.errors import PermanentQueueError, QueueError, SecretError
from funade.failpoints import effect
from funade.queue.address import QueueAddress
from funade.queue.batches import MOST, batches, problem_of, tens
from funade.queue.faults import worded
from funade.usecases.queue_ports import Delivery, Message, QueueState, Undone

#: What SQS waits for at most before it says that there is nothing.
LONGEST_WAIT = timedelta(seconds=20)
#: How long a message can be kept from others, counted from its delivery.
LONGEST_HOLD = timedelta(hours=12)

_TRY_AGAIN = (Fault.BUSY, Fault.CROWDED, Fault.DOWN)
_KEYS = (Fault.WRONG_KEYS, Fault.OLD_KEYS)
_NOT_OURS = "it is not ours any more"

Answer = Mapping[str, Any]

#: What reading an answer of another shape comes to.
_NONSENSE = (AttributeError, LookupError, TypeError, ValueError)


class Sqs:
    """The queues of one process: those with one region and endpoint share connections, within an `async with`."""

    def __init__(self, keys: Callable[[], AwsKeys] | None = None) -> None:
        self._keys = keys
        self._clients: dict[tuple[str, str], AwsClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    def queue(self, address: QueueAddress) -> "SqsQueue":
        """Return that queue; nothing is asked of it yet."""
        where = (address.region, address.endpoint)
        if where not in self._clients:
            self._clients[where] = AwsClient(
                "sqs", region=address.region, endpoint=address.endpoint, keys=self._keys
            )
        return SqsQueue(address, self._clients[where])


class SqsQueue:
    """The Queue port."""

    def __init__(self, address: QueueAddress, client: AwsClient) -> None:
        self.address, self._client = address, client

    def __repr__(self) -> str:
        return f"SqsQueue({self.address.url})"

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send them; return those that were not sent, by key."""
        undone: list[Undone] = []
        stopped: set[str] = set()
        good = []
        for message in messages:
            problem = problem_of(message)
            if problem is None:
                good.append(message)
            else:
                undone.append(Undone(which=message.key, problem=problem, is_final=True))
        for batch in batches(good):
            sendable = [one for one in batch if one.group not in stopped]
            undone += [_behind(one) for one in batch if one.group in stopped]
            failed = await self._send(sendable) if sendable else []
            undone += failed
            if self.address.is_fifo:
                keys = {one.which for one in failed}
                stopped |= {one.group for one in sendable if one.key in keys}
        return undone

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Return what came within `wait`."""
        with effect("queue.receive"):
            answer = await self._ask(
                "sqs:ReceiveMessage",
                lambda client: client.receive_message(
                    QueueUrl=self.address.url,
                    MaxNumberOfMessages=min(limit, MOST),
                    WaitTimeSeconds=int(min(wait, LONGEST_WAIT).total_seconds()),
                    VisibilityTimeout=_seconds(hidden),
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                ),
            )
        try:
            return [_delivery(one) for one in answer.get("Messages") or ()]
        except _NONSENSE as error:
            raise self._strange(error, "sqs:ReceiveMessage") from error

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Keep them ours for `hidden` from now on, or give them back."""
        return [undone for ten in tens(deliveries) for undone in await self._extend(ten, _seconds(hidden))]

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages for good."""
        return [undone for ten in tens(deliveries) for undone in await self._delete(ten)]

    async def state(self) -> QueueState:
        """Return what SQS says of the queue."""
        answer = await self._ask(
            "sqs:GetQueueAttributes",
            lambda client: client.get_queue_attributes(QueueUrl=self.address.url, AttributeNames=["All"]),
        )
        try:
            return self._state(answer.get("Attributes") or {})
        except _NONSENSE as error:
            raise self._strange(error, "sqs:GetQueueAttributes") from error

    def _state(self, said: Mapping[str, str]) -> QueueState:
        policy = json.loads(said.get("RedrivePolicy") or "{}")
        arn, most = policy.get("deadLetterTargetArn"), policy.get("maxReceiveCount")
        # AWS wants both in one account and region, so that only the name differs.
        folder = self.address.url.rpartition("/")[0]
        return QueueState(
            waiting=int(said.get("ApproximateNumberOfMessages", 0)),
            in_hand=int(said.get("ApproximateNumberOfMessagesNotVisible", 0)),
            is_fifo=self.address.is_fifo,
            visibility=timedelta(seconds=int(said.get("VisibilityTimeout", 30))),
            dead_letters=f"{folder}/{arn.rpartition(':')[2]}" if arn else None,
            deliveries_at_most=None if most is None else int(most),
        )

    def _strange(self, error: Exception, action: str) -> QueueError:
        return worded(Fault.STRANGE, type(error).__name__, self.address, action)

    async def _send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        with effect("queue.send"):
            answer = await self._try(
                lambda client: client.send_message_batch(
                    QueueUrl=self.address.url,
                    Entries=[self._entry(str(number), one) for number, one in enumerate(messages)],
                )
            )
        if not isinstance(answer, tuple):
            return _undone(answer, [one.key for one in messages])
        fault, code = answer
        if fault is not Fault.TOO_LONG:
            raise worded(fault, code, self.address, "sqs:SendMessage")
        if len(messages) > 1:
            # This queue takes less than SQS does: one by one, each has its chance.
            return [undone for one in messages for undone in await self._send([one])]
        return [Undone(which=messages[0].key, problem="it is longer than this queue takes", is_final=True)]

    async def _extend(self, deliveries: Sequence[Delivery], seconds: int) -> Sequence[Undone]:
        with effect("queue.extend"):
            answer = await self._ask(
                "sqs:ChangeMessageVisibility",
                lambda client: client.change_message_visibility_batch(
                    QueueUrl=self.address.url,
                    Entries=[{**one, "VisibilityTimeout": seconds} for one in _entries(deliveries)],
                ),
            )
        return _undone(answer, [one.receipt for one in deliveries])

    async def _delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        with effect("queue.delete"):
            answer = await self._ask(
                "sqs:DeleteMessage",
                lambda client: client.delete_message_batch(
                    QueueUrl=self.address.url, Entries=_entries(deliveries)
                ),
            )
        return _undone(answer, [one.receipt for one in deliveries])

    def _entry(self, id: str, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {"Id": id, "MessageBody": message.body}
        if message.notes:
            entry["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value} for name, value in message.notes.items()
            }
        if self.address.is_fifo:
            entry |= {"MessageGroupId": message.group, "MessageDeduplicationId": message.key}
        return entry

    async def _ask(self, action: str, call: Callable[[Any], Awaitable[Answer]]) -> Answer:
        answer = await self._try(call)
        if isinstance(answer, tuple):
            raise worded(*answer, self.address, action)
        return answer

    async def _try(self, call: Callable[[Any], Awaitable[Answer]]) -> Answer | tuple[Fault, str]:
        """Return the answer, or what was wrong: the library's error does not leave this place, nor what it holds."""
        client = await self._connected()
        try:
            answer = await call(client)
        except self._client.errors() as error:
            fault, code = fault_of(error)
            if fault is Fault.OURS:
                raise
        except _NONSENSE as error:
            # The library stumbles over an answer that is none.
            fault, code = Fault.STRANGE, type(error).__name__
        else:
            strange = _strange(answer)
            if strange is None:
                return answer
            fault, code = Fault.STRANGE, strange
        if fault in _KEYS:
            self._client.doubt_keys()
        return fault, code

    async def _connected(self) -> Any:
        try:
            return await self._client.get()
        except SecretError as error:
            raise PermanentQueueError(str(error)) from error
        except self._client.errors() as error:
            fault, code = fault_of(error)
            if fault is Fault.OURS:
                raise
        raise worded(fault, code, self.address, "sqs")


def _strange(answer: object) -> str | None:
    """Return what shows that somebody else answers: the library takes any page for an empty answer, a yes."""
    if not isinstance(answer, dict):
        return type(answer).__name__
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = str(headers.get("content-type", ""))
    return None if "json" in said else said[:80] or "no content-type"


def _delivery(said: Mapping[str, Any]) -> Delivery:
    attributes = said.get("Attributes", {})
    return Delivery(
        id=said["MessageId"],
        body=said["Body"],
        receipt=said["ReceiptHandle"],
        times=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_at=datetime.fromtimestamp(int(attributes.get("SentTimestamp", 0)) / 1000, UTC),
        group=attributes.get("MessageGroupId"),
        notes={
            name: value["StringValue"]
            for name, value in said.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )


def _entries(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    return [{"Id": str(number), "ReceiptHandle": one.receipt} for number, one in enumerate(deliveries)]


def _undone(answer: Answer, which: Sequence[str]) -> list[Undone]:
    """Return what a call for many things did not do for some; whatever is not said to be done is not."""
    done = {str(one.get("Id")) for one in answer.get("Successful") or ()}
    failed = {str(one.get("Id")): one for one in answer.get("Failed") or ()}
    undone = []
    for number, name in enumerate(which):
        said = failed.get(str(number))
        if said is not None:
            undone.append(_refused(name, said))
        elif str(number) not in done:
            undone.append(Undone(which=name, problem="SQS says nothing of it", is_final=False))
    return undone


def _refused(which: str, said: Mapping[str, Any]) -> Undone:
    code = str(said.get("Code", "?"))
    gone = code.rpartition(".")[2] in ("ReceiptHandleIsInvalid", "MessageNotInflight")
    return Undone(
        which=which,
        problem=_NOT_OURS if gone else f"SQS says `{code[:80]}`",
        is_final=bool(said.get("SenderFault", True)) and fault_of_code(code) not in _TRY_AGAIN,
    )


def _behind(message: Message) -> Undone:
    return Undone(which=message.key, problem="an earlier one of its group was not sent", is_final=False)


def _seconds(span: timedelta) -> int:
    """Return whole seconds, never less than asked for, and never more than SQS knows."""
    whole = -(-span // timedelta(seconds=1))
    return max(0, min(whole, int(LONGEST_HOLD.total_seconds())))
