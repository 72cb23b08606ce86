"""What an order does to a guard: pure, and the same however often it comes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from funade.controller.deploy_queue import DeployQueue
from funade.controller.guard import Attempt, Guard, Phase, Stop, Told, Wanted
from funade.domain.messages import (
    CANCEL,
    START,
    Fact,
    Order,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import EndedBy, Ending, Execution, Sighting, Standing
from funade.domain.wire import Plain

EXPIRED = "its time to begin is over"
REPLACED = "a newer deployment took its turn"
OLDER = "a newer order has come to this place before"


class Then(StrEnum):
    """What becomes of the message."""

    WAIT = "wait"  #: it stays ours until its Job is there
    DONE = "done"  #: once the answers are told it may go
    ASIDE = "aside"  #: nobody can do what it says; `problem` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """What came of an order: the guard to be written, what to answer, and what becomes of the message.

    `is_told` says that all of the answer was told before, to whoever it was.
    """

    guard: Guard
    then: Then
    answers: Sequence[Fact] = ()
    is_told: bool = False
    problem: str = ""


def absorb(guard: Guard, order: Order, queue: DeployQueue, now: datetime) -> Absorbed:
    """Return what an order does; once the guard holds it, the same order changes nothing more."""
    if (guard.attempts or guard.fence) and order.store != guard.store:
        problem = "this place belongs to another store of Funade — see `spec.store` of its DeployGuard"
        return Absorbed(guard=guard, then=Then.ASIDE, problem=problem)
    if not queue.facts:
        problem = (
            f"the DeployQueue `{queue.name}` names no `factsQueue`: nobody would hear what becomes of it"
        )
        return Absorbed(guard=guard, then=Then.ASIDE, problem=problem)
    match order:
        case OrderedStart():
            return _start(guard, order, queue, now)
        case OrderedCancel():
            return _cancel(guard, order, queue, now)
        case OrderedLook():
            return Absorbed(guard=guard, then=Then.DONE, answers=(_answer(guard, order, order.question),))


def _start(guard: Guard, order: OrderedStart, queue: DeployQueue, now: datetime) -> Absorbed:
    execution = order.execution
    known = guard.find(execution.deployment, execution.attempt)
    if known is not None:
        if known.digest not in ("", order.digest):
            problem = "this attempt was ordered with another digest before"
            return Absorbed(guard=guard, then=Then.ASIDE, problem=problem)
        if known.phase is Phase.INTENDED or known.untold:
            return Absorbed(guard=guard, then=Then.WAIT)
        return Absorbed(guard=guard, then=Then.DONE, answers=told_of(known), is_told=True)
    if guard.has_forgotten(execution):
        return Absorbed(guard=guard, then=Then.ASIDE, problem=_forgotten(guard))
    if execution.fence <= guard.fence:
        # Never among the attempts and never above the fence again: it never began, and never will.
        sighting = Sighting(standing=Standing.SEALED, highest_fence=guard.fence, problem=OLDER)
        never = ReportedSighting(
            execution=execution, question=START, sighting=sighting, rest={"store": order.store}
        )
        return Absorbed(guard=guard, then=Then.DONE, answers=(never,))
    wanted = Wanted(
        repository=order.repository, ref=order.ref, revision=order.revision, not_after=order.not_after
    )
    attempt = Attempt(
        execution=execution,
        digest=order.digest,
        phase=Phase.INTENDED,
        queue=queue.name,
        facts=queue.facts,
        store=order.store,
        wanted=wanted,
    )
    no = _unacceptable(order, queue, now)
    if no is not None:
        attempt = sealed(attempt, Stop(by=EndedBy.NEVER_STARTED, problem=no), now)
    else:
        guard = _make_room(guard, now)
    guard = replace(guard, store=order.store)
    return Absorbed(guard=guard.having(attempt), then=Then.WAIT)


def _cancel(guard: Guard, order: OrderedCancel, queue: DeployQueue, now: datetime) -> Absorbed:
    execution = order.execution
    known = guard.find(execution.deployment, execution.attempt)
    stop = Stop(by=EndedBy.CANCEL)
    if known is None:
        if guard.has_forgotten(execution):
            return Absorbed(guard=guard, then=Then.ASIDE, problem=_forgotten(guard))
        tombstone = Attempt(
            execution=execution,
            digest="",
            phase=Phase.INTENDED,
            queue=queue.name,
            facts=queue.facts,
            store=order.store,
        )
        guard = replace(guard, store=order.store).having(sealed(tombstone, stop, now))
        return Absorbed(guard=guard, then=Then.WAIT)
    if known.phase is Phase.INTENDED:
        # From here nobody lets a Job run without writing `started` first, which now fails.
        return Absorbed(guard=guard.having(sealed(known, stop, now)), then=Then.WAIT)
    if known.phase is Phase.STARTED and known.stop is None:
        return Absorbed(guard=guard.having(replace(known, stop=stop)), then=Then.WAIT)
    answers = (_answer(guard, order, CANCEL), *told_of(known))
    return Absorbed(guard=guard, then=Then.DONE, answers=answers)


def sealed(attempt: Attempt, stop: Stop, now: datetime) -> Attempt:
    """Return an attempt that never ran as one that never will."""
    ending = Ending(by=stop.by, at=now, problem=stop.problem)
    return replace(attempt, phase=Phase.SEALED, stop=stop, ending=ending)


def told_of(attempt: Attempt) -> Sequence[Fact]:
    """Return what was told of an attempt before: whoever asks again may have lost it."""
    return tuple(one for told in attempt.told if (one := fact_of(attempt, told)) is not None)


def fact_of(attempt: Attempt, told: Told) -> Fact | None:
    """Return that fact, if it is one by now; of what never began the end is that it never will."""
    rest: dict[str, Plain] = {"store": attempt.store}
    execution = attempt.execution
    match told:
        case Told.STARTED if attempt.began is not None:
            return ReportedStart(execution=execution, at=attempt.began, rest=rest)
        case Told.ENDED if attempt.phase is Phase.SEALED:
            sighting = _sighting(attempt, execution.fence)
            return ReportedSighting(execution=execution, question=START, sighting=sighting, rest=rest)
        case Told.ENDED if attempt.ending is not None:
            return ReportedEnd(
                execution=execution,
                ending=attempt.ending,
                observed=attempt.observed,
                template=attempt.template,
                output=attempt.output,
                rest=rest,
            )
    return None


def sighting_of(guard: Guard, execution: Execution) -> Sighting:
    """Return the truth about an attempt as far as the guard knows it."""
    known = guard.find(execution.deployment, execution.attempt)
    if known is not None:
        return _sighting(known, guard.fence)
    is_forgotten = guard.has_forgotten(execution)
    return Sighting(
        standing=Standing.LOST if is_forgotten else Standing.UNSEEN,
        highest_fence=guard.fence,
        problem=_forgotten(guard) if is_forgotten else None,
    )


def _sighting(attempt: Attempt, fence: int) -> Sighting:
    ending = attempt.ending
    is_lost = attempt.phase is Phase.ENDED and ending is not None and _is_unknown(ending)
    standing = {
        Phase.INTENDED: Standing.INTENDED,
        Phase.STARTED: Standing.RUNNING,
        Phase.ENDED: Standing.LOST if is_lost else Standing.ENDED,
        Phase.SEALED: Standing.SEALED,
    }[attempt.phase]
    problem = None if ending is None else ending.problem
    return Sighting(standing=standing, highest_fence=fence, ending=ending, problem=problem)


def _answer(guard: Guard, order: OrderedLook | OrderedCancel, question: str) -> Fact:
    return ReportedSighting(
        execution=order.execution,
        question=question,
        sighting=sighting_of(guard, order.execution),
        rest={"store": order.store},
    )


def _is_unknown(ending: Ending) -> bool:
    return ending.by is EndedBy.ITSELF and ending.exit_code is None and ending.signal is None


def _make_room(guard: Guard, now: datetime) -> Guard:
    """Return the guard in which whatever has not ended is sealed or told to stop: something newer was ordered."""
    stop = Stop(by=EndedBy.ABANDONED, problem=REPLACED)
    for one in guard.attempts:
        if one.phase is Phase.INTENDED:
            guard = guard.having(sealed(one, stop, now))
        elif one.phase is Phase.STARTED and one.stop is None:
            guard = guard.having(replace(one, stop=stop))
    return guard


def _unacceptable(order: OrderedStart, queue: DeployQueue, now: datetime) -> str | None:
    if now > order.not_after:
        return EXPIRED
    if queue.repository and order.repository != queue.repository:
        return f"the DeployQueue `{queue.name}` is for another repository than `{order.repository}`"
    return None


def _forgotten(guard: Guard) -> str:
    return f"it is as old as what this place has forgotten (up to fence {guard.forgotten})"
