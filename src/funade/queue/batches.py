"""Which messages travel together: at most ten, and at most 1 MiB in sum, as SQS takes them. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from funade.usecases.queue_ports import Message

T = TypeVar("T")

#: The most of anything in one call.
MOST = 10
#: In one message and in one call, with the names, types and values of its notes.
MAXIMUM_BYTES = 1 << 20

#: What SQS carries of XML's characters; JSON writes all others as escapes.
_UNSENDABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What a FIFO queue takes as a key and as a group.
_NAME = re.compile(r"[!-~]{1,128}")
_TYPE = "String"
MOST_NOTES = 10
_NOTE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,255}")


def problem_of(message: Message) -> str | None:
    """Return why it cannot be sent to any queue, or None."""
    if not message.body:
        return "an empty message cannot be sent"
    if not _NAME.fullmatch(message.key) or not _NAME.fullmatch(message.group):
        return "the key and the group of a message have 1 to 128 letters, digits and signs, and no spaces"
    texts = (message.body, *message.notes.values())
    if any(_UNSENDABLE.search(text) for text in texts):
        return "a message with control characters cannot be sent — write them as JSON does"
    if len(message.notes) > MOST_NOTES or not all(_NOTE.fullmatch(name) for name in message.notes):
        return (
            f"a message can have at most {MOST_NOTES} notes, with names of letters, digits and `_`, `-`, `.`"
        )
    if not all(message.notes.values()):
        return "a note cannot be empty"
    weight = weight_of(message)
    if weight > MAXIMUM_BYTES:
        return f"a message of {weight} bytes cannot be sent: {MAXIMUM_BYTES} are the most"
    return None


def weight_of(message: Message) -> int:
    """Return how many bytes of the limit it takes."""
    notes = sum(
        len(name.encode()) + len(_TYPE) + len(value.encode()) for name, value in message.notes.items()
    )
    return len(message.body.encode()) + notes


def batches(messages: Iterable[Message]) -> Iterator[tuple[Message, ...]]:
    """Yield the messages in their order, as many at a time as may travel together."""
    batch: list[Message] = []
    weight = 0
    for message in messages:
        more = weight_of(message)
        if batch and (len(batch) == MOST or weight + more > MAXIMUM_BYTES):
            yield tuple(batch)
            batch, weight = [], 0
        batch.append(message)
        weight += more
    if batch:
        yield tuple(batch)


def tens(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield ten at a time."""
    for start in range(0, len(things), MOST):
        yield things[start : start + MOST]
