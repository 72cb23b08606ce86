import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.deployment import Deployment, Phase, State, Wish
from funade.domain.environment import Berth, Hold
from funade.domain.errors import FencedOut, StoreError
from funade.domain.events import CancelAsked, DeploymentStarted, Event, RequestRefused, about
from funade.domain.orders import EndedBy, Ending, Execution
from funade.domain.reason import Reason, because
from funade.usecases.ledger_ports import Entry, Obligation
from tests.contracts.ledgers import OPENERS, STORES, Store, process, run
from tests.unit.domain.examples import NEW, NOON, OLD

ODD = "日本 🚢 \0 \udcff '\"\\ ; DROP TABLE store"


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def start(store: Store, one: Deployment, fence: int = 1) -> Deployment:
    started = one.begin_attempt(fence, NOON, because(Reason.PROGRAM_RUNNING))
    store.change(lambda change: change.save_deployment(started))
    return started


def end(store: Store, one: Deployment, state: State, *, verified: bool = False, **later: float) -> Deployment:
    ended = one.advance(state, because(Reason.COMPLETED), NOON + timedelta(**later), verified=verified)
    store.change(lambda change: change.save_deployment(ended))
    return ended


def event(number: int, application: str = "shop", environment: str = "production") -> Event:
    happening = RequestRefused(asked=f"deploy {number}", because=because(Reason.NOT_PERMITTED))
    return Event(at=NOON, by="ada", application=application, environment=environment, happening=happening)


def obligation(id: str, **changes) -> Obligation:
    one = Obligation(id=id, deployment="d", kind="workspace", data={"folder": "/x"}, since=NOON)
    return replace(one, **changes)


# Deployments


def test_a_deployment_comes_back_whole_by_number_by_id_and_by_request(store):
    made = store.accept(request="r1", reason=ODD, asked_by=ODD, wish=Wish(by="bob", at=NOON))
    assert store.read(lambda look: look.deployment(made.number)) == made
    assert store.read(lambda look: look.deployment_by_id(made.id)) == made
    assert store.read(lambda look: look.answered("r1")) == made
    assert store.read(lambda look: look.number_of(made.id)) == made.number


def test_what_is_not_there_is_none(store):
    assert store.read(lambda look: look.deployment(1)) is None
    assert store.read(lambda look: look.deployment_by_id("x")) is None
    assert store.read(lambda look: look.answered("x")) is None
    assert store.read(lambda look: look.number_of("x")) is None
    assert store.read(lambda look: look.last_started("shop", "production")) is None
    assert store.read(lambda look: look.ending("x", 1)) is None
    assert store.read(lambda look: look.role("announcer")) is None


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**63, 10**400])
def test_no_number_that_a_person_can_type_does_harm(store, number):
    store.accept()
    assert store.read(lambda look: look.deployment(number)) is None
    assert len(store.read(lambda look: look.events(before=number, limit=number))) == 0


@pytest.mark.parametrize("text", [ODD, "\ud800", "x" * 100_000])
def test_no_text_that_a_person_can_type_does_harm(store, text):
    made = store.accept(request=text, reason=text)
    assert store.read(lambda look: look.answered(text)) == made
    assert store.read(lambda look: look.deployment_by_id(text)) is None
    assert store.read(lambda look: look.ended(text, text, limit=1)) == []
    refused = replace(event(1, text, text), by=text)
    store.change(lambda change: change.record(refused))
    assert len(store.read(lambda look: look.events())) == 1


def test_a_request_id_is_accepted_once_for_good(store):
    made = store.accept(request="r1")
    with pytest.raises(StoreError):
        store.accept(request="r1")
    assert [one.id for one in store.read(lambda look: look.unended())] == [made.id]


def test_numbers_rise_by_one_and_are_never_given_twice(store):
    assert [store.accept().number for _ in range(3)] == [1, 2, 3]
    store.sql("DELETE FROM deployments WHERE number = 3")
    assert store.accept().number == 4


