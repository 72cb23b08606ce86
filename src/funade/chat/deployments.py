"""One deployment in words: a sentence first, then what it waits for or how it ended, then what to do."""

from collections.abc import Iterable
from datetime import datetime

from funade.chat.barriers import freeze_lines
from funade.chat.layout import indented, table
from funade.chat.spelling import spell
from funade.domain.answers import DeploymentShown, Waiting
from funade.domain.commands import Rollback, ShowRights
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.events import Event, RequestRefused
from funade.domain.people import Right
from funade.domain.reason import Because, Reason
from funade.domain.wire import Plain, to_plain
from funade.texts import Reader, answers, plain
from funade.texts.barriers import overridden, with_reason
from funade.texts.happenings import happening_line, ref_and_revision
from funade.texts.reasons import reason_with_remedy, remedy_of
from funade.texts.states import STARTED, standing_of, state_word
from funade.texts.times import moment, span

#: nobody knows more than that it was started, or is in the queue
_UNATTENDED = frozenset({Reason.NO_PROCESS_RUNNING, Reason.OWNER_SILENT})
#: waits that a person with the right may cut short
_OVERRIDABLE = frozenset({Reason.AWAITING_APPROVAL, Reason.FROZEN, Reason.LOCKED})


def line_of(application: str, what: str, environment: str, reader: Reader) -> str:
    """Return what goes where."""
    return reader.word(
        answers.LINE, application=plain(application), what=what, environment=plain(environment)
    )


def line_of_deployment(deployment: Deployment, reader: Reader) -> str:
    """Return what a deployment puts where."""
    what = ref_and_revision(deployment.ref, deployment.revision)
    return line_of(deployment.application, what, deployment.environment, reader)


def numbered(deployment: Deployment, reader: Reader) -> str:
    """Return a deployment in one line: its number, what goes where, how it stands."""
    line, state = line_of_deployment(deployment, reader), standing_of(deployment, reader)
    return reader.word(answers.NUMBERED, number=deployment.number, line=line, state=state)


def waiting_lines(waiting: Iterable[Waiting], reader: Reader) -> list[str]:
    """Return each thing that is waited for, and what to do about it."""
    return [_why(one, reader) for one in waiting]


def _why(waiting: Waiting, reader: Reader) -> str:
    times: dict[str, Plain] = {"since": to_plain(waiting.since)}
    if waiting.until is not None:
        times["until"] = to_plain(waiting.until)
    because = Because(code=waiting.because.code, detail={**times, **waiting.because.detail})
    return reason_with_remedy(because, reader)


def _times(waiting: Waiting, why: str, reader: Reader) -> list[str]:
    """Return since when it waits and until when at most, unless its reason says so itself."""
    since = moment(waiting.since, reader)
    if since in why:
        return []
    until = None if waiting.until is None else moment(waiting.until, reader)
    if until is None or until in why:
        return [reader.word(answers.WAITS_SINCE, since=since)]
    return [reader.word(answers.WAITS_SINCE_UNTIL, since=since, until=until)]


def deployment_shown(answer: DeploymentShown, reader: Reader) -> list[str]:
    """Return everything about a deployment."""
    deployment = answer.deployment
    lines = [first_sentence(answer, reader)]
    for index, waiting in enumerate(answer.waiting):
        why = _why(waiting, reader)
        lines += [*([why] if index else []), *indented(_times(waiting, why, reader))]
    lines += ["", line_of_deployment(deployment, reader), *course(deployment, reader)]
    around = _around(answer, reader)
    if around:
        lines += ["", *around]
    if answer.events:
        rows = [
            [moment(one.at, reader, to_the_second=True), happening_line(one, reader)] for one in answer.events
        ]
        lines += ["", *table(rows)]
    if answer.link is not None:
        lines += ["", reader.word(answers.PAGE, link=answer.link)]
    commands = _next_commands(answer)
    if commands:
        said = ", ".join(f"`{one}`" for one in commands)
        lines += ["", reader.word(answers.NEXT, commands=said)]
    return lines


def _around(answer: DeploymentShown, reader: Reader) -> list[str]:
    """Return what was refused there since, and when it is frozen."""
    deployment = answer.deployment
    lines = [refusal_line(answer.refusal, reader)] if answer.refusal is not None else []
    is_told = any(one.because.code is Reason.FROZEN for one in answer.waiting)
    here = (deployment.application, deployment.environment)
    return lines + freeze_lines(*here, None if is_told else answer.frozen, answer.next_freeze, reader)


def refusal_line(event: Event, reader: Reader) -> str:
    """Return what somebody was refused, when, and what they can do about it."""
    told = happening_line(event, reader)
    because = event.happening.because if isinstance(event.happening, RequestRefused) else None
    remedy = remedy_of(because, reader) if because else None
    said = reader.word(answers.REFUSED_AT, at=moment(event.at, reader), told=told)
    return said if remedy is None else reader.word(answers.AND_DO, what=said, remedy=remedy)


