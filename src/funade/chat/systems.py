"""How Funade itself is: processes, who looks after what, what waits and for how long."""

from collections.abc import Sequence
from datetime import datetime

from funade.chat.layout import table
from funade.domain.answers import ProcessShown, QueueShown, StatusShown, SystemShown
from funade.texts import Reader, answers, plain
from funade.texts.times import moment, span

_NOTHING = "–"


def system_lines(answer: StatusShown, reader: Reader) -> list[str]:
    """Return what waits, then a line for each process."""
    system = answer.system
    if system is None:
        return []
    lines = [
        reader.word(answers.STORE_IS, store=plain(system.store)),
        reader.word(answers.IN_ALL, running=system.running, queued=system.queued, asking=system.asking),
        *_lags(system, reader),
        "",
    ]
    if answer.queues:
        lines += [*_queues(answer.queues, reader), ""]
    if not answer.processes:
        return [*lines, reader.word(answers.NO_PROCESS)]
    heading = (
        *(answers.PROCESS, answers.HOST, answers.PID, answers.MACHINE),
        *(answers.LEASE, answers.SEEN, answers.LOOKS_AFTER),
    )
    rows = [_row(one, system, reader) for one in answer.processes]
    return [*lines, *table([[reader.word(one) for one in heading], *rows])]


def _queues(queues: Sequence[QueueShown], reader: Reader) -> list[str]:
    heading = (answers.QUEUE, answers.HOLDS, answers.WAITING_THERE, answers.IN_HAND, answers.DEAD_LETTERS)
    kinds = {"orders": answers.HOLDS_ORDERS, "facts": answers.HOLDS_FACTS}
    rows = [
        [
            plain(one.name),
            reader.word(kinds[one.holds]) if one.holds in kinds else plain(one.holds),
            *(_NOTHING if one.problem is not None else str(number) for number in (one.waiting, one.in_hand)),
            _NOTHING if one.dead_letters is None else str(one.dead_letters),
        ]
        for one in queues
    ]
    return table([[reader.word(one) for one in heading], *rows])


def _lags(system: SystemShown, reader: Reader) -> list[str]:
    lines = []
    if system.oldest_queued is not None:
        lines.append(reader.word(answers.OLDEST_QUEUED, span=_since(system.oldest_queued, reader)))
    if system.unsaid:
        lines.append(answers.unsaid(system.unsaid, reader))
    if system.oldest_unsaid is not None:
        lines.append(reader.word(answers.OLDEST_UNSAID, span=_since(system.oldest_unsaid, reader)))
    return lines


def _since(at: datetime, reader: Reader) -> str:
    if reader.now is None:
        return moment(at, reader)
    return span(max(0.0, (reader.now - at).total_seconds()), reader)


def _row(one: ProcessShown, system: SystemShown, reader: Reader) -> list[str]:
    duties = [f"#{number}" for number in system.looked_after.get(one.id, ())]
    if one.id == system.announcer:
        duties.append(reader.word(answers.ANNOUNCES))
    return [
        reader.word(answers.ROLES.get(one.role, answers.ROLE_OTHER)),
        plain(one.host),
        str(one.pid),
        plain(one.machine) or _NOTHING,
        reader.word(answers.LEASE_HOLDS if one.alive else answers.LEASE_OVER),
        moment(one.seen_at, reader, to_the_second=True),
        ", ".join(duties) or _NOTHING,
    ]
