"""How did it end? From what the place recorded, what was seen and what people wished, to a state and a reason; pure."""

from dataclasses import dataclass, replace

from funade.domain.deployment import Deployment, State
from funade.domain.orders import EndedBy, Ending, Observed, Sighting, Standing
from funade.domain.reason import Because, Reason, because


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An end: its state, its reason, whether the wanted release was seen to run, and whether anything ever began."""

    state: State
    because: Because
    verified: bool = False
    began: bool = True


def must_look(sighting: Sighting) -> bool:
    """Tell whether the live system is to be asked before judging: always, unless nothing ever began there."""
    begun = sighting.standing in (Standing.ENDED, Standing.LOST)
    refused = sighting.ending is not None and sighting.ending.by is EndedBy.NEVER_STARTED
    return begun and not refused


def may_wait(sighting: Sighting) -> bool:
    """Tell whether the wanted release may still come up: its program said that all went well."""
    ending = sighting.ending
    return ending is not None and ending.by is EndedBy.ITSELF and ending.exit_code == 0


def judge(deployment: Deployment, sighting: Sighting, observed: Observed, live_before: str | None) -> Verdict:
    """Return the verdict. Success is what was observed; where nobody can look, the exit code's word, unverified.

    After a cancel, a time-out or a loss: the new one is live = succeeded, the old one (after a cancel) = cancelled,
    anything else = failed. Hosts that differ are named with whatever ended it.
    """
    verdict = _judge(deployment, sighting, observed, live_before)
    if verdict.state is State.SUCCEEDED or not observed.differing:
        return verdict
    detail = {**verdict.because.detail, "hosts": observed.differing}
    return replace(verdict, because=replace(verdict.because, detail=detail))


def _judge(
    deployment: Deployment, sighting: Sighting, observed: Observed, live_before: str | None
) -> Verdict:
    if sighting.standing in (Standing.SEALED, Standing.UNSEEN, Standing.INTENDED):
        return Verdict(state=State.CANCELLED, because=_cancelled(deployment), began=False)
    ending = sighting.ending
    if sighting.standing is Standing.LOST or ending is None:
        lost = because(Reason.EXECUTION_LOST, problem=sighting.problem or "")
        return _seen_or(Verdict(state=State.FAILED, because=lost), observed)
    if ending.by is EndedBy.ITSELF:
        return _judge_exit(ending, deployment, observed)
    if ending.by is EndedBy.CANCEL and deployment.wish is None:
        # Its owner was so slow that it began while another process made sure that it never would.
        taken = because(Reason.EXECUTION_LOST, problem="it began too late and was ended at once")
        return _seen_or(Verdict(state=State.FAILED, because=taken), observed)
    if ending.by is EndedBy.CANCEL:
        old_runs = observed.revision is not None and observed.revision == live_before
        state = State.CANCELLED if old_runs else State.FAILED
        return _seen_or(Verdict(state=state, because=_cancelled(deployment)), observed)
    if ending.by is EndedBy.NEVER_STARTED:
        problem = because(Reason.PROGRAM_NOT_STARTED, problem=ending.problem or "")
        return Verdict(state=State.FAILED, because=problem, began=False)
    reason = Reason.TIMED_OUT if ending.by is EndedBy.TIME_LIMIT else Reason.ABANDONED
    return _seen_or(Verdict(state=State.FAILED, because=because(reason)), observed)


def _judge_exit(ending: Ending, deployment: Deployment, observed: Observed) -> Verdict:
    if ending.exit_code != 0:
        failed = because(Reason.PROGRAM_FAILED, exit_code=ending.exit_code, signal=ending.signal)
        return Verdict(state=State.FAILED, because=failed)
    completed = because(Reason.COMPLETED, exit_code=0)
    if observed.matches is None:
        return Verdict(state=State.SUCCEEDED, because=completed)
    if observed.matches:
        return Verdict(state=State.SUCCEEDED, because=completed, verified=True)
    not_seen = because(Reason.NOT_SEEN, wanted=deployment.revision, seen=observed.shown)
    return Verdict(state=State.FAILED, because=not_seen)


def _seen_or(otherwise: Verdict, observed: Observed) -> Verdict:
    if observed.matches:
        return Verdict(state=State.SUCCEEDED, because=otherwise.because, verified=True)
    return otherwise


def _cancelled(deployment: Deployment) -> Because:
    return because(Reason.CANCELLED, by=deployment.wish.by if deployment.wish else None)
