"""What comes out of a queue of facts is stored whole, whatever the queue does and however many listen."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from funade.domain.deployment import Deployment
from funade.domain.errors import FunadeError, TemporaryQueueError
from funade.domain.messages import Fact, ReportedEnd, ReportedLog, ReportedStart
from funade.domain.orders import EndedBy, Ending, Execution
from funade.store.attempt_logs import AttemptLogs
from funade.store.shared_logs import SharedLogs
from funade.testing.exchange import FakeFactsIn, message_of
from funade.testing.queue import Mischief, StrictQueue
from funade.testing.targets import FakeTargets
from funade.testing.time import FakeClock
from funade.usecases.ports import GrowingLogs
from funade.usecases.queue_ports import Message, QueuePlace
from funade.usecases.receive_facts import FARTHEST, PATIENCE, ReceiveFacts
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

pytestmark = pytest.mark.asyncio

HERE = QueuePlace(url="https://sqs.eu-central-1.amazonaws.com/1/told")
NOTHING = timedelta(0)


@dataclass
class Ears:
    """A queue of facts, those who listen to it, and what is kept."""

    store: Store
    logs: GrowingLogs
    deployment: Deployment
    clock: FakeClock = field(default_factory=FakeClock)
    mischief: Mischief = field(default_factory=Mischief)
    patience: timedelta = PATIENCE
    reported: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = StrictQueue(clock=self.clock, mischief=self.mischief)
        self.facts = FakeFactsIn(self.queue)
        self.targets = FakeTargets(told_by=HERE)

    @property
    def receive(self) -> ReceiveFacts:
        return ReceiveFacts(
            ledger=self.store.ledger,
            targets=self.targets,
            logs=self.logs,
            clock=self.clock,
            patience=self.patience,
            report=lambda _, __, problem: self.reported.append(problem),
        )

    @property
    def execution(self) -> Execution:
        it = self.deployment
        return Execution(
            deployment=it.id,
            number=it.number,
            attempt=1,
            fence=7,
            application=it.application,
            environment=it.environment,
        )

    async def tell(self, *facts: Fact) -> None:
        """Send each until the queue has it."""
        for fact in facts:
            while True:
                try:
                    if not await self.queue.send([message_of(fact)]):
                        break
                except TemporaryQueueError:
                    pass

    async def hear(self, receive: ReceiveFacts | None = None) -> None:
        """Listen until nothing is left, whatever breaks."""
        receive = receive or self.receive
        while self.queue.bodies:
            try:
                await receive(self.facts, HERE, NOTHING)
                await receive.mend()
            except FunadeError:
                pass
            # What is in somebody's hand comes back when its time is over.
            self.clock.advance(seconds=20)

    async def known(self) -> list[Fact]:
        it = self.execution
        found = await self.store.ledger.read(lambda look: look.facts(it.deployment, it.attempt))
        return sorted(found, key=str)

    def log(self) -> bytes:
        it = self.execution
        return self.logs.read(it.deployment, it.attempt, 0, 10_000_000)

    def pieces(self, whole: bytes, size: int) -> list[ReportedLog]:
        return [
            ReportedLog(execution=self.execution, offset=at, content=whole[at : at + size])
            for at in range(0, len(whole), size)
        ]

    def ended(self, **changes: object) -> ReportedEnd:
        ending = Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON)
        return ReportedEnd(execution=replace(self.execution, **changes), ending=ending)  # type: ignore[arg-type]


@pytest.fixture(params=STORES)
def ears(request, tmp_path: Path) -> Iterator[Ears]:
    with OPENERS[request.param](tmp_path) as store:
        here = AttemptLogs(tmp_path)
        logs = SharedLogs(here, store.ledger.logs) if request.param == "postgres" else here  # type: ignore[attr-defined]  # PostgreSQL has them
        yield Ears(store, logs, store.accept())


@pytest.mark.parametrize("seed", range(4))
async def test_a_queue_that_breaks_every_promise_loses_nothing_and_doubles_nothing(ears, seed):
    ears.mischief = Mischief(seed=seed, duplicates=0.3, holds_back=0.2, expires=0.2, refuses=0.2, breaks=0.1)
    ears.__post_init__()
    # Three listeners move the clock on, so that hours may pass before a piece comes.
    ears.patience = timedelta(days=14)
    whole = random.Random(seed).randbytes(30_011)
    facts = [
        ReportedStart(execution=ears.execution, at=NOON),
        # Whoever was killed cuts its pieces elsewhere when it begins again.
        *ears.pieces(whole, 1000),
        *ears.pieces(whole, 777),
        ears.ended(),
    ]
    random.Random(seed).shuffle(facts)
    await ears.tell(*facts)
    await asyncio.gather(*(ears.hear() for _ in range(3)))
    await ears.receive.mend()
    assert ears.log() == whole
    assert await ears.known() == sorted((one for one in facts if not isinstance(one, ReportedLog)), key=str)
    assert (ears.reported, ears.facts.refused) == ([], [])


async def test_output_that_comes_after_the_end_counts(ears):
    await ears.tell(ears.ended())
    await ears.hear()
    await ears.tell(*ears.pieces(b"late", 2))
    await ears.hear()
    assert ears.log() == b"late"


async def test_a_gap_is_waited_for_then_marked_and_never_filled_silently(ears):
    first, lost, last = ears.pieces(b"one.." + b"x" * 300_000 + b"..end", 150_000)
    await ears.tell(first, last)
    await ears.hear()
    assert ears.log() == first.content
    ears.clock.advance(minutes=PATIENCE.total_seconds() / 60 - 1)
    await ears.receive.mend()
    assert ears.log() == first.content
    ears.clock.advance(minutes=2)
    await ears.receive.mend()
    seen = ears.log()
    assert len(seen) == 300_010
    assert seen.startswith(first.content)
    assert seen.endswith(last.content)
    assert b"[funade: 150000 bytes of the output are missing here]\n" in seen
    # What was told to people stays so; what comes too late is kept where somebody can look at it.
    assert ears.facts.refused == []
    half = replace(lost, offset=lost.offset + 9, content=lost.content[9:5000])
    await ears.tell(lost, first, half, last)
    await ears.hear()
    assert ears.log() == seen
    assert [problem for _, problem in ears.facts.refused] == [
        "it came when its place in the output was marked as missing already"
    ] * 2


async def test_a_gap_that_closes_in_time_is_none(ears):
    first, second, third = ears.pieces(b"abcdefghi", 3)
    for one in (third, second, first):
        await ears.tell(one)
        await ears.hear()
    assert ears.log() == b"abcdefghi"


async def test_what_is_not_ours_is_set_aside_and_reported_and_the_rest_goes_on(ears):
    stranger = replace(ears.execution, deployment="00000000-0000-4000-8000-000000000001")
    await ears.tell(
        replace(ears.ended(), execution=stranger),
        replace(ears.ended(), rest={"store": "another"}),
        ears.ended(environment="staging"),
        ears.ended(attempt=2),
        ReportedLog(execution=ears.execution, offset=FARTHEST + 1, content=b"x"),
    )
    await ears.queue.send([Message(body="{", key="broken", group="any")])
    good = ReportedStart(execution=ears.execution, at=NOON, rest={"store": ears.store.ledger.id})
    await ears.tell(good)
    await ears.hear()
    assert await ears.known() == [good]
    assert ears.log() == b""
    problems = sorted(problem for _, problem in ears.facts.refused)
    assert [one.split()[0] for one in problems] == sorted(
        ["no", "it", "deployment", "deployment", "its", "no"]
    )
    assert sorted(ears.reported) == problems


async def test_whoever_may_write_into_one_queue_speaks_for_no_other_target(ears):
    for other in (None, replace(HERE, url=HERE.url + "2"), replace(HERE, endpoint="http://localhost")):
        ears.targets.told_by = other
        await ears.tell(ears.ended())
        await ears.hear()
    assert await ears.known() == []
    assert all("this queue" in one for one in ears.reported)
    ears.targets.told_by = replace(HERE, access_key="env:NEWER", secret_key="env:NEWER")
    await ears.tell(ears.ended())
    await ears.hear()
    assert await ears.known() == [ears.ended()]


async def test_nothing_is_deleted_that_is_not_stored(ears):
    class Kept(FakeFactsIn):
        async def delete(self, deliveries):
            assert not deliveries

    await ears.tell(*ears.pieces(b"abc", 3))
    receive = ears.receive
    receive.logs = AttemptLogs(Path("/proc/nowhere"))
    while not ears.queue.calls.count("receive") > 5:
        with suppress(OSError):
            await receive(Kept(ears.queue), HERE, NOTHING)
    assert len(ears.queue.bodies) == 1
    ears.clock.advance(minutes=2)
    await ears.hear()
    assert ears.log() == b"abc"
