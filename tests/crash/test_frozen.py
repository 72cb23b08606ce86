"""A server that stands still past its lease does nothing more when it wakes up; its work was taken over."""

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from funade.domain.deployment import State
from funade.domain.reason import Reason
from tests.conftest import LONG
from tests.crash import witness
from tests.crash.frozen import freeze
from tests.crash.matrix import SIDE_BY_SIDE
from tests.crash.voyage import Voyage, until
from tests.crash.world import DATABASE_SECRET, World, repository

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(1800 if LONG else 300)]

WHILE_IT_PREPARES = (
    "store.take:before",
    "store.take:after",
    "workspace.remove:before",
    "workspace.remove:after",
    "sources.lay_out:before",
    "sources.check_out:before",
    "store.start:before",
    "store.start:after",
    "command.make_attempt:before",
    "command.spawn:before",
    "command.intend:before",
    "command.intend:after",
    "command.hand_over:before",
    "command.hand_over:after",
)
WHEN_IT_IS_OVER = (
    "store.ending:before",
    "store.ending:after",
    "workspace.remove:before@2",
    "store.finish:before",
    "store.finish:after",
)
#: On PostgreSQL, by default, where another process and another transaction meet the frozen one's.
ON_POSTGRES = ("store.take:after", "store.start:after", "store.ending:before", "store.finish:before")
WHILE_IT_SPEAKS = (
    "announce.say:before",
    "journal.append:before",
    "journal.append:after",
    "store.settle_announcements:before",
)


@pytest.fixture(scope="module")
def frozen(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[str]]]:
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        # Whoever asks at the store itself needs it too.
        patch.setenv("CRASH_DATABASE", DATABASE_SECRET)
        given = [getattr(getattr(item, "callspec", None), "params", {}) for item in request.session.items]
        wanted = [(one["store"], one["stop"]) for one in given if "stop" in one]
        yield {
            f"{store} {stop}": pool.submit(freeze, stop, late=stop in WHEN_IT_IS_OVER, store=store)
            for store, stop in wanted
        }
        pool.shutdown(cancel_futures=True)


STOPS = (*WHILE_IT_PREPARES, *WHEN_IT_IS_OVER, *WHILE_IT_SPEAKS)
ON = [
    *(("sqlite", stop) for stop in STOPS),
    *(
        pytest.param("postgres", stop, marks=pytest.mark.needs("postgres"))
        for stop in (STOPS if LONG else ON_POSTGRES)
    ),
]


@pytest.mark.parametrize(("store", "stop"), ON)
def test_a_frozen_server_wakes_up_and_does_nothing_more(
    frozen: dict[str, Future[str]], store: str, stop: str
):
    wrong = frozen[f"{store} {stop}"].result()
    assert not wrong, f"{wrong}\n--- again: pytest tests/crash/test_frozen.py -k '{stop}'"


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGSTOP])
def test_an_abandoned_program_is_ended_when_the_lease_is_over(tmp_path: Path, way: signal.Signals):
    voyage = Voyage(World(tmp_path / "world", repository(), abandoned="stop"))
    voyage.servers.start(again=False)
    try:
        deployment = voyage.deploy("wait")
        voyage.begun(deployment)
        voyage.servers.send(way)
        until("its end", lambda: list(voyage.world.data.glob("attempts/*/1/exit.json")))
        if way is signal.SIGSTOP:
            voyage.servers.send(signal.SIGCONT)
        else:
            voyage.servers.start()
        (row,) = voyage.end_of(deployment)
        assert row.because is not None, voyage.log_text()
        assert (row.state, row.because.code) == (State.FAILED, Reason.ABANDONED), voyage.log_text()
        assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text(), voyage.world.lines())
    finally:
        voyage.servers.kill()
