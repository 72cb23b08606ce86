"""Another person agrees to one deployment: to exactly this digest, and never to their own."""

from collections.abc import Callable, Iterable
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
    """Somebody goes ahead despite what stood in the way, with a reason, for everybody to see."""

    by: str
    by_id: str
    at: datetime
    reason: str
    despite: tuple[str, ...]


def counting(
    approvals: Iterable[Approval], *, digest: str, asker: str, may_approve: Callable[[str], bool]
) -> tuple[Approval, ...]:
    """Return those that count now: of this digest, by distinct people who may approve now and did not ask for it."""
    found: dict[str, Approval] = {}
    for one in approvals:
        if one.digest == digest and one.by != asker and may_approve(one.by):
            found.setdefault(one.by, one)
    return tuple(found.values())
