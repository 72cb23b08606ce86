"""What somebody who asked is answered: calm, aligned plain text for a terminal's prompt and for chat. Pure."""

import base64
from collections.abc import Iterable
from typing import assert_never

from funade.chat.barriers import changed, pause_line
from funade.chat.deployments import deployment_shown, line_of, numbered, overrides, waiting_lines
from funade.chat.heard import Help, Misread
from funade.chat.helping import help_lines
from funade.chat.layout import clip, indented, table, width_of
from funade.chat.rights import rights_lines
from funade.chat.spelling import spell
from funade.chat.statuses import status_lines
from funade.domain.answers import (
    Accepted,
    Answer,
    Changed,
    DeploymentShown,
    HistoryShown,
    LogShown,
    PauseChanged,
    Planned,
    Refused,
    RightsShown,
    StatusShown,
)
from funade.domain.commands import ReadLog, ShowHistory
from funade.domain.revision import Changes
from funade.texts import Reader, answers, plain, plain_lines
from funade.texts.happenings import happening_line, ref_and_revision
from funade.texts.misreadings import misreading_lines
from funade.texts.reasons import reason_with_remedy
from funade.texts.states import short_sha, step_line
from funade.texts.times import moment

#: as wide as an answer may be where nobody says how wide the reader's window is
WIDTH = 100
#: more commits than this are counted, not listed
MOST_COMMITS = 10


def reply(answer: Answer | Help | Misread, reader: Reader, *, width: int = WIDTH) -> str:
    """Return the answer in the reader's language and time, as lines without a line end behind the last."""
    return "\n".join(_lines(answer, reader, width))


def _lines(  # noqa: PLR0912 - one branch an answer, flat on purpose
    answer: Answer | Help | Misread, reader: Reader, width: int
) -> list[str]:
    match answer:
        case Misread():
            return misreading_lines(answer.code, answer.understood, answer.suggestion, answer.detail, reader)
        case Help(verb=verb):
            return help_lines(verb, reader)
        case Refused(because=because):
            return [reason_with_remedy(because, reader)]
        case Planned():
            return planned(answer, reader, width)
        case Accepted(deployment=deployment, waiting=waiting):
            beside = [*overrides(deployment, reader), *waiting_lines(waiting, reader)]
            return [numbered(deployment, reader), *indented(beside)]
        case DeploymentShown():
            return deployment_shown(answer, reader)
        case StatusShown():
            return status_lines(answer, reader)
        case HistoryShown():
            return history(answer, reader)
        case Changed():
            return changed(answer, reader)
        case PauseChanged(pause=pause):
            return [pause_line(pause, reader)]
        case RightsShown():
            return rights_lines(answer, reader)
        case LogShown():
            return log(answer, reader)
        case _ as never:
            assert_never(never)


def planned(answer: Planned, reader: Reader, width: int) -> list[str]:
    """Return what a deploy would do: what changes for people first, then each step."""
    line = line_of(
        answer.application, ref_and_revision(answer.ref, answer.revision), answer.environment, reader
    )
    lines = [reader.word(answers.PLAN, digest=answer.digest[:7], line=line), ""]
    preview = answer.preview
    if preview.live is None:
        lines.append(reader.word(answers.FIRST))
    elif preview.live == answer.revision:
        lines.append(reader.word(answers.SAME))
    else:
        lines.append(reader.word(answers.LIVE_NOW, what=_live(preview.live, preview.live_number)))
    if preview.changes is not None:
        lines += changes_lines(preview.changes, reader, width)
    steps = [f"{number}. {step_line(step, reader)}" for number, step in enumerate(answer.plan.steps, 1)]
    lines += ["", reader.word(answers.STEPS), *indented(steps)]
    if answer.in_the_way:
        lines += ["", *waiting_lines(answer.in_the_way, reader)]
    return lines


def _live(revision: str, number: int | None) -> str:
    sha = short_sha(plain(revision))
    return sha if number is None else f"{sha} (#{number})"


def changes_lines(changes: Changes, reader: Reader, width: int, most: int = MOST_COMMITS) -> list[str]:
    """Return how many commits by whom, then the newest of them, a line each."""
    lines = []
    if changes.dropped:
        lines.append(answers.dropped(changes.dropped, reader))
    if not changes.total or not changes.commits:
        return lines
    lines += ["", answers.commits(changes.total, _names(changes.authors), reader)]
    shown = changes.commits[:most]
    authors = [clip(plain(one.author), 20) for one in shown]
    room = width - 2 - 7 - 2 - 2 - max(map(width_of, authors))
    rows = [
        (short_sha(one.revision), clip(plain(one.subject), max(20, room)), author)
        for one, author in zip(shown, authors, strict=True)
    ]
    lines += indented(table(rows))
    if changes.total > len(shown):
        lines += indented([reader.word(answers.MORE, number=changes.total - len(shown))])
    return lines


def _names(names: Iterable[str]) -> str:
    shown = [plain(one) for one in names]
    return ", ".join(shown[:5]) + (", …" if len(shown) > 5 else "")


def history(answer: HistoryShown, reader: Reader) -> list[str]:
    """Return what happened, newest first; the place is named once where all of it is one."""
    if not answer.events:
        return [reader.word(answers.NOTHING_HAPPENED)]
    # What is told of everything, a pause, has no place of its own.
    places = {(one.application, one.environment) for one in answer.events if one.application}
    times = [moment(one.at, reader) for one in answer.events]
    longest = max(map(len, times))
    rows = []
    for event, time in zip(answer.events, times, strict=True):
        number = "" if event.number is None else f"#{event.number}"
        place = [plain(f"{event.application} {event.environment}".strip())] if len(places) > 1 else []
        rows.append([time.rjust(longest), number, *place, happening_line(event, reader)])
    lines = table(rows)
    if answer.before is not None:
        application, environment = next(iter(places)) if len(places) == 1 else (None, None)
        page = ShowHistory(application=application, environment=environment, before=answer.before)
        lines += ["", reader.word(answers.OLDER, command=spell(page))]
    return lines


def log(answer: LogShown, reader: Reader) -> list[str]:
    """Return the program's output, and how to read on if that is not all."""
    output = plain_lines(base64.b64decode(answer.data).decode(errors="replace")).rstrip("\n")
    if not output and not answer.offset:
        empty = answers.LOG_EMPTY if answer.complete else answers.LOG_EMPTY_YET
        return [reader.word(empty, number=answer.number)]
    lines = output.split("\n") if output else []
    if not answer.complete:
        page = ReadLog(number=answer.number, attempt=answer.attempt, offset=answer.next)
        lines += ["", reader.word(answers.LOG_MORE, command=spell(page))]
    return lines
