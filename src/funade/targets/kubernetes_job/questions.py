"""What this process has asked a place and was not answered yet, from one opened target to the next."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from funade.domain.orders import Execution

#: A place that is silent finds few orders of ours when it is back: each waits longer than the one before.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(slots=True)
class Asking:
    """One thing that is asked of a place again and again, until it answers."""

    since: datetime
    questions: list[str] = field(default_factory=list)
    #: whether it had begun when it was first asked
    began: bool = False
    _next_at: float = 0.0
    _pause: float = FIRST_PAUSE.total_seconds()

    def is_due(self, steady: float) -> bool:
        """Tell whether to ask (again)."""
        return steady >= self._next_at

    def asked(self, question: str, steady: float) -> None:
        """Note that it was asked."""
        self.questions.append(question)
        self._next_at = steady + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE.total_seconds())


class Questions:
    """Everything that is being asked, by execution and kind of order."""

    def __init__(self) -> None:
        self._asking: dict[tuple[str, int, str], Asking] = {}

    def about(self, execution: Execution, order: str, now: datetime, *, began: bool) -> Asking:
        """Return what is being asked; a new one where nothing is."""
        key = (execution.deployment, execution.attempt, order)
        return self._asking.setdefault(key, Asking(since=now, began=began))

    def answered(self, execution: Execution, order: str) -> None:
        """Forget what was answered."""
        self._asking.pop((execution.deployment, execution.attempt, order), None)


def new_question() -> str:
    """Return a question that was never asked."""
    return secrets.token_hex(8)
