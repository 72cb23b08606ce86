"""What is live where, in a small table; whatever is wrong stands on top."""

from datetime import timedelta

from funade.chat.barriers import barrier_lines, freeze_lines, pause_line
from funade.chat.deployments import line_of_deployment, refusal_line
from funade.chat.layout import table
from funade.domain.answers import EnvironmentShown, StatusShown
from funade.domain.deployment import Deployment, State
from funade.domain.freeze import Frozen
from funade.domain.reason import Reason, because
from funade.texts import Reader, answers, plain
from funade.texts.reasons import reason_with_remedy
from funade.texts.states import short_sha, standing_of
from funade.texts.times import moment
from funade.texts.troubles import trouble

_NOTHING = "–"
SOON = timedelta(hours=24)


def status_lines(answer: StatusShown, reader: Reader, *, with_barriers: bool = True) -> list[str]:
    """Return problems first, then the table; without barriers where these have a place of their own."""
    problems = _problems(answer, reader, with_barriers=with_barriers)
    if not answer.environments:
        lines = [reader.word(answers.NO_ENVIRONMENTS)]
    else:
        columns = (answers.APPLICATION, answers.ENVIRONMENT, answers.LIVE, answers.SINCE, answers.NOW)
        heading = [reader.word(column) for column in columns]
        lines = table([heading, *(_row(one, reader) for one in answer.environments)])
    return [*problems, *([""] if problems else []), *lines]


def _problems(answer: StatusShown, reader: Reader, *, with_barriers: bool) -> list[str]:
    lines = []
    if answer.configuration_problem is not None:
        broken = because(Reason.CONFIGURATION_BROKEN, problem=answer.configuration_problem)
        lines.append(reason_with_remedy(broken, reader))
    if with_barriers and answer.pause is not None:
        lines.append(pause_line(answer.pause, reader))
    waits = any(one.running or one.waiting for one in answer.environments)
    if waits and not any(one.alive for one in answer.processes):
        lines.append(reader.word(answers.NO_PROCESS))
    for one in answer.environments:
        lines += barrier_lines(one.berth, reader) if with_barriers else []
        lines += freeze_lines(
            one.berth.application, one.berth.environment, one.frozen, _soon(one, reader), reader
        )
        lines += [_asking(each, one, reader) for each in one.waiting if each.state is State.AWAITING_APPROVAL]
    for set_aside in answer.quarantined:
        lines.append(
            reader.word(
                answers.SET_ASIDE,
                table=plain(set_aside.table),
                key=plain(set_aside.key),
                problem=plain(set_aside.problem),
            )
        )
    for queue in answer.queues:
        if queue.problem is not None:
            broken_queue = {"name": plain(queue.name), "problem": trouble(queue.problem, reader)}
            lines.append(reader.word(answers.QUEUE_BROKEN, **broken_queue))
        if queue.dead_letters:
            lines.append(answers.dead_letters(queue.dead_letters, plain(queue.name), reader))
    if answer.refusal is not None:
        lines.append(refusal_line(answer.refusal, reader))
    if answer.obligations:
        lines.append(answers.owed(answer.obligations, reader))
    return lines


def _soon(one: EnvironmentShown, reader: Reader) -> Frozen | None:
    """Return the next freeze if people will meet it soon; later ones are told to whoever asks `why`."""
    following = one.next_freeze
    is_near = following is not None and reader.now is not None and following.since - reader.now <= SOON
    return following if is_near else None


def _asking(deployment: Deployment, one: EnvironmentShown, reader: Reader) -> str:
    """Return whose go a deployment still needs, and who has given theirs."""
    number, given = deployment.number, deployment.because
    if given is not None and given.code is not Reason.AWAITING_APPROVAL:
        return reader.word(answers.RUNS, number=number, state=reason_with_remedy(given, reader))
    what = {
        "number": number,
        "line": line_of_deployment(deployment, reader),
        "by": plain(deployment.asked_by),
    }
    if deployment.approvals:
        approvers = ", ".join(plain(one.by) for one in deployment.approvals)
        said = reader.word(answers.ASKS_WITH_APPROVALS, **what, approvers=approvers)
    else:
        said = reader.word(answers.ASKS, **what)
    others = [plain(name) for name in one.approvers if name != deployment.asked_by]
    if not others:
        return reader.word(answers.APPROVE_OR_REJECT_ANYBODY, what=said, number=number)
    names = ", ".join(f"`{name}`" for name in others)
    return reader.word(answers.APPROVE_OR_REJECT, what=said, number=number, approvers=names)


def _row(one: EnvironmentShown, reader: Reader) -> list[str]:
    berth = one.berth
    if berth.live is None:
        live = _NOTHING
    else:
        number = "" if berth.live_number is None else f" #{berth.live_number}"
        live = f"{short_sha(plain(berth.live))}{number}"
        if not berth.live_verified:
            live = reader.word(answers.NOT_VERIFIED, what=live)
    since = "" if berth.live_since is None else moment(berth.live_since, reader)
    return [plain(berth.application), plain(berth.environment), live, since, _now(one, reader)]


def _now(one: EnvironmentShown, reader: Reader) -> str:
    """Return what happens there now; a last deployment that did not succeed is not forgotten."""
    said = []
    if one.running is not None:
        said.append(one.running)
    elif one.last is not None and one.last.state is not State.SUCCEEDED:
        said.append(one.last)
    words = [reader.word(answers.RUNS, number=each.number, state=standing_of(each, reader)) for each in said]
    if len(one.waiting) == 1 and not said:
        words = [
            reader.word(answers.RUNS, number=each.number, state=standing_of(each, reader))
            for each in one.waiting
        ]
    elif one.waiting:
        words.append(answers.waiting(len(one.waiting), reader))
    return ", ".join(words) or _NOTHING
