"""Another person agrees to one deployment: to exactly this digest, and never to their own."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes to one digest."""

    by: str
    by_id: str
    at: datetime
    digest: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody goes ahead despite what stood in the way, with a reason, for everybody to see.

    `despite` are the codes of what stood there; `covers` names these very obstacles (`gate.name_of`): what comes later,
    another lock or one more approval that is wanted, is not covered.
    """

    by: str
    by_id: str
    at: datetime
    reason: str
    despite: tuple[str, ...]
    covers: tuple[str, ...] = ()


def counting(
    approvals: Iterable[Approval],
    *,
    digest: str,
    asker: str,
    ids_of: Callable[[str], Collection[str]],
    may_approve: Callable[[str], bool],
) -> tuple[Approval, ...]:
    """Return those that count now: of this digest, by distinct people who may approve now and did not ask for it.

    People are known by their ids: `ids_of` returns all ids of the person with one of them.
    """
    found = []
    spoken_for = set(ids_of(asker))
    for one in approvals:
        if one.digest == digest and one.by_id not in spoken_for and may_approve(one.by_id):
            found.append(one)
            spoken_for.update(ids_of(one.by_id))
    return tuple(found)
