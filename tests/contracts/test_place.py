"""What every place promises: this machine's, hosts over SSH, and the fake that stands for them."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from funade.domain.application import Repository, TargetConfiguration
from funade.domain.errors import GuardRefused
from funade.domain.messages import Fact
from funade.domain.orders import EndedBy, Execution, Sighting, Standing, StartOrder
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.domain.wire import Plain
from funade.runner.machine import SystemClock
from funade.secrets import OpenSecrets
from funade.store.sqlite import SqliteLedger
from funade.targets import KINDS, OpenTargets, Surroundings
from funade.testing.controller import StandInController
from funade.testing.exchange import FakeExchange, FakeFactsIn
from funade.testing.queue import Mischief, StrictQueue
from funade.testing.secrets import FakeSecrets
from funade.testing.targets import FakePlace, FakeTargets
from funade.testing.time import FakeClock
from funade.usecases.ledger_ports import Transaction
from funade.usecases.ports import Place, Target
from funade.usecases.queue_ports import Taken
from tests.integration.ssh_hosts import Fleet, fleet

pytestmark = pytest.mark.asyncio

REVISION = Revision("b9692d0e2b64e8337ae5a9016fcd69c6070e244c")  #: what `commit` makes
SOON = timedelta(minutes=5)


PROGRAMS: dict[str, list[Plain]] = {
    "succeeds": ["true"],
    "fails": ["sh", "-c", "exit 3"],
    "hangs": ["sleep", "600"],
    "cannot begin": ["./no-such-program"],
    "dies": ["sh", "-c", "kill -9 $$"],
}


class Story(Protocol):
    """How a place's program is made to behave in a test."""

    def target(self, behaviour: str, *, store: str = "store-1") -> Target: ...
    def release(self, behaviour: str) -> Release: ...
    def fill(self, workspace: Path) -> None: ...


@dataclass
class RealStory:
    """Programs of a real machine."""

    data: Path

    def fill(self, workspace: Path) -> None:
        """Its programs need no files."""

    def release(self, behaviour: str) -> Release:
        settings, problems = KINDS["command"].parse({"run": PROGRAMS[behaviour], "kill_grace": "1s"}, "")
        assert not problems
        return release(settings)

    def target(self, behaviour: str, *, store: str = "store-1") -> Target:
        surroundings = Surroundings(
            data=self.data,
            store=store,
            secrets=FakeSecrets(),
            lease=timedelta(seconds=15),
            clock=FakeClock(),
        )
        return OpenTargets(surroundings).open(self.release(behaviour))


@dataclass
class FakeStory:
    """A place in memory, told how to behave."""

    place: FakePlace = field(default_factory=FakePlace)

    def fill(self, workspace: Path) -> None:
        """It looks at no files."""

    def release(self, behaviour: str) -> Release:
        return release({})

    def target(self, behaviour: str, *, store: str = "store-1") -> Target:
        self.place.store = store
        match behaviour:
            case "succeeds":
                self.place.ends_with(exit_code=0)
            case "fails":
                self.place.ends_with(exit_code=3)
            case "dies":
                self.place.ends_with(signal=9)
            case "hangs":
                self.place.hangs()
            case _:
                self.place.cannot_begin("there is no program")
        return FakeTargets(self.place).open(self.release(behaviour))


@dataclass
class HostsStory:
    """Programs that two real hosts run before a release goes live."""

    data: Path
    fleet: Fleet

    def fill(self, workspace: Path) -> None:
        commit(workspace)

    def release(self, behaviour: str) -> Release:
        section = self.fleet.section(
            hooks={"before": [PROGRAMS[behaviour]]}, kill_grace="1s", path="~/shop/{environment}"
        )
        settings, problems = KINDS["ssh"].parse(section, "")
        assert not problems
        return release(settings, kind="ssh")

    def target(self, behaviour: str, *, store: str = "store-1") -> Target:
        surroundings = Surroundings(
            data=self.data,
            store=store,
            secrets=OpenSecrets(),
            lease=timedelta(seconds=15),
            clock=SystemClock(),
        )
        return OpenTargets(surroundings).open(self.release(behaviour))


QUEUES = {
    "queue": "https://sqs.eu-central-1.amazonaws.com/1/shop",
    "facts": "https://sqs.eu-central-1.amazonaws.com/1/told",
}


