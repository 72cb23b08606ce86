"""What every queue promises, and what stands on that: a heartbeat, an intake, dead letters."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio

from funade.domain.queue_text import read_order
from funade.queue.dead_letters import DeadLetterQuarantine, QueuedDeadLetters
from funade.queue.heartbeat import Heartbeat
from funade.queue.intake import Intake
from funade.runner.machine import SystemClock
from funade.testing.queue import Mischief
from funade.usecases.queue_ports import Delivery, Message, Queue
from tests.contracts.near_queues import in_cluster, stored
from tests.contracts.queues import SERVERS, Kind, Pair, gathered, server, sqs, strict

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]

MOMENT = timedelta(seconds=1)
LONG = timedelta(seconds=60)
NOTHING = timedelta(0)
ROUNDS = 400
MIB = 1 << 20

MISCHIEF = Mischief(seed=7, duplicates=0.2, holds_back=0.2, expires=0.1, refuses=0.1)
IN_MEMORY = {
    "strict": Kind("strict", False, True, strict(is_fifo=False)),
    "strict-fifo": Kind("strict-fifo", True, True, strict(is_fifo=True)),
    "gathered": Kind("gathered", False, True, gathered(is_fifo=False)),
    "gathered-fifo": Kind("gathered-fifo", True, True, gathered(is_fifo=True)),
    "mischievous": Kind("mischievous", False, False, strict(is_fifo=False, mischief=MISCHIEF)),
    "mischievous-fifo": Kind("mischievous-fifo", True, False, strict(is_fifo=True, mischief=MISCHIEF)),
}
REAL = [f"{kind}{order}" for kind in SERVERS for order in ("", "-fifo")]
#: what needs no service of its own, and the programs that are needed here
NEAR = {"sqlite": (), "postgres": ("postgres",), "cluster": ("kubernetes",)}
ALL = [*IN_MEMORY, *REAL, *NEAR]
#: for what takes seconds: each server, and each order, once
FEW = ["strict", "strict-fifo", "moto", "ministack-fifo", *NEAR]
SOME = [*IN_MEMORY, "moto", "ministack-fifo", *NEAR]
CALM = ["strict", "strict-fifo", "gathered", "gathered-fifo", *REAL, *NEAR]
FIFO = ["strict-fifo", "gathered-fifo", *(kind for kind in REAL if kind.endswith("fifo"))]


class Servers:
    """Starts each server when the first test asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._running = folder, ExitStack()
        self._endpoints: dict[str, str] = {}

    def endpoint(self, kind: str) -> str:
        if kind not in self._endpoints:
            folder = self._folder / kind
            folder.mkdir()
            self._endpoints[kind] = self._running.enter_context(server(kind, folder))
        return self._endpoints[kind]

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers(tmp_path_factory.mktemp("queues"))
    yield running
    running.stop()


