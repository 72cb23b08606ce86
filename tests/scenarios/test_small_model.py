"""Two processes, two deployments, and everything that can happen to them in every order, by the very code that decides.

A crash at every step, a lease that runs out under a living process, approvals, an approver who leaves, a lock, a
cancel, programs that come up or do not, and the end of the longest wait. Every reachable state is looked at; from each
there must be a way to the end of everything.
"""

from collections import deque
from typing import Any

import pytest

from funade.domain.deployment import Deployment, State
from funade.domain.orders import Standing
from tests.scenarios.small_office import SmallOffice
from tests.scenarios.small_world import Small


class Explorer:
    """Walks through every state, and remembers how it came there."""

    def __init__(self, office: SmallOffice) -> None:
        self.office = office
        self._numbers: dict[tuple[object, ...], int] = {}
        self._ways: list[tuple[int, str]] = []
        self._before: list[list[int]] = []
        self._ends: list[int] = []
        self.states = 0
        self.starts = 0
        self.ends: set[State] = set()

    def explore(self) -> None:
        """Go everywhere, or raise AssertionError with the way to a bad state."""
        first = self.office.first()
        waiting = deque([first])
        self._meet(first, 0, "")
        while waiting:
            world = waiting.popleft()
            for told, after in self.office.happenings(world):
                self._judge(world, after, self.states, told)
                known = len(self._numbers)
                if self._meet(after, self.states, told) == known:
                    waiting.append(after)
            self.states += 1
        self._everything_can_end()

    def _meet(self, world: Small, before: int, told: str) -> int:
        """Return the number of a state, a new one for a new state."""
        number = self._numbers.setdefault(world.key, len(self._numbers))
        if number == len(self._ways):
            self._ways.append((before, told))
            self._before.append([])
            if all(one.has_ended for one in world.stored.rows) and not _running(world):
                self._ends.append(number)
        self._before[number].append(before)
        return number

    def _way(self, number: int, told: str = "") -> str:
        steps = [told] if told else []
        while number:
            number, one = self._ways[number]
            steps.append(one)
        return " > ".join(reversed(steps))

    def _judge(self, before: Small, after: Small, number: int, told: str) -> None:
        problem = _problem(before, after)
        assert problem is None, f"{problem}: {self._way(number, told)}"
        self.starts += _attempts(after) - _attempts(before)
        self.ends.update(one.state for one in after.stored.rows if one.has_ended)

    def _everything_can_end(self) -> None:
        good, waiting = set(self._ends), list(self._ends)
        while waiting:
            for before in self._before[waiting.pop()]:
                if before not in good:
                    good.add(before)
                    waiting.append(before)
        stuck = next((number for number in range(len(self._ways)) if number not in good), None)
        assert stuck is None, f"no way to an end: {self._way(stuck or 0)}"


def _running(world: Small) -> list[str]:
    return [one.deployment for one in world.runs if one.standing is Standing.RUNNING]


def _attempts(world: Small) -> int:
    return sum(one.attempt for one in world.stored.rows)


def _problem(before: Small, after: Small) -> str | None:
    """Return what must never be so, by the words of the rules."""
    if after.doubled:
        return "two programs lived at once"
    for was, row in zip(before.stored.rows, after.stored.rows, strict=True):
        problem = _problem_of(was, row, before, after)
        if problem is not None:
            return f"#{row.number} {problem}"
    return None


def _problem_of(was: Deployment, row: Deployment, before: Small, after: Small) -> str | None:
    told = [kind for id, kind in after.stored.told if id == row.id]
    if row.has_ended and row.id in _running(after):
        return "has ended and still runs"
    if row.has_ended and after.stored.berth.turn == row.id:
        return "has ended and keeps the turn"
    if told.count("deployment_finished") != row.has_ended:
        return "has an end that history tells otherwise"
    if told.count("deployment_started") != row.attempt:
        return "was started and nobody can see it"
    if was.has_ended and row != was:
        return "moved after its end"
    if row.state is State.CANCELLED and was.state is not State.CANCELLED and after.live == row.revision:
        return "was called cancelled and is live"
    if row.state is State.CANCELLED and row.wish is None:
        return "was called cancelled and nobody wished it"
    if row.state is State.SUCCEEDED and was.state is not State.SUCCEEDED and after.live != row.revision:
        return "was called a success and is not live"
    if row.attempt > was.attempt:
        return _problem_of_start(row, before, has_bob=not before.bob_left)
    return None


def _problem_of_start(row: Deployment, before: Small, *, has_bob: bool) -> str | None:
    agreed = {one.by for one in row.approvals} & ({"bob", "cy"} if has_bob else {"cy"})
    if not agreed:
        return "was started without an approval in force"
    if before.stored.berth.lock is not None:
        return "was started through a lock"
    if row.due_at <= before.now:
        return "was started too late"
    return "was started though it was cancelled" if row.wish is not None else None


SMALL = {
    "an approver who leaves": {"leave": 1, "cy": 2},
    "a lock that comes and goes": {"lock": 1, "unlock": 1},
    "something newer that went live": {"bob": 4, "aside": 1},
}
MEDIUM = {
    "a crash, and a cancel": {"crash": 1, "cancel": 1},
    "a lease that runs out under a living process": {"freeze": 1},
    "a crash, and the end of the longest wait": {"crash": 1, "wait": 1},
}
LARGE = {
    "two crashes": {"crash": 2},
    "a crash, and a lock": {"crash": 1, "lock": 1, "unlock": 1},
    "a crash, and an approver who leaves": {"crash": 1, "leave": 1, "cy": 2},
    "a slow process, and a cancel": {"freeze": 1, "cancel": 1},
    "a slow process, and an approver who leaves": {"freeze": 1, "leave": 1, "cy": 2},
    "a slow process, and a lock": {"freeze": 1, "lock": 1, "unlock": 1},
    "a slow process, and the end of the longest wait": {"freeze": 1, "wait": 1},
    "a slow process, and a crash": {"freeze": 1, "crash": 1},
    "people only": {"leave": 1, "cy": 2, "lock": 1, "unlock": 1, "cancel": 1, "wait": 1},
}


def explored(budget: dict[str, int], **office: Any) -> Explorer:
    explorer = Explorer(SmallOffice({"bob": 2, **budget}, follows="aside" not in budget, **office))
    explorer.explore()
    return explorer


@pytest.mark.parametrize(
    "budget",
    [
        *(pytest.param(budget, id=name) for name, budget in SMALL.items()),
        *(pytest.param(budget, id=name, marks=pytest.mark.slow) for name, budget in MEDIUM.items()),
    ],
)
def test_everything_that_can_happen_keeps_the_rules(budget):
    explorer = explored(budget)
    assert explorer.states > 400, "it went nowhere"
    assert explorer.starts > 10
    assert {State.SUCCEEDED, State.FAILED} <= explorer.ends
    assert (State.CANCELLED in explorer.ends) == ("cancel" in budget)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("budget", LARGE.values(), ids=LARGE)
def test_more_that_can_happen_keeps_the_rules(budget):
    assert explored(budget).starts > 100


class Blind:
    """Rules that see nothing in the way."""

    def obstacles(self, *_: Any) -> tuple[Any, ...]:
        return ()


@pytest.mark.parametrize(
    ("budget", "problem"),
    [({"leave": 1}, "without an approval in force"), ({"lock": 1}, "through a lock")],
)
def test_a_start_that_does_not_read_the_rules_again_is_seen(budget, problem):
    with pytest.raises(AssertionError, match=problem):
        explored(budget, rules_at_the_start=Blind())