@dataclass
class QueuesStory:
    """A stand-in for a controller behind two queues that promise nothing, and a real store for what it tells."""

    ledger: SqliteLedger
    clock: SystemClock = field(default_factory=SystemClock)
    place: FakePlace = field(default_factory=FakePlace)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # An order that a queue does not take is a temporary error here, and repeated by whoever gives it.
        self.orders = StrictQueue(clock=self.clock, mischief=Mischief(seed=7, duplicates=0.3, holds_back=0.1))
        self.told = StrictQueue(
            clock=self.clock, mischief=Mischief(seed=7, duplicates=0.3, holds_back=0.1, refuses=0.1)
        )
        self.exchange = FakeExchange({QUEUES["queue"]: self.orders, QUEUES["facts"]: self.told})

    def fill(self, workspace: Path) -> None:
        """Its Jobs bring what they need."""

    def release(self, behaviour: str) -> Release:
        settings, problems = KINDS["kubernetes-job"].parse(QUEUES, "")
        assert not problems
        return release(settings, kind="kubernetes-job")

    def target(self, behaviour: str, *, store: str = "store-1") -> Target:
        FakeStory(self.place).target(behaviour)
        if not self._tasks:
            controller = StandInController(self.orders, self.told, self.clock, self.place)
            self._tasks += [asyncio.create_task(controller.run()), asyncio.create_task(self._hear())]
        surroundings = Surroundings(
            data=Path("nowhere"),
            store=store,
            secrets=FakeSecrets(),
            lease=timedelta(seconds=15),
            clock=self.clock,
            ledger=self.ledger,
            exchange=self.exchange,
        )
        return OpenTargets(surroundings).open(self.release(behaviour))

    async def _hear(self) -> None:
        facts = FakeFactsIn(self.told)
        while True:
            taken = await facts.take(10, timedelta(0), timedelta(seconds=30))
            if not taken.messages:
                await self.clock.sleep(0.02)
                continue
            await self.ledger.change(lambda change, taken=taken: self._keep(change, taken))  # type: ignore[misc]  # bound early
            await facts.delete([delivery for delivery, _ in taken.messages])

    def _keep(self, change: Transaction, taken: Taken[Fact]) -> None:
        for _, fact in taken.messages:
            change.add_fact(fact, self.clock.now())


def release(settings: dict[str, Plain], kind: str = "command") -> Release:
    return Release(
        application="shop",
        environment="staging",
        revision=REVISION,
        repository=Repository(url="https://example.invalid/shop.git"),
        target=TargetConfiguration(kind=kind, settings=settings),
    )


def commit(workspace: Path) -> None:
    """Make the repository whose only revision is REVISION."""
    moment = "2026-01-01T00:00:00Z"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(workspace),
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_DATE": moment,
    }
    (workspace / "index.html").write_text("the shop\n")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
    for command in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m", "The shop")):
        subprocess.run(["git", "-C", str(workspace), *command], check=True, env=environment)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("hosts"), 2) as them:
        yield them


@pytest.fixture(
    params=[
        "command",
        "fake",
        "kubernetes-job",
        pytest.param("ssh", marks=[pytest.mark.needs("sshd", "git"), pytest.mark.slow]),
    ]
)
def story(request, tmp_path) -> Iterator[Story]:
    if request.param == "fake":
        yield FakeStory()
        return
    if request.param == "command":
        yield RealStory(tmp_path / "data")
        return
    if request.param == "kubernetes-job":
        with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
            yield QueuesStory(ledger)
        return
    hosts: Fleet = request.getfixturevalue("hosts")
    for host in hosts.hosts:
        shutil.rmtree(host.place, ignore_errors=True)
    yield HostsStory(tmp_path / "data", hosts)


@pytest.fixture
def workspace(tmp_path, story):
    folder = tmp_path / "workspace"
    folder.mkdir()
    story.fill(folder)
    return folder


def execution(number: int = 1, *, attempt: int = 1, fence: int = 7) -> Execution:
    return Execution(
        deployment=f"00000000-0000-4000-8000-{number:012}",
        number=number,
        attempt=attempt,
        fence=fence,
        application="shop",
        environment="staging",
    )


@pytest.fixture
def order(story, workspace):
    def order(target: Target, it: Execution, behaviour: str = "succeeds") -> StartOrder:
        released = story.release(behaviour)
        plan = target.plan(released)
        return StartOrder(
            execution=it,
            release=released,
            plan=plan,
            digest=digest(released, plan),
            not_after=datetime.now(UTC) + SOON,
            workspace=str(workspace),
        )

    return order


@pytest.fixture
def start(story, order):
    async def start(it: Execution, behaviour: str = "succeeds", *, store: str = "store-1") -> Place:
        target: Target = story.target(behaviour, store=store)
        await target.place.start(order(target, it, behaviour))
        return target.place

    return start


def standing(sighting: Sighting) -> tuple[Standing, int]:
    return sighting.standing, sighting.highest_fence


async def test_what_never_came_is_unseen(story):
    place = story.target("succeeds").place
    assert standing(await place.look(execution())) == (Standing.UNSEEN, 0)
    assert standing(await place.wait(execution())) == (Standing.UNSEEN, 0)


@pytest.mark.parametrize(
    ("behaviour", "by", "exit_code", "signal"),
    [
        ("succeeds", EndedBy.ITSELF, 0, None),
        ("fails", EndedBy.ITSELF, 3, None),
        ("dies", EndedBy.ITSELF, None, 9),
        ("cannot begin", EndedBy.NEVER_STARTED, None, None),
    ],
)
async def test_how_it_ended_is_told_for_good(start, behaviour, by, exit_code, signal):
    place = await start(execution(), behaviour)
    ended = await place.wait(execution())
    assert standing(ended) == (Standing.ENDED, 7)
    assert ended.ending is not None
    assert (ended.ending.by, ended.ending.exit_code, ended.ending.signal) == (by, exit_code, signal)
    assert bool(ended.ending.problem) == (by is EndedBy.NEVER_STARTED)
    assert await place.look(execution()) == ended
    assert await place.cancel(execution()) == ended


