"""What keeps deploys from an environment, or from all of them, in a line each: when it changes, and in a status."""

from funade.domain.answers import Changed
from funade.domain.environment import Berth, Hold
from funade.domain.freeze import Frozen
from funade.domain.lock import Lock, Pause
from funade.domain.reason import Reason, because
from funade.texts import Reader, answers, plain
from funade.texts.reasons import reason_with_remedy
from funade.texts.times import moment


def changed(answer: Changed, reader: Reader) -> list[str]:
    """Return how an environment stands now: everything that keeps deploys from it, or that nothing does."""
    lines = barrier_lines(answer.berth, reader)
    if not lines:
        lines = [reader.word(answers.OPEN, **_place(answer.berth))]
    if answer.stolen_from is not None:
        lines.append(reader.word(answers.STOLEN, before=plain(answer.stolen_from)))
    return lines


def barrier_lines(berth: Berth, reader: Reader) -> list[str]:
    """Return what keeps deploys from an environment, the gravest first, each with what to do."""
    place = {"application": berth.application, "environment": berth.environment}
    lines = []
    if berth.doubt is not None:
        closed = because(Reason.ENVIRONMENT_IN_DOUBT, **place, number=berth.doubt.number)
        lines.append(reason_with_remedy(closed, reader))
    if berth.lock is not None and _holds(berth.lock, reader):
        lines.append(lock_line(berth, berth.lock, reader))
    if berth.hold is not None:
        lines.append(hold_line(berth, berth.hold, reader))
    return lines


def freeze_lines(
    application: str, environment: str, frozen: Frozen | None, following: Frozen | None, reader: Reader
) -> list[str]:
    """Return until when an environment is frozen, and when it will be again."""
    place = {"application": application, "environment": environment}
    lines = []
    if frozen is not None:
        until = frozen.until.isoformat()
        lines.append(
            reason_with_remedy(because(Reason.FROZEN, **place, reason=frozen.reason, until=until), reader)
        )
    if following is not None:
        times = {"since": moment(following.since, reader), "until": moment(following.until, reader)}
        values = {key: plain(value) for key, value in place.items()} | times
        wording = answers.FREEZES_BECAUSE if following.reason else answers.FREEZES
        lines.append(reader.word(wording, **values, reason=plain(following.reason)))
    return lines


def lock_line(berth: Berth, lock: Lock, reader: Reader) -> str:
    """Return who keeps others out, since when, until when, why, and how it is opened."""
    values = {
        **_place(berth),
        "by": plain(lock.by),
        "reason": plain(lock.reason),
        "since": moment(lock.since, reader),
    }
    if lock.until is None:
        return reader.word(answers.LOCKED, **values)
    return reader.word(answers.LOCKED_UNTIL, **values, until=moment(lock.until, reader))


def hold_line(berth: Berth, hold: Hold, reader: Reader) -> str:
    """Return why automatic deploys wait, and how they go on."""
    if hold.number is not None:
        return reader.word(answers.HELD, **_place(berth), number=hold.number)
    values = {**_place(berth), "by": plain(hold.by), "since": moment(hold.since, reader)}
    if hold.reason is None:
        return reader.word(answers.HELD_BY, **values)
    return reader.word(answers.HELD_BECAUSE, **values, reason=plain(hold.reason))


def pause_line(pause: Pause | None, reader: Reader) -> str:
    """Return whether everything stands still, and how it goes on."""
    if pause is None:
        return reader.word(answers.NOT_PAUSED)
    values = {"by": plain(pause.by), "since": moment(pause.since, reader)}
    if pause.reason is None:
        return reader.word(answers.PAUSED, **values)
    return reader.word(answers.PAUSED_BECAUSE, **values, reason=plain(pause.reason))


def _holds(lock: Lock, reader: Reader) -> bool:
    """Tell whether the lock is in force at the reader's moment; nobody needs to hear of one that is over."""
    return reader.now is None or lock.holds(reader.now)


def _place(berth: Berth) -> dict[str, str]:
    return {"application": plain(berth.application), "environment": plain(berth.environment)}