def test_a_number_that_was_not_used_in_the_end_is_given_again(store):
    def work(change):
        change.next_number()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(work)
    assert store.accept().number == 1


def test_what_changes_is_saved_and_what_was_asked_stays(store):
    made = store.accept()
    changed = replace(
        made,
        state=State.RUNNING,
        phase=Phase.VERIFYING,
        because=because(Reason.VERIFYING, problem=ODD),
        attempt=2,
        fence=2**50,
        started_at=NOON,
        confirmed_live=OLD,
        due_at=NOON + timedelta(days=2),
    )
    store.change(lambda change: change.save_deployment(changed))
    assert store.read(lambda look: look.deployment(1)) == changed
    store.change(lambda change: change.save_deployment(replace(changed, ref="other", digest="other")))
    assert store.read(lambda look: look.deployment(1)) == changed


def test_whoever_claims_fences_out_everybody_before(store):
    made = store.accept()
    mine = store.change(lambda change: change.claim(made, "me"))
    assert (mine.owner, mine.epoch) == ("me", made.epoch + 1)
    theirs = store.change(lambda change: change.claim(mine, "them"))
    for stale in (made, mine):
        with pytest.raises(FencedOut):
            store.change(lambda change, stale=stale: change.save_deployment(stale))
        with pytest.raises(FencedOut):
            store.change(lambda change, stale=stale: change.claim(stale, "me"))
    assert store.read(lambda look: look.deployment(1)) == theirs


def test_what_is_not_there_can_neither_be_saved_nor_claimed(store):
    gone = replace(store.accept(), id="gone")
    with pytest.raises(FencedOut):
        store.change(lambda change: change.save_deployment(gone))
    with pytest.raises(FencedOut):
        store.change(lambda change: change.claim(gone, "me"))


def test_what_has_ended_never_moves_again(store):
    made = start(store, store.accept())
    ended = end(store, made, State.FAILED)
    with pytest.raises(FencedOut):
        store.change(lambda change: change.save_deployment(made))
    with pytest.raises(FencedOut):
        store.change(lambda change: change.claim(ended, "me"))
    assert store.read(lambda look: look.deployment(1)) == ended


def test_at_most_one_execution_lives_per_environment_whatever_the_code_does(store):
    start(store, store.accept())
    start(store, store.accept(environment="staging"))
    second = store.accept()
    with pytest.raises(StoreError):
        start(store, second)
    assert store.read(lambda look: look.deployment(3)) == second


def test_a_wish_survives_whoever_saves_at_the_same_time(store):
    made = store.accept()
    wish = Wish(by="bob", at=NOON, reason=ODD)
    store.change(lambda change: change.wish(replace(made, wish=wish)))
    store.change(lambda change: change.save_deployment(replace(made, phase=Phase.PREPARING)))
    mine = store.change(lambda change: change.claim(made, "me"))
    store.change(lambda change: change.save_deployment(mine))
    found = store.read(lambda look: look.deployment(1))
    assert found == replace(mine, wish=wish)


def test_a_wish_touches_nothing_else(store):
    made = store.accept()
    mine = store.change(lambda change: change.claim(made, "me"))
    wished = replace(made, wish=Wish(by="bob", at=NOON))
    store.change(lambda change: change.wish(wished))
    assert store.read(lambda look: look.deployment(1)) == replace(mine, wish=wished.wish)


def test_one_that_cannot_be_read_is_ended_by_a_person_and_lets_others_run(store):
    start(store, store.accept())
    store.change(lambda change: change.write_off(1))
    assert store.read(lambda look: look.unended_ids()) == frozenset()
    start(store, store.accept())
    store.change(lambda change: change.write_off(99))


def test_writing_off_leaves_what_has_ended_as_it_is(store):
    ended = end(store, start(store, store.accept()), State.SUCCEEDED, verified=True)
    store.change(lambda change: change.write_off(1))
    assert store.read(lambda look: look.deployment(1)) == ended


# Lists


