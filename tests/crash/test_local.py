"""Without a server: the process that carries its own deployment dies, and the next Funade process goes on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from funade.domain.answers import DeploymentShown
from funade.domain.commands import Why
from funade.domain.errors import FunadeError
from funade.domain.reason import Reason
from tests.conftest import LONG
from tests.crash import witness
from tests.crash.matrix import POINTS, SIDE_BY_SIDE
from tests.crash.nursery import nursery
from tests.crash.voyage import PATIENCE_SECONDS, Voyage
from tests.crash.world import World, repository

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(3600 if LONG else 300)]

SAMPLE = (
    "store.register:after",
    "store.accept:before",
    "store.accept:after",
    "store.take:after",
    "sources.check_out:after",
    "store.start:after",
    "command.hand_over:after",
    "command.begin:after",
    "command.record_ending:before",
    "store.ending:before",
    "store.finish:before",
    "store.finish:after",
    "journal.append:after",
    "store.forget:before",
)
KILLED = -9


def carry(point: str) -> str:
    """Return what is wrong after a death at `point`; empty when all is well, or when nobody came there."""
    with TemporaryDirectory(prefix="funade-voyage-", ignore_cleanup_errors=True) as folder:
        voyage = Voyage(World(Path(folder) / "world", repository()))
        request = str(uuid4())
        try:
            code = funade(voyage.world, request, f"{point}=kill")
            found = explained(voyage) if code == KILLED else []
            funade(voyage.world, request)
            with voyage.at_the_store():
                voyage.accepted[request] = next(iter(voyage.history().deployments)).id
                found += witness.findings(voyage)
        except (AssertionError, FunadeError) as error:
            found = [f"{type(error).__name__}: {error}"]
        if point not in {passed for _, passed in voyage.passed()}:
            found += [f"nobody came to {point}"] if not LONG else []
        return "\n".join([*found, voyage.log_text(), *map(str, voyage.world.lines())]) if found else ""


def explained(voyage: Voyage) -> list[str]:
    """Return what is wrong with what a person is told while nobody looks after the deployment."""
    with voyage.at_the_store():
        waiting = [one for one in voyage.history().deployments if not one.has_ended]
        if not waiting:
            return []
        shown = voyage.ask(Why(number=waiting[0].number))
    assert isinstance(shown, DeploymentShown), shown
    if Reason.NO_PROCESS_RUNNING in {one.because.code for one in shown.waiting}:
        return []
    return [f"`why` says nothing of a missing process: {shown.waiting}"]


def funade(world: World, request: str, traps: str = "") -> int:
    """Deploy by the command line; the same request again goes on with the same deployment."""
    arguments = ["-c", str(world.configuration), "deploy", "shop", "staging", "first", "--yes", "--json"]
    child = nursery().bear(
        [*arguments, "--request", request],
        world.environment(traps),
        world.folder,
        world.folder / "server.log",
    )
    return child.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def carried(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[str]]]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        wanted = [
            getattr(getattr(item, "callspec", None), "params", {}).get("death")
            for item in request.session.items
        ]
        yield {death: pool.submit(carry, death) for death in wanted if death is not None}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("death", POINTS if LONG else SAMPLE)
def test_the_next_process_goes_on_where_the_command_line_died(carried: dict[str, Future[str]], death: str):
    wrong = carried[death].result()
    assert not wrong, f"{wrong}\n--- again: pytest tests/crash/test_local.py -k '{death}'"
