"""Messages of other programs: at most one Job for each, by its id; what they say is data in arguments and variables.

Each has a guard of its own, which is dropped when no queue can hold its message any more. Everything here is pure.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from funade.controller.absorb import Absorbed, Then
from funade.controller.deploy_queue import DeployQueue, rendered
from funade.controller.guard import Attempt, Guard, Phase, Told, Wanted
from funade.domain.messages import ForeignMessage
from funade.domain.orders import Execution
from funade.domain.queue_text import read_any_order
from funade.domain.revision import short
from funade.domain.wire import Plain

#: A queue keeps a message for 14 days at most, and one that was delivered at the last moment for 12 hours more.
KEPT_FOR = timedelta(days=15)
#: An argument or a variable may have 128 KiB on Linux, and one character may be several bytes.
LONGEST_BODY = 64 << 10
#: All that is made of one message; an object in a cluster may have 1.5 MB.
LONGEST_RENDERED = 256 << 10
REFUSED = "it comes from another program: it passed no policy of Funade, and becomes no Job"

_NAMES = UUID("5f1d3c1e-9a54-4d2b-8f0e-2b7a6f3c9d10")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def guard_name_of(id: str) -> str:
    """Return the name of the one guard of that message, whichever DeployQueue it comes through."""
    return f"foreign-{hashlib.sha256(id.encode()).hexdigest()[:32]}"


def guard_of(id: str, queue: DeployQueue) -> Guard:
    """Return the guard of a message that was never seen."""
    return Guard(application=f"foreign/{queue.name}", environment=id)


def deployment_of(id: str) -> str:
    """Return what stands where a deployment's id stands; the same message gets the same."""
    return str(uuid5(_NAMES, id))


def absorb_foreign(
    guard: Guard, id: str, message: ForeignMessage, queue: DeployQueue, now: datetime
) -> Absorbed:
    """Return what a message does; once the guard holds it, the same one changes nothing more."""
    known = guard.find(deployment_of(id), 1)
    if known is not None:
        if known.phase is Phase.SEALED:
            problem = known.ending.problem if known.ending is not None else None
            return Absorbed(guard=guard, then=Then.ASIDE, problem=problem or "it became no Job")
        return Absorbed(guard=guard, then=Then.WAIT if known.phase is Phase.INTENDED else Then.DONE)
    problem = problem_with(id, message, queue)
    if problem is not None:
        return Absorbed(guard=guard, then=Then.ASIDE, problem=problem)
    attempt = Attempt(
        execution=Execution(
            deployment=deployment_of(id),
            number=0,
            attempt=1,
            fence=1,
            application=guard.application,
            environment=guard.environment,
        ),
        digest=f"sha256:{hashlib.sha256(message.body.encode()).hexdigest()}",
        phase=Phase.INTENDED,
        queue=queue.name,
        facts="",
        message=id,
        wanted=Wanted(repository="", ref="", revision="", not_after=now + KEPT_FOR, body=message.body),
        # Nobody is told of it: whoever sent it does not listen.
        told=(Told.STARTED, Told.ENDED),
    )
    return Absorbed(guard=guard.having(attempt), then=Then.WAIT)


def without_body(attempt: Attempt) -> Attempt:
    """Return an attempt without what the message said, once nothing will be made of it any more."""
    return replace(attempt, wanted=None) if attempt.message and attempt.is_over else attempt


def is_forgettable(guard: Guard, made: datetime | None, now: datetime) -> bool:
    """Tell whether its message cannot come again from any queue, and nothing of it runs."""
    is_over = bool(guard.attempts) and all(one.is_over and one.message for one in guard.attempts)
    return is_over and made is not None and now - made > KEPT_FOR


def problem_with(id: str, message: ForeignMessage, queue: DeployQueue) -> str | None:
    """Return why no Job can be made of that message."""
    if not queue.accepts_foreign:
        return REFUSED
    if len(message.body.encode()) > LONGEST_BODY:
        return f"it is longer than {LONGEST_BODY >> 10} KiB"
    if queue.repository and message.text("repository") != queue.repository:
        return f"the DeployQueue `{queue.name}` is for messages whose `repository` is `{queue.repository}`"
    values, size = values_of(id, message), 0
    given = [(f"arguments[{number}]", one) for number, one in enumerate(queue.arguments or ())]
    for key, template in [*given, *((f"variables.{name}", one) for name, one in queue.variables.items())]:
        try:
            text = rendered(template, values)
        except ValueError as error:
            return f"it does not fit `spec.{key}`: {error}"
        size += len(text.encode())
        if "\0" in text:
            return f"it would put a NUL into `spec.{key}`"
        if text.startswith("-") and not template.startswith("-") and key.startswith("arguments"):
            # Whoever may send messages says what is deployed, not how the program goes about it.
            return f"it would make an option of `spec.{key}`: what it says begins with `-`"
    return None if size <= LONGEST_RENDERED else f"it makes more than {LONGEST_RENDERED >> 10} KiB of the Job"


def values_of(id: str, message: ForeignMessage) -> dict[str, str]:
    """Return the value of each placeholder: the whole message, and each of its fields that has a plain name."""
    values = {name: _text(one) for name, one in message.fields.items() if _NAME.fullmatch(name)}
    revision = message.text("revision") or message.text("hash")
    if revision is not None:
        values = {"ref": revision, **values, "revision": revision, "short_revision": _short(revision)}
    return {**values, "body": message.body, "message_id": id}


def values_for_attempt(attempt: Attempt) -> Mapping[str, str]:
    """Return the same from what the guard holds, or raise ValueError."""
    message = read_any_order(attempt.wanted.body) if attempt.wanted is not None else None
    if not isinstance(message, ForeignMessage):
        problem = "nothing is known any more of what its message said"
        raise ValueError(problem)
    return values_of(attempt.message, message)


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _short(revision: str) -> str:
    return short(revision) if re.fullmatch("[0-9a-f]{40,64}", revision) else revision
