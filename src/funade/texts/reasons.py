"""Every reason in a sentence: what is so, and what to do about it.

Each has wordings from the fullest to the barest, and the first one whose data is there is used: what an older
release wrote can always be read. The last wording needs nothing.
"""

import signal

from funade.domain.reason import Because, Reason
from funade.domain.wire import Plain
from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain
from funade.texts.remedies import REMEDIES
from funade.texts.states import short_sha, state_word
from funade.texts.times import moment, read_moment, span
from funade.texts.troubles import trouble
from funade.texts.wordings import WORDINGS

#: between what is so and what to do
_AND_DO = mark("{what} — {remedy}")


def reason(because: Because, reader: Reader) -> str:
    """Return what is so, in one sentence."""
    worded = reader.first_of(WORDINGS.get(because.code, ()), _values(because, reader))
    return worded if worded is not None else plain(str(because.code))


def remedy_of(because: Because, reader: Reader) -> str | None:
    """Return what to do about it, where there is something to do."""
    return reader.first_of(REMEDIES.get(because.code, ()), _values(because, reader))


def reason_with_remedy(because: Because, reader: Reader) -> str:
    """Return both in one sentence."""
    what, remedy = reason(because, reader), remedy_of(because, reader)
    return what if remedy is None else reader.word(_AND_DO, what=what, remedy=remedy)


def _values(because: Because, reader: Reader) -> dict[str, str]:
    """Return the details that can be shown, each as people read it."""
    values = {key: shown for key, value in because.detail.items() if (shown := _shown(key, value, reader))}
    if because.code is Reason.AWAITING_TURN and because.detail.get("position") == 1:
        del values["position"]
    if because.code is Reason.EXPIRED and because.detail.get("waited_for") in tuple(Reason):
        what_for = Because(code=Reason(str(because.detail["waited_for"])), detail=because.detail)
        values["waited_for"] = reason(what_for, reader)
    return values


def _shown(key: str, value: Plain, reader: Reader) -> str:
    """Return one detail as people read it; nothing for what is not there."""
    match key, value:
        case _, None | "" | dict():
            return ""
        case _, list():
            # The wordings put backticks around the place; between several they belong inside.
            return "`, `".join(shown for one in value if (shown := _shown(key, one, reader)))
        case (("since" | "until"), str()) if at := read_moment(value):
            return moment(at, reader)
        case "seconds", int() | float():
            return span(value, reader)
        case "state", str():
            return state_word(value, reader)
        case "problem", str():
            return trouble(plain(value), reader)
        case "signal", int() if not isinstance(value, bool):
            return _signal(value)
        case _:
            return short_sha(plain(str(value)))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
