"""What keeps deployments out of an environment, or out of all, and what goes ahead despite it: one line an event."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from funade.domain import events
from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain
from funade.texts.times import moment

Barrier = (
    events.LockTaken
    | events.LockReleased
    | events.EverythingPaused
    | events.EverythingResumed
    | events.EnvironmentClosed
    | events.EnvironmentReopened
    | events.AutomationHeld
    | events.AutomationResumed
)
#: what can be overridden, by the reasons' codes
OVERRIDDEN: dict[str, str] = {
    "awaiting_approval": mark("missing approvals"),
    "locked": mark("a lock"),
    "frozen": mark("a freeze"),
}
_AND = mark(" and ")
_WITH_REASON = mark("{said}: {reason}")
# An override must catch the eye in a list of calm lines.
_OVERRIDE = mark("OVERRIDE: {by} goes ahead despite {despite}")
_LOCKED = mark("{by} locked `{environment}` of `{application}`")
_LOCKED_UNTIL = mark("{by} locked `{environment}` of `{application}` until {until}")
_STOLEN = mark("{by} TOOK OVER the lock of {before} on `{environment}` of `{application}`")
_STOLEN_UNTIL = mark(
    "{by} TOOK OVER the lock of {before} on `{environment}` of `{application}` until {until}"
)
_UNLOCKED = mark("{by} unlocked `{environment}` of `{application}`")
_FORCED = mark("OVERRIDE: {by} opened the lock of {before} on `{environment}` of `{application}`")


def override_line(by: str, despite: Iterable[str], reader: Reader) -> str:
    """Return who goes ahead despite what."""
    return reader.word(_OVERRIDE, by=by, despite=overridden(despite, reader))


def overridden(despite: Iterable[str], reader: Reader) -> str:
    """Return what is overridden, in words; a code that a newer release wrote is shown as it is."""
    said = (
        reader.word(OVERRIDDEN[one]) if one in OVERRIDDEN else plain(one) for one in dict.fromkeys(despite)
    )
    return reader.word(_AND).join(said)


def barrier_line(told: Barrier, place: Mapping[str, str], reader: Reader) -> str:
    """Return what happened to what stands in the way; `place` says by whom and where."""
    why = None if isinstance(told, events.EnvironmentClosed) else told.reason
    return with_reason(_barrier(told, place, reader), why, reader)


def _barrier(told: Barrier, place: Mapping[str, str], reader: Reader) -> str:
    match told:
        case events.LockTaken():
            return _taken(told, place, reader)
        case events.LockReleased(of=before):
            wording = _UNLOCKED if plain(before) == place["by"] else _FORCED
            return reader.word(wording, **place, before=plain(before))
        case events.EverythingPaused():
            return reader.word(mark("{by} PAUSED everything"), **place)
        case events.EverythingResumed():
            return reader.word(mark("{by} let everything go on"), **place)
        case events.EnvironmentClosed(problem=problem):
            wording = mark("`{environment}` of `{application}` was closed: {problem}")
            return reader.word(wording, **place, problem=plain(problem))
        case events.EnvironmentReopened():
            return reader.word(mark("{by} reopened `{environment}` of `{application}`"), **place)
        case events.AutomationHeld():
            return _held(told, place, reader)
        case events.AutomationResumed():
            wording = mark("{by} let automatic deploys to `{environment}` of `{application}` go on")
            return reader.word(wording, **place)
        case _ as never:
            assert_never(never)


def _taken(told: events.LockTaken, place: Mapping[str, str], reader: Reader) -> str:
    values = dict(place)
    if told.stolen_from is not None:
        values["before"] = plain(told.stolen_from)
    if told.until is not None:
        values["until"] = moment(told.until, reader)
        return reader.word(_LOCKED_UNTIL if told.stolen_from is None else _STOLEN_UNTIL, **values)
    return reader.word(_LOCKED if told.stolen_from is None else _STOLEN, **values)


def _held(told: events.AutomationHeld, place: Mapping[str, str], reader: Reader) -> str:
    if told.number is None:
        return reader.word(mark("{by} held automatic deploys to `{environment}` of `{application}`"), **place)
    wording = mark("automatic deploys to `{environment}` of `{application}` are held by rollback #{number}")
    return reader.word(wording, **place, number=told.number)


def with_reason(said: str, why: str | None, reader: Reader) -> str:
    """Return what is said with why, where somebody said why."""
    return reader.word(_WITH_REASON, said=said, reason=plain(why)) if why else said