def test_what_is_not_at_its_end_is_listed_oldest_first(store):
    first, second = store.accept(), store.accept(environment="staging")
    third = store.accept(wish=Wish(by="bob", at=NOON))
    end(store, start(store, first), State.SUCCEEDED)
    assert store.read(lambda look: look.unended()) == [second, third]
    assert store.read(lambda look: look.unended("shop", "production")) == [third]
    assert store.read(lambda look: look.unended_ids()) == {second.id, third.id}
    assert store.read(lambda look: look.entries("shop", "staging")) == [entry(second)]
    assert store.read(lambda look: look.entries()) == [entry(second), entry(third)]
    assert store.read(lambda look: look.entries("blog")) == []


def entry(one: Deployment) -> Entry:
    return Entry(
        id=one.id,
        number=one.number,
        application=one.application,
        environment=one.environment,
        state=one.state,
        phase=one.phase,
        owner=one.owner,
        due_at=one.due_at,
        is_wished_away=one.wish is not None,
    )


def test_what_ended_is_paged_newest_number_first(store):
    for environment in ("production", "staging", "production", "production"):
        end(store, start(store, store.accept(environment=environment)), State.FAILED)
    store.accept()

    def numbers(*place, **paging):
        return [one.number for one in store.read(lambda look: look.ended(*place, **paging))]

    assert numbers(None, None, limit=10) == [4, 3, 2, 1]
    assert numbers("shop", None, limit=2) == [4, 3]
    assert numbers("shop", None, limit=2, before=3) == [2, 1]
    assert numbers("shop", "production", limit=2, before=4) == [3, 1]
    assert numbers("shop", "production", limit=2, before=1) == []
    assert numbers(None, "staging", limit=2) == [2]
    assert numbers("shop", "production", limit=0) == []
    assert numbers(None, None, limit=10**30, before=10**30) == [4, 3, 2, 1]


def test_what_was_seen_healthy_is_listed_newest_first_whatever_the_clock_said(store):
    for number in range(1, 14):
        healthy = number not in (5, 12)
        state = State.FAILED if number == 12 else State.SUCCEEDED
        # The clock was set back before each of them.
        end(
            store,
            start(store, store.accept(), fence=number),
            state,
            verified=healthy and number != 12,
            hours=-number,
        )
    end(store, start(store, store.accept(environment="staging")), State.SUCCEEDED, verified=True)
    found = store.read(lambda look: look.last_verified("shop", "production"))
    assert [one.number for one in found] == [13, 11, 10, 9, 8, 7, 6, 4, 3, 2]


def test_the_one_that_started_last_is_told_whatever_the_clock_said(store):
    first, second, third = store.accept(), store.accept(), store.accept()
    end(store, start(store, second, fence=1), State.SUCCEEDED)
    late = first.begin_attempt(2, NOON - timedelta(hours=1), because(Reason.PROGRAM_RUNNING))
    store.change(lambda change: change.save_deployment(late))
    end(store, third, State.CANCELLED)
    assert store.read(lambda look: look.last_started("shop", "production")) == late


# Environments


def test_an_environment_nobody_deployed_to_is_empty_and_not_stored(store):
    empty = Berth(application="shop", environment="production")
    assert store.read(lambda look: look.berth("shop", "production")) == empty
    assert store.read(lambda look: look.berths()) == []
    assert store.change(lambda change: change.lock_berth("shop", "production")) == empty
    assert store.read(lambda look: look.berths()) == [empty]


def test_an_environment_is_kept_whole(store):
    full = Berth(
        application="shop",
        environment="production",
        turn="d",
        fence=2**50,
        hold=Hold(number=3, since=NOON, by=ODD),
        live=NEW,
        live_number=3,
        live_verified=True,
        live_since=NOON,
    )

    def work(change):
        change.lock_berth("shop", "production")
        change.save_berth(full)

    store.change(work)
    store.change(lambda change: change.lock_berth("shop", "staging"))
    assert store.read(lambda look: look.berth("shop", "production")) == full
    assert store.change(lambda change: change.lock_berth("shop", "production")) == full
    assert len(store.read(lambda look: look.berths())) == 2


