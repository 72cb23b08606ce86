"""What has happened, one line an event; the deployment's own number is left to the caller."""

from datetime import datetime, timedelta
from typing import assert_never

from funade.domain import events
from funade.domain.events import Event
from funade.texts.barriers import barrier_line, override_line, with_reason
from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain
from funade.texts.queues import dead_letters_line
from funade.texts.reasons import reason
from funade.texts.states import NOT_VERIFIED, phase_word, short_sha, state_word
from funade.texts.times import moment
from funade.texts.troubles import trouble

REQUESTS: dict[str, str] = {
    "deploy": mark("{by} asked to deploy {what} of `{application}` to `{environment}`"),
    "retry": mark("{by} asked to retry #{of}: {what} of `{application}` to `{environment}`"),
    "rollback": mark("{by} asked to roll `{environment}` of `{application}` back to {what} of #{of}"),
}
ENDINGS: dict[str, str] = {
    "itself": mark("its program ended"),
    "cancel": mark("its program was ended by the cancel"),
    "time_limit": mark("its program was ended at its time limit"),
    "abandoned": mark("its program was ended because nobody looked after it"),
    "never_started": mark("its program could not be started"),
}
_WITH_STATUS = mark("{said} with status {exit_code}")
_WITH_SIGNAL = mark("{said} by signal {signal}")
_HEARD_LATE = mark("{said}, at {at}")
#: Nobody listened meanwhile; less is the time that writing takes.
_WORTH_SAYING = timedelta(seconds=5)


def happening_line(event: Event, reader: Reader) -> str:  # noqa: PLR0912 - one branch an event, flat on purpose
    """Return what `event` tells."""
    by, application, environment = plain(event.by), plain(event.application), plain(event.environment)
    place = {"by": by, "application": application, "environment": environment}
    match event.happening:
        case events.DeploymentRequested() as told:
            return with_reason(_request(told, place, reader), told.reason, reader)
        case events.ConfirmationWanted(because=because):
            return reader.word(mark("asks again: {why}"), why=reason(because, reader))
        case events.DeploymentApproved(digest=digest, reason=why):
            said = reader.word(mark("{by} approved plan `{digest}`"), by=by, digest=plain(digest)[:7])
            return with_reason(said, why, reader)
        case events.DeploymentRejected(reason=why):
            return with_reason(reader.word(mark("{by} rejected it"), by=by), why, reader)
        case events.RulesOverridden(despite=despite, reason=why):
            return with_reason(override_line(by, despite, reader), why, reader)
        case events.DeploymentStarted(attempt=1):
            return reader.word(mark("started"))
        case events.DeploymentStarted(attempt=attempt):
            return reader.word(mark("started, attempt {attempt}"), attempt=attempt)
        case events.ProgressTold(shown=shown, waits=waits):
            said = trouble(plain(shown), reader)
            return reader.word(mark("waits: {what}"), what=said) if waits else said
        case events.DeploymentTakenOver(standing=standing, host=host, pid=pid):
            where = phase_word(standing, reader)
            if host is None or pid is None:
                return reader.word(mark("taken over by another process: {where}"), where=where)
            wording = mark("taken over by process {pid} on {host}: {where}")
            return reader.word(wording, pid=pid, host=plain(host), where=where)
        case events.ExecutionEnded() as told:
            return _ending(told, event.at, reader)
        case events.CancelAsked(reason=why):
            return with_reason(reader.word(mark("{by} asked to cancel it"), by=by), why, reader)
        case events.DeploymentFinished() as told:
            return _finish(told, reader)
        case events.RequestRefused(asked=asked, because=because):
            said = reader.word(
                mark("{by} was refused `{asked}`: {why}"),
                by=by,
                asked=plain(asked),
                why=reason(because, reader),
            )
            left_out = because.detail.get("unrecorded")
            return _with_more(said, left_out, reader) if isinstance(left_out, int) else said
        case events.DeadLettersFound() as told:
            return dead_letters_line(told, reader)
        case (
            events.LockTaken()
            | events.LockReleased()
            | events.EverythingPaused()
            | events.EverythingResumed()
            | events.EnvironmentClosed()
            | events.EnvironmentReopened()
            | events.AutomationHeld()
            | events.AutomationResumed() as told
        ):
            return barrier_line(told, place, reader)
        case _ as never:
            assert_never(never)


def _with_more(said: str, left_out: int, reader: Reader) -> str:
    """Return what is said with how many refusals before it were too many to be written down."""
    return reader.count(
        "{said} (and {number} more before it, not written down)",
        "{said} (and {number} more before it, not written down)",
        left_out,
        said=said,
    )


def _request(told: events.DeploymentRequested, place: dict[str, str], reader: Reader) -> str:
    wording = REQUESTS.get(told.purpose, REQUESTS["deploy"])
    what = what_was_asked(told.ref, told.revision)
    return reader.word(wording, **place, what=what, of="?" if told.of is None else told.of)


def what_was_asked(ref: str, revision: str) -> str:
    """Return a ref and what it meant within a sentence: `v1.2.0` (f5c0df1); a SHA only once."""
    sha = short_sha(plain(revision))
    return f"`{sha}`" if revision.startswith(ref) else f"`{plain(ref)}` ({sha})"


def ref_and_revision(ref: str, revision: str) -> str:
    """Return the same for a line that is no sentence: v1.2.0 (f5c0df1)."""
    return what_was_asked(ref, revision).replace("`", "")


def _ending(told: events.ExecutionEnded, heard_at: datetime, reader: Reader) -> str:
    said = reader.word(ENDINGS[told.by]) if told.by in ENDINGS else plain(told.by)
    if told.exit_code is not None:
        said = reader.word(_WITH_STATUS, said=said, exit_code=told.exit_code)
    elif told.signal is not None:
        said = reader.word(_WITH_SIGNAL, said=said, signal=told.signal)
    if told.ended_at is not None and heard_at - told.ended_at >= _WORTH_SAYING:
        return reader.word(_HEARD_LATE, said=said, at=moment(told.ended_at, reader, to_the_second=True))
    return said


def _finish(told: events.DeploymentFinished, reader: Reader) -> str:
    if told.state == "succeeded":
        return reader.word(mark("succeeded, seen live") if told.verified else NOT_VERIFIED)
    return with_reason(state_word(told.state, reader), reason(told.because, reader), reader)