@pytest.fixture
def kind(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Kind:
    name: str = request.param
    if name in IN_MEMORY:
        return IN_MEMORY[name]
    if name in NEAR:
        return Kind(name, False, True, in_cluster() if name == "cluster" else stored(name, tmp_path))
    program, _, order = name.partition("-")
    return Kind(name, bool(order), True, sqs(servers.endpoint(program), is_fifo=bool(order)))


@pytest_asyncio.fixture
async def pair(kind: Kind) -> AsyncIterator[Pair]:
    async with kind.make(None) as made:
        yield made


@pytest.fixture
def queue(pair: Pair) -> Queue:
    return pair.home


def on(*kinds: str) -> pytest.MarkDecorator:
    def needs(one: str) -> tuple[str, ...]:
        return ("java", "elasticmq") if "elasticmq" in one else NEAR.get(one, ())

    marked = [pytest.param(one, marks=pytest.mark.needs(*needs(one))) for one in kinds]
    return pytest.mark.parametrize("kind", marked, indirect=True)


def message(body: str, group: str = "shop/production", key: str = "", **notes: str) -> Message:
    name = sha256(f"{group} {body}".encode(errors="replace")).hexdigest()
    return Message(body=body, group=group, key=key or name, notes=notes)


async def send(queue: Queue, *messages: Message) -> None:
    """Send as a patient sender does: what was not sent is sent again, for as long as there is hope."""
    waiting = list(messages)
    for _ in range(ROUNDS):
        undone = {one.which for one in await queue.send(waiting)}
        waiting = [one for one in waiting if one.key in undone]
        if not waiting:
            return
    raise AssertionError(waiting)


async def one(queue: Queue, hidden: timedelta = LONG) -> Delivery:
    """Return the next delivery."""
    for _ in range(ROUNDS):
        for delivery in await queue.receive(1, MOMENT, hidden):
            return delivery
    pytest.fail("nothing came")


async def bodies(queue: Queue, number: int) -> list[str]:
    """Take deliveries and delete them until that many different messages came; return all that came."""
    came: list[str] = []
    for _ in range(ROUNDS):
        deliveries = await queue.receive(10, MOMENT, LONG)
        came += [one.body for one in deliveries]
        await queue.delete(deliveries)
        if len(set(came)) >= number:
            return came
    raise AssertionError(came)


async def silence(queue: Queue, wait: timedelta = MOMENT) -> bool:
    return not await queue.receive(10, wait, LONG)


@on(*ALL)
async def test_everything_that_was_sent_comes(queue):
    await send(queue, *(message(f"{number}", group=f"g{number % 3}") for number in range(25)))
    assert set(await bodies(queue, 25)) == {str(number) for number in range(25)}


@on(*ALL)
async def test_a_text_comes_as_it_was_sent(queue):
    text = '{"ref":"船出 🚢","shown":"a\\u0000b\\n"}\n\t\ud7ff\ue000\ufffd'
    await send(queue, message(text, remark="船出 🚢"))
    came = await one(queue)
    assert (came.body, came.notes) == (text, {"remark": "船出 🚢"})
    assert came.times >= 1


@on(*SOME)
async def test_what_is_not_deleted_comes_again_and_is_counted(queue):
    await send(queue, message("again"))
    first = await one(queue, MOMENT)
    second = await one(queue, MOMENT)
    assert (first.id, first.body) == (second.id, second.body)
    assert second.times > first.times
    assert second.receipt != first.receipt


@on(*ALL)
async def test_what_no_queue_takes_is_named_and_holds_up_nothing_else(queue):
    undone = await queue.send(
        [
            message("a\0b", key="nul"),
            message("", key="empty"),
            message("\ufffe", key="no-character"),
            message("x" * (MIB + 1), key="long"),
            message("x" * (MIB - 10), key="long-noted", remark="船出"),
            message("x", key="a b"),
            message("x", key="group", group="船"),
            message("fine", key="fine", group="other"),
        ]
    )
    final = {one.which for one in undone if one.is_final}
    assert final == {"nul", "empty", "no-character", "long", "long-noted", "a b", "group"}
    if "fine" in {one.which for one in undone}:
        await send(queue, message("fine", key="fine", group="other"))
    assert (await one(queue)).body == "fine"


# aiohttp is afraid of a body that is as large as SQS takes.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
@on(*ALL)
async def test_what_is_too_much_for_one_call_takes_several(queue):
    largest = "x" * MIB
    texts = [largest, *(str(number) * (400 << 10) for number in range(5))]
    await send(queue, *(message(text, group=f"g{text[0]}") for text in texts))
    assert set(await bodies(queue, 6)) == set(texts)


@on(*SOME)
async def test_nothing_at_all_is_no_error(queue):
    assert await silence(queue)
    assert await queue.send([]) == await queue.extend([], LONG) == await queue.delete([]) == []


@on(*ALL)
async def test_no_more_come_than_are_wanted(queue):
    await send(queue, *(message(f"{number}", group=f"g{number}") for number in range(5)))
    assert len(await queue.receive(2, MOMENT, LONG)) <= 2
    assert len(await queue.receive(100, MOMENT, LONG)) <= 10


@on(*FEW)
async def test_what_somebody_has_in_hand_comes_to_nobody_else(queue):
    await send(queue, message("mine"))
    await one(queue)
    assert await silence(queue)


@on(*CALM)
async def test_what_is_given_back_comes_at_once(queue):
    await send(queue, message("yours"))
    first = await one(queue)
    assert await queue.extend([first], NOTHING) == []
    assert (await one(queue)).id == first.id


@on(*FEW)
async def test_what_is_kept_stays_ours(queue):
    await send(queue, message("mine"))
    first = await one(queue, MOMENT)
    while await queue.extend([first], LONG):
        # A busy machine took longer than a moment.
        first = await one(queue, MOMENT)
    assert await silence(queue, 2 * MOMENT)


@on(*CALM)
async def test_what_is_deleted_is_gone_and_only_that_is_not_ours_any_more(queue):
    await send(queue, message("done", group="a"), message("not yet", group="b"))
    deliveries = [await one(queue), await one(queue)]
    [done] = [one for one in deliveries if one.body == "done"]
    assert await queue.delete([done]) == []
    [undone] = await queue.extend(deliveries, LONG)
    assert (undone.which, undone.is_final) == (done.receipt, True)
    assert undone.problem == "it is not ours any more"
    state = await queue.state()
    assert (state.waiting, state.in_hand) == (0, 1)


@on(*FEW)
async def test_more_than_ten_at_a_time_are_no_trouble(queue):
    await send(queue, *(message(f"{number}", group=f"g{number}") for number in range(23)))
    deliveries: list[Delivery] = []
    while len(deliveries) < 23:
        deliveries += await queue.receive(10, MOMENT, LONG)
    assert await queue.extend(deliveries, LONG) == []
    assert await queue.delete(deliveries) == []
    assert await silence(queue)


@on(*CALM)
async def test_who_waits_gets_what_comes_meanwhile(queue):
    waiting = asyncio.create_task(queue.receive(1, 20 * MOMENT, LONG))
    await asyncio.sleep(0)
    await send(queue, message("news"))
    [came] = await waiting
    assert came.body == "news"


@on(*REAL, *NEAR)
async def test_who_stops_waiting_need_not_wait_for_that(queue):
    waiting = asyncio.create_task(queue.receive(1, 20 * MOMENT, LONG))
    await queue.state()
    waiting.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait([waiting])
    assert waiting.cancelled()


@on(*FIFO)
async def test_a_group_comes_in_its_order_one_after_the_other(queue):
    texts = [str(number) for number in range(12)]
    await send(queue, *(message(text) for text in texts), message("aside", group="shop/staging"))
    came = await bodies(queue, 13)
    assert [text for text in came if text != "aside"] == texts


@on(*FIFO)
async def test_a_group_waits_for_what_is_in_hand_and_others_do_not(queue):
    await send(queue, message("1"), message("2"), message("aside", group="shop/staging"))
    deliveries = [await one(queue), await one(queue)]
    assert {one.body for one in deliveries} == {"1", "aside"}
    assert await silence(queue)
    await queue.delete(deliveries)
    assert (await one(queue)).body == "2"


@on(*FIFO)
async def test_what_is_said_twice_is_carried_once(queue):
    await send(queue, message("start", key="1.start"), message("start", key="1.start"))
    await send(queue, message("start", key="1.start"), message("end", key="1.end"))
    assert await bodies(queue, 2) == ["start", "end"]


@on("strict-fifo", "ministack-fifo")
async def test_what_is_said_again_after_it_was_deleted_is_not_carried_either(queue):
    await send(queue, message("start", key="1.start"))
    assert await bodies(queue, 1) == ["start"]
    await send(queue, message("start", key="1.start"), message("end", key="1.end"))
    assert await bodies(queue, 1) == ["end"]


@on(*CALM)
async def test_a_queue_says_how_it_is(kind):
    async with kind.make(3) as pair:
        await send(pair.home, message("1", group="a"), message("2", group="b"))
        await one(pair.home)
        state = await pair.home.state()
        assert (state.waiting, state.in_hand, state.is_fifo) == (1, 1, kind.is_fifo)
        assert state.deliveries_at_most == 3
        dead = getattr(pair.dead, "address", None)
        assert state.dead_letters == (dead.url if dead else "dead")


@on(*FEW)
async def test_what_nobody_finishes_becomes_a_dead_letter_and_can_be_sent_again_or_thrown_away(kind):
    async with kind.make(2) as pair:
        await send(pair.home, message("poison", group="a"), message("fine", group="b"))
        for _ in range(ROUNDS):
            for delivery in await pair.home.receive(10, MOMENT, LONG):
                if delivery.body == "fine":
                    await pair.home.delete([delivery])
                else:
                    await pair.home.extend([delivery], NOTHING)
            if (await pair.dead.state()).waiting:
                break
        letters = QueuedDeadLetters(pair.dead, pair.home)
        [letter] = await letters.list(1)
        assert (letter.body, letter.problem) == ("poison", None)
        assert letter.group == ("a" if kind.is_fifo else None)
        assert [letter.id for letter in await letters.list(1)] == [letter.id], "looking changes nothing"

        moved = await letters.redrive([letter.id, "nobody"])
        assert moved.done == (letter.id,)
        assert [one.which for one in moved.undone] == ["nobody"]
        assert await letters.list(10) == []
        assert await bodies(pair.home, 1) == ["poison"]


@on(*FEW)
async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(pair):
    good = '{"repository":"acme/shop","environment":"production","hash":"v1.2.0"}'
    newer = '{"version":99,"deployment":"?"}'
    await send(pair.home, message("{"), message(good), message(newer, group="b"), message("[]", group="c"))
    intake = Intake(pair.home, read_order, DeadLetterQuarantine(pair.dead))
    texts: list[str] = []
    aside: list[str] = []
    left: list[str] = []
    for _ in range(ROUNDS):
        taken = await intake.take(10, MOMENT, LONG)
        texts += [delivery.body for delivery, _ in taken.messages]
        aside += [delivery.body for delivery, _ in taken.set_aside]
        left += [problem for _, problem in taken.left]
        await pair.home.delete([delivery for delivery, _ in taken.messages])
        if len(texts) + len(aside) + len(left) >= 4:
            break
    assert texts == [good]
    assert left == ["a newer release wrote it (version 99)"]
    assert await silence(pair.home), "what is left alone does not come back in a circle"
    letters = QueuedDeadLetters(pair.dead, pair.home)
    shown = {letter.body: letter.problem for letter in await letters.list(2)}
    assert sorted(aside) == sorted(shown) == ["[]", "{"]
    assert shown["[]"] == "a JSON object is wanted"
    moved = await letters.discard([letter.id for letter in await letters.list(2)])
    assert len(moved.done) == 2
    assert await letters.list(10) == []


@on("moto", "ministack-fifo", *NEAR)
async def test_a_heartbeat_keeps_what_is_in_hand_and_nothing_else(queue):
    clock = SystemClock()
    await send(queue, message("kept", group="a"), message("dropped", group="b"))
    hidden = 3 * MOMENT
    in_hand = {delivery.body: delivery for delivery in [await one(queue, hidden), await one(queue, hidden)]}
    seen: set[str] = set()
    async with Heartbeat(queue, clock, hidden) as heartbeat:
        with heartbeat.keeping(in_hand["kept"]) as kept:
            until = clock.steady() + hidden.total_seconds() + 1
            while clock.steady() < until:
                seen |= {delivery.body for delivery in await queue.receive(10, MOMENT, LONG)}
            assert not kept.is_lost
    assert seen == {"dropped"}
