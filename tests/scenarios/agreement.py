"""After every story: history, rows, the place and what was announced tell the same."""

from collections.abc import Sequence

from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth
from funade.domain.events import (
    DeploymentFinished,
    DeploymentRequested,
    DeploymentStarted,
    Event,
    ExecutionEnded,
)
from funade.usecases.ledger_ports import Obligation, Reading
from tests.scenarios.world import World


def assert_agreement(world: World) -> None:
    """Raise AssertionError where two of them tell two stories; everything that was to be said has been said."""
    assert not world.mistakes, world.mistakes
    world.assert_sound()
    rows, berths, events, owed, unsaid = world.loop.answer(world.ledger.read(_everything))
    for row in rows:
        _tells_its_story(world, row, [one for one in events if one.deployment == row.id])
    for berth in berths:
        _is_left_tidy(berth, rows)
    _owes_nothing(rows, berths, owed)
    said = [announcement.key for announcement, _ in world.announcer.said]
    assert not unsaid, "something is still to be said"
    assert said == [str(one.sequence) for one in events], "each event is announced once, in order"


def _everything(
    look: Reading,
) -> tuple[list[Deployment], Sequence[Berth], Sequence[Event], Sequence[Obligation], int]:
    rows = [*look.unended(), *look.ended(None, None, limit=1000)]
    return rows, look.berths(), look.events(limit=10_000), look.obligations(), len(look.announcements(1))


def _tells_its_story(world: World, row: Deployment, events: list[Event]) -> None:
    happenings = [one.happening for one in events]
    assert [one.application for one in events] == [row.application] * len(events)
    assert isinstance(happenings[0], DeploymentRequested), "a story begins with its request"
    assert happenings[0].revision == row.revision
    assert happenings[0].digest == row.digest

    finished = [one for one in happenings if isinstance(one, DeploymentFinished)]
    assert len(finished) == row.has_ended, "an end is told once"
    if finished:
        assert (finished[0].state, finished[0].because, finished[0].verified) == (
            row.state,
            row.because,
            row.verified,
        )
        assert row.owner is None
        assert row.phase is Phase.DONE

    starts = [(one.attempt, one.fence) for one in happenings if isinstance(one, DeploymentStarted)]
    assert [attempt for attempt, _ in starts] == list(range(1, row.attempt + 1)), "every attempt is told"
    if starts:
        assert starts[-1][1] == row.fence
    orders = [one for one in world.place.started if one.execution.deployment == row.id]
    for order in orders:
        assert (order.execution.attempt, order.execution.fence) in starts, "what began was allowed to"
        assert (order.release, order.digest) == (row.release, row.digest), "what was asked for is what ran"
    assert len(orders) <= 1, "only what never began is begun again"
    ends = [one for one in happenings if isinstance(one, ExecutionEnded)]
    assert len(ends) <= len(orders)
    assert row.state is not State.SUCCEEDED or orders, "nothing succeeds without a run"


def _is_left_tidy(berth: Berth, rows: Sequence[Deployment]) -> None:
    here = [
        one for one in rows if (one.application, one.environment) == (berth.application, berth.environment)
    ]
    holder = next((one for one in here if one.id == berth.turn), None)
    assert berth.turn is None or (holder is not None and not holder.has_ended), (
        "a turn is given back at the end"
    )
    running = [one for one in here if one.state is State.RUNNING]
    assert all(one.id == berth.turn for one in running), "nobody runs without the turn"
    assert berth.fence >= max((one.fence for one in here), default=0)
    if berth.live_number is not None:
        (live,) = [one for one in here if one.number == berth.live_number]
        assert live.revision == berth.live
        assert live.was_started


def _owes_nothing(rows: Sequence[Deployment], berths: Sequence[Berth], owed: Sequence[Obligation]) -> None:
    doubted = {one.doubt.number for one in berths if one.doubt is not None}
    may_owe = {one.id for one in rows if not one.has_ended or one.number in doubted}
    assert {one.deployment for one in owed} <= may_owe, "what has ended owes nothing"