async def test_it_runs_until_it_is_cancelled(start):
    place = await start(execution(), "hangs")
    assert standing(await place.look(execution())) == (Standing.RUNNING, 7)
    await place.keep_alive(execution())
    waiting = asyncio.create_task(place.wait(execution()))
    assert (await place.cancel(execution())).standing in (Standing.RUNNING, Standing.ENDED)
    ended = await waiting
    assert ended.standing is Standing.ENDED
    assert ended.ending is not None
    assert ended.ending.by is EndedBy.CANCEL


@pytest.mark.parametrize("behaviour", ["succeeds", "hangs"])
async def test_no_attempt_begins_twice(start, behaviour):
    place = await start(execution(), behaviour)
    with pytest.raises(GuardRefused):
        await start(execution(), behaviour)
    await place.cancel(execution())
    await place.wait(execution())
    with pytest.raises(GuardRefused):
        await start(execution(), behaviour)
    with pytest.raises(GuardRefused):
        await start(execution(fence=9), behaviour)


async def test_of_two_who_start_the_same_attempt_at_once_one_is_refused(start):
    both = await asyncio.gather(
        start(execution(), "hangs"), start(execution(), "hangs"), return_exceptions=True
    )
    refused = [one for one in both if isinstance(one, GuardRefused)]
    [place] = [one for one in both if not isinstance(one, BaseException)]
    assert len(refused) == 1, both
    await place.cancel(execution())
    await place.wait(execution())


async def test_a_cancelled_attempt_that_never_began_never_will(story, start):
    place = story.target("succeeds").place
    assert (await place.cancel(execution())).standing is Standing.SEALED
    with pytest.raises(GuardRefused):
        await start(execution())
    assert standing(await place.look(execution())) == (Standing.SEALED, 7)
    assert standing(await place.wait(execution())) == (Standing.SEALED, 7)


async def test_an_older_fence_is_refused(start):
    place = await start(execution(2, fence=8))
    await place.wait(execution(2, fence=8))
    with pytest.raises(GuardRefused, match="8"):
        await start(execution(1, fence=7))


async def test_a_fence_belongs_to_one_deployment(start):
    place = await start(execution(1, fence=7))
    await place.wait(execution(1, fence=7))
    with pytest.raises(GuardRefused):
        await start(execution(2, fence=7))


async def test_a_cancel_by_the_fenced_out_does_not_lower_the_fence(start):
    place = await start(execution(2, fence=8))
    assert standing(await place.cancel(execution(1, fence=7))) == (Standing.SEALED, 8)
    await place.wait(execution(2, fence=8))


async def test_a_further_attempt_begins_under_the_same_fence_or_a_higher(start):
    for attempt, fence in ((1, 7), (2, 7), (3, 8)):
        it = execution(attempt=attempt, fence=fence)
        place = await start(it)
        assert standing(await place.wait(it)) == (Standing.ENDED, fence)


async def test_an_older_execution_ends_before_a_newer_begins(start):
    old, new = execution(1, fence=7), execution(2, fence=8)
    await start(old, "hangs")
    place = await start(new, "hangs")
    ended = await place.look(old)
    assert standing(ended) == (Standing.ENDED, 8)
    assert ended.ending is not None
    assert ended.ending.by is EndedBy.CANCEL
    assert standing(await place.look(new)) == (Standing.RUNNING, 8)
    await place.cancel(new)
    await place.wait(new)


async def test_another_store_is_refused(start):
    place = await start(execution(1, fence=7))
    await place.wait(execution(1, fence=7))
    with pytest.raises(GuardRefused, match="store-1"):
        await start(execution(2, fence=8), store="store-2")


async def test_environments_do_not_hinder_each_other(start):
    here = execution(1, fence=7)
    there = replace(execution(2, fence=3), environment="production")
    await start(here, "hangs")
    place = await start(there, "hangs")
    assert standing(await place.look(here)) == (Standing.RUNNING, 7)
    assert standing(await place.look(there)) == (Standing.RUNNING, 3)
    for it in (here, there):
        await place.cancel(it)
        await place.wait(it)


async def test_whose_time_to_begin_is_over_never_begins(story, order):
    target = story.target("succeeds")
    late = replace(order(target, execution()), not_after=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(GuardRefused, match="time"):
        await target.place.start(late)
    assert (await target.place.look(execution())).standing is Standing.SEALED


async def test_to_wait_can_be_given_up(start):
    place = await start(execution(), "hangs")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await place.wait(execution())
    assert (await place.look(execution())).standing is Standing.RUNNING
    await place.cancel(execution())
    await place.wait(execution())