def test_a_fence_never_goes_down(store):
    berth = store.change(lambda change: change.lock_berth("shop", "production"))
    store.change(lambda change: change.save_berth(replace(berth, fence=5)))
    with pytest.raises(FencedOut):
        store.change(lambda change: change.save_berth(replace(berth, fence=4)))
    assert store.read(lambda look: look.berth("shop", "production")).fence == 5


# History and what must be said


def test_events_are_numbered_filtered_and_paged(store):
    made = store.accept()
    first = about(made, DeploymentStarted(attempt=1, fence=1), "ada", NOON)
    second = about(made, CancelAsked(reason=ODD), ODD.replace("\0", "").replace("\udcff", ""), NOON)

    def work(change):
        for one in (first, event(2, "blog"), second, event(4, "shop", "staging")):
            change.record(one)

    store.change(work)

    def sequences(**filters):
        return [one.sequence for one in store.read(lambda look: look.events(**filters))]

    assert sequences() == [1, 2, 3, 4]
    assert store.read(lambda look: look.events(deployment=made.id)) == [
        replace(first, sequence=1),
        replace(second, sequence=3),
    ]
    assert sequences(application="shop") == [1, 3, 4]
    assert sequences(application="shop", environment="production") == [1, 3]
    assert sequences(newest_first=True, limit=2) == [4, 3]
    assert sequences(newest_first=True, limit=2, before=3) == [2, 1]
    assert sequences(after=1, limit=2) == [2, 3]
    assert sequences(after=1, before=4) == [2, 3]
    assert sequences(limit=0) == []
    assert sequences(newest_first=True, before=10**30, limit=10**30) == [4, 3, 2, 1]


def test_an_event_is_to_be_said_until_it_is_settled(store):
    store.change(lambda change: [change.record(event(one)) for one in range(3)])
    waiting = store.read(lambda look: look.announcements(10))
    assert [one.event.sequence for one in waiting] == [1, 2, 3]
    assert len({one.key for one in waiting}) == 3
    assert len(store.read(lambda look: look.announcements(2))) == 2
    store.change(lambda change: change.settle_announcements([waiting[0].key]))
    store.change(lambda change: change.settle_announcements([waiting[0].key]))
    assert store.read(lambda look: look.announcements(10)) == waiting[1:]
    assert len(store.read(lambda look: look.events())) == 3


def test_a_sequence_is_never_given_twice(store):
    store.change(lambda change: change.record(event(1)))
    store.sql("DELETE FROM events")
    store.change(lambda change: change.record(event(2)))
    assert [one.sequence for one in store.read(lambda look: look.events())] == [2]


# Facts, orders, obligations


def test_the_first_word_about_an_end_stands(store):
    first = Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON)
    second = Ending(by=EndedBy.CANCEL, signal=9, at=NOON, problem=ODD)
    for attempt, ending in ((1, first), (1, second), (2, second)):
        store.change(lambda change, attempt=attempt, ending=ending: change.add_ending("d", attempt, ending))
    assert store.read(lambda look: look.ending("d", 1)) == first
    assert store.read(lambda look: look.ending("d", 2)) == second


def test_the_same_order_twice_is_one(store):
    execution = Execution(
        deployment="d", number=1, attempt=1, fence=7, application="shop", environment="production"
    )
    for order in ("start", "start", "cancel"):
        store.change(lambda change, order=order: change.add_order(order, execution, NOON))
    assert sorted(store.sql('SELECT "order", fence FROM orders')) == [("cancel", 7), ("start", 7)]


