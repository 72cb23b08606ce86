"""Messages of queues that nobody could deal with, in one sentence: how many, of whom, what was wrong, what to do."""

from funade.domain.events import DeadLettersFound
from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain
from funade.texts.troubles import trouble

_HOLDS = {
    "orders": mark("orders for {places}"),
    "facts": mark("facts about {places}"),
    "both": mark("orders and facts of {places}"),
}
_WITH_PROBLEMS = mark("{what}: {problems}")
_WITH_REMEDY = mark("{what} — {remedy}")
_SORT = mark(
    "look at them with `funade queue list {queue}`; `funade queue redrive {queue}` sends them again,"
    " `funade queue discard {queue} ID` throws one away"
)
_GIVE_ONE = mark(
    "they come again and again: give the queue a queue for dead letters, where they can be sorted"
)


def dead_letters_line(told: DeadLettersFound, reader: Reader) -> str:
    """Return what was found in which queue, why as far as known, and what to do."""
    queue, places = plain(told.queue), ", ".join(f"`{plain(one)}`" for one in told.used_by)
    holds = plain(told.holds) if told.holds not in _HOLDS else reader.word(_HOLDS[told.holds], places=places)
    said = reader.count(
        "{number} message of the queue `{queue}` could not be dealt with ({holds})",
        "{number} messages of the queue `{queue}` could not be dealt with ({holds})",
        told.number,
        queue=queue,
        holds=holds,
    )
    if told.problems:
        problems = "; ".join(trouble(plain(one), reader) for one in told.problems)
        said = reader.word(_WITH_PROBLEMS, what=said, problems=problems)
    remedy = reader.word(_SORT, queue=queue) if told.is_kept else reader.word(_GIVE_ONE)
    return reader.word(_WITH_REMEDY, what=said, remedy=remedy)