def first_sentence(answer: DeploymentShown, reader: Reader) -> str:
    """Return how it stands, and why."""
    deployment = answer.deployment
    state = standing_of(deployment, reader)
    if answer.waiting and answer.waiting[0].because.code in _UNATTENDED:
        # Its last word is of a process that does not look after it any more.
        state = (
            reader.word(STARTED)
            if deployment.state is State.RUNNING
            else state_word(deployment.state, reader)
        )
    if deployment.state is State.SUCCEEDED:
        state = reader.word(answers.SUCCEEDED_SEEN) if deployment.verified else state
        return reader.word(answers.STANDS, number=deployment.number, state=state)
    if answer.waiting:
        why = _why(answer.waiting[0], reader)
    elif deployment.because is not None:
        why = reason_with_remedy(deployment.because, reader)
    else:
        return reader.word(answers.STANDS, number=deployment.number, state=state)
    return reader.word(answers.STANDS_BECAUSE, number=deployment.number, state=state, why=why)


def course(deployment: Deployment, reader: Reader) -> list[str]:
    """Return who asked and why, when it began and ended, and who wants it gone."""
    by, at = plain(deployment.asked_by), moment(deployment.asked_at, reader)
    lines = [
        reader.word(answers.ASKED_BECAUSE, by=by, at=at, reason=plain(deployment.reason))
        if deployment.reason
        else reader.word(answers.ASKED, by=by, at=at)
    ]
    lines += decisions(deployment, reader)
    if deployment.started_at is not None:
        lines.append(_run(deployment, deployment.started_at, reader))
    elif deployment.ended_at is not None:
        lines.append(reader.word(answers.ENDED, at=moment(deployment.ended_at, reader)))
    if deployment.wish is not None and not deployment.has_ended:
        wish = deployment.wish
        lines.append(reader.word(answers.WISHED_AWAY, by=plain(wish.by), at=moment(wish.at, reader)))
    return lines


def decisions(deployment: Deployment, reader: Reader) -> list[str]:
    """Return who has approved it, and who goes ahead despite what."""
    lines = []
    for approval in deployment.approvals:
        said = reader.word(answers.APPROVED, by=plain(approval.by), at=moment(approval.at, reader))
        lines.append(with_reason(said, approval.reason, reader))
    return [*lines, *overrides(deployment, reader)]


def overrides(deployment: Deployment, reader: Reader) -> list[str]:
    """Return who goes ahead despite what, and why."""
    lines = []
    for one in deployment.overrides:
        despite, reason = overridden(one.despite, reader), plain(one.reason)
        at = moment(one.at, reader)
        lines.append(reader.word(answers.OVERRIDDEN, by=plain(one.by), at=at, despite=despite, reason=reason))
    return lines


def _run(deployment: Deployment, started_at: datetime, reader: Reader) -> str:
    """Return when its execution began and ended, and which attempt it is unless it is the first."""
    at, ended_at = moment(started_at, reader), deployment.ended_at
    if ended_at is None:
        said = reader.word(answers.STARTED, at=at)
    else:
        length = span(ended_at - started_at, reader)
        said = reader.word(answers.RAN, at=at, end=moment(ended_at, reader), span=length)
    if deployment.attempt > 1:
        said = reader.word(answers.ATTEMPT, course=said, attempt=deployment.attempt)
    return said


def _next_commands(answer: DeploymentShown) -> list[str]:
    """Return what whoever reads may want to say next, and has the right to."""
    deployment = answer.deployment
    number = deployment.number
    application, environment = deployment.application, deployment.environment
    log = [("", f"logs {number}")] if answer.log_length else []
    commands: list[tuple[str, str]] = []
    if deployment.state is State.AWAITING_APPROVAL:
        commands += [("approve", f"approve {number}"), ("reject", f"reject {number}")]
        who = spell(ShowRights(application=application, environment=environment))
        commands.append(("", f"{who} {Right.APPROVE.value}"))
    if any(one.because.code in _OVERRIDABLE for one in answer.waiting):
        commands.append(("override", f"override {number} --reason …"))
    if deployment.state in (State.FAILED, State.CANCELLED):
        commands.append(("retry", f"retry {number}"))
        if has_something_to_go_back_to(deployment):
            commands.append(("rollback", spell(Rollback(application=application, environment=environment))))
    elif not deployment.has_ended and deployment.wish is None:
        commands.append(("cancel", f"cancel {number}"))
    return [said for verb, said in log + commands if not verb or verb in answer.may]


def has_something_to_go_back_to(deployment: Deployment) -> bool:
    """Tell whether its execution has begun where something was live before."""
    began = deployment.started_at is not None and deployment.purpose is not Purpose.ROLLBACK
    return began and deployment.preview.live is not None