def test_what_is_owed_is_kept_until_it_is_settled(store):
    second = obligation("o2", data={"folder": "/\udce9t"}, since=NOON + timedelta(seconds=1))
    for one in (second, obligation("o1"), obligation("o1", kind="other")):
        store.change(lambda change, one=one: change.add_obligation(one))
    assert store.read(lambda look: look.obligations()) == [obligation("o1"), second]
    store.change(lambda change: change.complain_of_obligation("o1", "no such disk"))
    assert store.read(lambda look: look.obligations())[0].problem == "no such disk"
    store.change(lambda change: change.settle_obligation("o1"))
    store.change(lambda change: change.settle_obligation("o1"))
    assert store.read(lambda look: look.obligations()) == [second]


# Processes and roles


def test_a_beat_raises_the_counter_of_a_process_until_it_is_forgotten(store):
    store.change(lambda change: change.register_process(process("p1", host="")))
    store.change(lambda change: change.register_process(process("p2")))
    later = NOON + timedelta(seconds=5)
    assert store.change(lambda change: change.beat("p1", later)) is True
    assert store.read(lambda look: look.processes())[0] == process("p1", host="", counter=1, seen_at=later)
    store.change(lambda change: change.forget_process("p1"))
    assert store.change(lambda change: change.beat("p1", later)) is False
    assert store.read(lambda look: look.processes()) == [process("p2")]


def test_a_role_is_held_by_one_living_process_at_a_time(store):
    for id in ("p1", "p2", "p3"):
        store.change(lambda change, id=id: change.register_process(process(id)))

    def take(id, dead=()):
        return store.change(lambda change: change.take_role("announcer", id, frozenset(dead)))

    assert take("p1") is True
    assert take("p1") is True
    assert take("p2", dead=("p3",)) is False
    assert take("p2", dead=("p1",)) is True
    assert store.read(lambda look: look.role("announcer")) == "p2"
    store.change(lambda change: change.forget_process("p2"))
    assert take("p3") is True
    assert store.change(lambda change: change.take_role("sweeper", "p1", frozenset())) is True


# Transactions


def test_all_of_a_transaction_happens_or_nothing(store):
    made = store.accept()

    def work(change):
        berth = change.lock_berth("shop", "production")
        change.save_berth(replace(berth, turn=made.id, fence=9))
        change.save_deployment(replace(made, phase=Phase.PREPARING))
        change.wish(replace(made, wish=Wish(by="bob", at=NOON)))
        change.record(event(1))
        change.add_ending(made.id, 1, Ending(by=EndedBy.ITSELF, at=NOON))
        change.add_obligation(obligation("o1"))
        change.register_process(process("p1"))
        change.take_role("announcer", "p1", frozenset())
        change.next_number()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(work)
    assert store.read(lambda look: look.deployment(1)) == made
    assert store.read(lambda look: look.berth("shop", "production")).turn is None
    assert store.read(lambda look: (look.events(), look.announcements(1), look.obligations())) == ([], [], [])
    assert store.read(lambda look: (look.processes(), look.role("announcer"))) == ([], None)
    assert store.read(lambda look: look.ending(made.id, 1)) is None


def test_a_transaction_sees_what_it_wrote(store):
    def work(change):
        change.record(event(1))
        return change.events()

    assert len(store.change(work)) == 1


def test_a_look_is_consistent_while_a_writer_commits(store):
    made = store.accept()
    looked, written = threading.Event(), threading.Event()

    def look(ledger):
        before = ledger.deployment(1), ledger.events()
        looked.set()
        assert written.wait(60)
        return before == (ledger.deployment(1), ledger.events()), ledger.unended()

    def work(change):
        change.save_deployment(replace(made, phase=Phase.PREPARING))
        change.record(event(1))

    async def both():
        reading = asyncio.create_task(store.ledger.read(look))
        await asyncio.to_thread(looked.wait, 10)
        await store.ledger.change(work)
        written.set()
        return await reading

    assert run(both()) == (True, [made])
    assert store.read(lambda look: look.deployment(1)).phase is Phase.PREPARING


def test_many_writers_at_once_lose_nothing(store):
    berth = store.change(lambda change: change.lock_berth("shop", "production"))
    assert berth.fence == 0

    def work(change):
        berth = change.lock_berth("shop", "production")
        change.save_berth(replace(berth, fence=berth.fence + 1))

    async def all_at_once():
        await asyncio.gather(*(store.ledger.change(work) for _ in range(50)))

    run(all_at_once())
    assert store.read(lambda look: look.berth("shop", "production")).fence == 50


def test_of_many_changes_at_once_those_that_fail_leave_nothing_and_harm_nobody(store):
    made = store.accept()

    def work(number):
        def change(ledger):
            ledger.record(event(number))
            if number % 4 == 1:
                raise ZeroDivisionError(number)
            if number % 4 == 2:
                # What the tables themselves refuse is a fault of the store, which spoils a transaction.
                ledger.add_deployment(replace(made, id=f"other{number}"), f"other{number}")
            if number % 4 == 3:
                ledger.save_deployment(replace(made, epoch=99))
            return number

        return change

    async def all_at_once():
        changes = (store.ledger.change(work(number)) for number in range(40))
        return await asyncio.gather(*changes, return_exceptions=True)

    outcomes = run(all_at_once())
    kinds = [type(one) if isinstance(one, Exception) else one for one in outcomes]
    assert kinds == [
        (number, ZeroDivisionError, StoreError, FencedOut)[number % 4] if number % 4 else number
        for number in range(40)
    ]
    happenings = [one.happening for one in store.read(lambda look: look.events())]
    assert sorted(int(one.asked.removeprefix("deploy ")) for one in happenings) == list(range(0, 40, 4))
    assert len(store.read(lambda look: look.announcements(100))) == 10


def test_a_caller_who_stops_waiting_leaves_a_whole_transaction_and_wakes_the_others(store):
    entered, may_go_on = threading.Event(), threading.Event()

    def work(change):
        entered.set()
        assert may_go_on.wait(60)
        change.record(event(1))
        change.record(event(2))

    async def cancel():
        before = await store.ledger.wait_for_change(-1, 10)
        changing = asyncio.create_task(store.ledger.change(work))
        await asyncio.to_thread(entered.wait, 10)
        changing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await changing
        waiting = asyncio.create_task(store.ledger.wait_for_change(before, 10))
        await asyncio.sleep(0)
        may_go_on.set()
        return await waiting - before

    assert run(cancel()) == 1
    assert len(store.read(lambda look: look.events())) == 2


def test_the_generation_moves_on_with_every_change_and_only_then(store):
    async def story():
        before = await store.ledger.wait_for_change(-1, 10)
        assert await store.ledger.wait_for_change(before, 0) == before
        await store.ledger.change(lambda change: change.events())
        await store.ledger.change(lambda change: change.forget_process("nobody"))
        assert await store.ledger.wait_for_change(before, 0.01) == before
        waiting = asyncio.create_task(store.ledger.wait_for_change(before, 10))
        await store.ledger.change(lambda change: change.record(event(1)))
        assert await waiting > before

    run(story())


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_is_administered_by_hand_is_noticed_too(store):
    # PostgreSQL tells nobody; there the next look finds it, a second later.
    async def story():
        before = await store.ledger.wait_for_change(-1, 10)
        waiting = asyncio.create_task(store.ledger.wait_for_change(before, 10))
        await asyncio.to_thread(store.sql, "DELETE FROM events")
        await asyncio.to_thread(store.sql, "INSERT INTO roles VALUES ('x', 'y')")
        return await waiting > before

    assert run(story())


def test_a_closed_store_says_so(store):
    store.ledger.close()
    with pytest.raises(StoreError, match="closed"):
        store.read(lambda look: look.events())
    with pytest.raises(StoreError, match="closed"):
        store.change(lambda change: change.events())


def test_the_store_has_an_id_for_good(tmp_path):
    opener = OPENERS["sqlite"]
    with opener(tmp_path) as first:
        id = first.ledger.id
    with opener(tmp_path) as again:
        assert again.ledger.id == id
    with opener(tmp_path / "other") as other:
        assert other.ledger.id != id
