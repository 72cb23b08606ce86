"""Rows that nobody wrote: whatever stands in a row, only what it is about stops."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funade.domain.deployment import State, Wish
from funade.domain.errors import UnreadableRecord
from funade.domain.events import DeploymentStarted, about
from funade.domain.orders import EndedBy, Ending
from funade.domain.reason import Reason, because
from funade.usecases.ledger_ports import Obligation, Reading
from tests.contracts.ledgers import OPENERS, STORES, Store, process, run
from tests.unit.domain.examples import NOON

KEYS = {
    "berths": ("application", "environment"),
    "deployments": ("number",),
    "events": ("sequence",),
    "endings": ("deployment", "attempt"),
    "obligations": ("id",),
    "processes": ("id",),
    "roles": ("role",),
    "orders": ("deployment", "attempt", "order"),
    "outbox": ("sequence",),
    "quarantine": ("table", "key"),
    "store": ("id",),
}
DOCUMENTS = ("document", "asked", "changing", "wish", "happening", "data")

QUESTIONS: list[Callable[[Reading], Any]] = [
    lambda look: look.berths(),
    lambda look: [look.deployment(number) for number in range(1, 6)],
    lambda look: [look.deployment_by_id(f"d{number}") for number in range(1, 6)],
    lambda look: [look.number_of(f"d{number}") for number in range(1, 6)],
    lambda look: look.entries(),
    lambda look: look.unended(),
    lambda look: look.unended_ids(),
    lambda look: look.ended(None, None, limit=10),
    lambda look: look.ended("shop", "production", limit=10),
    lambda look: look.last_verified("shop", "production"),
    lambda look: look.last_started("shop", "production"),
    lambda look: look.events(),
    lambda look: look.events(newest_first=True, limit=2),
    lambda look: look.ending("d1", 1),
    lambda look: look.obligations(),
    lambda look: look.announcements(10),
    lambda look: look.processes(),
    lambda look: look.role("announcer"),
    lambda look: look.quarantined(),
    lambda look: look.answered("d1"),
]

REFUSALS = (sqlite3.IntegrityError, psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)
#: What tells rows apart, and the columns of a table, in the words of each store.
ROW_ID = {"sqlite": "rowid", "postgres": "ctid::text"}
#: An order of rows that stays when they are written anew; a database puts them where it likes.
ORDER = {"sqlite": "rowid", "postgres": '"{table}"::text'}
COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(?)",
    "postgres": "SELECT column_name::text FROM information_schema.columns WHERE table_name = ?"
    " ORDER BY ordinal_position",
}


class BrokenText(bytes):
    """What is stored as a text and is none."""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=6),
    st.just(BrokenText(b"\xe9t")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    JSON.map(json.dumps),
    st.sampled_from(["running", "queued", "succeeded", "9999-12-31T23:59:59-14:00", "[" * 5000, '"\\ud800"']),
)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        fill(opened)
        yield opened


def fill(store):
    """Put something into every table, in production and in staging."""
    for number, environment in enumerate(("production", "staging") * 2 + ("production",), start=1):
        made = store.accept(id=f"d{number}", request=f"d{number}", environment=environment)
        if number > 4:
            continue
        running = made.begin_attempt(number, NOON, because(Reason.PROGRAM_RUNNING))
        store.change(lambda change, one=running: change.save_deployment(one))
        store.change(lambda change, one=running: change.wish(replace(one, wish=Wish(by="bob", at=NOON))))
        event = about(made, DeploymentStarted(attempt=1, fence=number), "ada", NOON)
        store.change(lambda change, event=event: change.record(event))
        if number < 4:
            ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON, verified=True)
            store.change(lambda change, one=ended: change.save_deployment(one))

    def rest(change):
        change.add_ending("d1", 1, Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON))
        for id in ("o1", "o2"):
            change.add_obligation(
                Obligation(id=id, deployment="d1", kind="workspace", data={"folder": "/x"}, since=NOON)
            )
            change.register_process(process(id.replace("o", "p")))
        change.take_role("announcer", "p1", frozenset())

    store.change(rest)
    store.sql("INSERT INTO orders VALUES ('d1', 1, 'start', 1, 'now')")
    store.sql("INSERT INTO quarantine VALUES ('events', '99', 'x', '2026-07-01T12:00:00Z')")


def everything(store: Store) -> list[Any]:
    """Ask everything that can be asked; nothing may be raised."""
    return store.read(lambda look: [question(look) for question in QUESTIONS])


def set_column(store: Store, table: str, row: int, column: str, value: Any) -> bool:
    """Write past the ledger; False when the tables themselves refuse it."""
    id = ROW_ID[store.kind]
    ((key,),) = store.sql(f'SELECT {id} FROM "{table}" {_nth(store, table, row)}')
    said = "CAST(? AS TEXT)" if isinstance(value, BrokenText) else "?"
    try:
        store.sql(f'UPDATE "{table}" SET "{column}" = {said} WHERE {id} = ?', value, key)
    except REFUSALS:
        return False
    return True


def _nth(store: Store, table: str, row: int) -> str:
    return f"ORDER BY {ORDER[store.kind].format(table=table)} LIMIT 1 OFFSET {row}"


def columns(store: Store, table: str) -> list[str]:
    return [row[0] for row in store.sql(COLUMNS[store.kind], table)]


def save(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows_of(store, table) for table in KEYS}


def rows_of(store: Store, table: str) -> list[tuple[Any, ...]]:
    id = "rowid, *" if store.kind == "sqlite" else "*"
    return store.sql(
        f'SELECT {id} FROM "{table}" ORDER BY 1, 2' if table != "outbox" else f"SELECT {id} FROM outbox"
    )


def restore(store: Store, saved: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, kept in saved.items():
        if rows_of(store, table) != kept:
            store.sql(f'DELETE FROM "{table}"')
            found = columns(store, table)
            names = ", ".join(f'"{one}"' for one in (["rowid", *found] if store.kind == "sqlite" else found))
            for row in kept:
                store.sql(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', *row)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_row_everybody_else_goes_on(store, data):
    saved = save(store)
    table = data.draw(st.sampled_from(sorted(KEYS)))
    row = data.draw(st.integers(0, len(saved[table]) - 1))
    column = data.draw(st.sampled_from(columns(store, table)))
    try:
        if not set_column(store, table, row, column, data.draw(VALUES)):
            return
        check_that_everybody_goes_on(store)
    finally:
        restore(store, saved)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_document_everybody_else_goes_on(store, data):
    saved = save(store)
    places = [
        (table, row, column)
        for table in sorted(KEYS)
        for column in columns(store, table)
        if column in DOCUMENTS
        for row in range(len(saved[table]))
    ]
    table, row, column = data.draw(st.sampled_from(places))
    id = ROW_ID[store.kind]
    ((raw, _),) = store.sql(f'SELECT "{column}", {id} FROM "{table}" {_nth(store, table, row)}')
    document: Any = json.loads(raw) if raw else {}
    inner = document
    while isinstance(inner, dict) and inner:
        key = data.draw(st.sampled_from(sorted(inner)))
        if not isinstance(inner[key], dict) or data.draw(st.booleans()):
            if data.draw(st.booleans()):
                del inner[key]
            else:
                inner[key] = data.draw(JSON)
            break
        inner = inner[key]
    try:
        set_column(store, table, row, column, json.dumps(document))
        check_that_everybody_goes_on(store)
    finally:
        restore(store, saved)


def check_that_everybody_goes_on(store):
    first = everything(store)
    second = everything(store)
    noted = [(one.table, one.key) for one in second[18]]
    assert len(set(noted)) == len(noted), "each is set aside once"
    assert {(one.table, one.key) for one in first[18]} <= set(noted)
    for environment in ("production", "staging"):
        with suppress(UnreadableRecord):
            store.read(lambda look, environment=environment: look.berth("shop", environment))
        with suppress(UnreadableRecord):
            store.change(lambda change, environment=environment: change.lock_berth("shop", environment))
    # The rest of the world goes on.
    made = store.accept(environment="another")
    mine = store.change(lambda change: change.claim(made, "p1"))
    running = mine.begin_attempt(9, NOON, because(Reason.PROGRAM_RUNNING))

    def work(change):
        berth = change.lock_berth("shop", "another")
        change.save_berth(replace(berth, turn=running.id, fence=max(berth.fence, 9)))
        change.save_deployment(running)
        change.record(about(running, DeploymentStarted(attempt=1, fence=9), "ada", NOON))
        change.beat("p2", NOON + timedelta(seconds=1))
        change.take_role("sweeper", "p2", frozenset())

    store.change(work)
    assert store.read(lambda look: look.deployment_by_id(made.id)) == running
    assert made.id in {one.id for one in store.read(lambda look: look.entries())}
    assert store.read(lambda look: look.events(deployment=made.id))
    assert store.read(lambda look: look.announcements(100))[-1].event.deployment == made.id


def spoil(store: Store, number: int) -> None:
    store.sql("UPDATE deployments SET asked = '{' WHERE number = ?", number)


def test_an_unreadable_deployment_is_left_out_everywhere_noted_once_and_shown(store):
    spoil(store, 5)
    before = store.read(lambda look: look.quarantined())
    for _ in range(3):
        assert store.read(lambda look: look.deployment(5)) is None
        assert store.change(lambda change: change.deployment_by_id("d5")) is None
        assert [one.number for one in store.read(lambda look: look.unended())] == [4]
    assert store.read(lambda look: look.number_of("d5")) == 5
    assert [one.number for one in store.read(lambda look: look.entries())] == [4]
    assert store.read(lambda look: look.unended_ids()) == {"d4", "d5"}, "it may still run somewhere"
    (noted,) = [one for one in store.read(lambda look: look.quarantined()) if one not in before]
    assert (noted.table, noted.key) == ("deployments", "d5")
    assert "JSON" in noted.problem


def test_what_cannot_be_read_is_shown_by_the_very_look_that_finds_it(store):
    spoil(store, 5)
    found = store.read(lambda look: (look.deployment(5), look.quarantined()))[1]
    assert ("deployments", "d5") in {(one.table, one.key) for one in found}


def test_a_note_is_kept_even_when_the_work_fails(store):
    spoil(store, 5)

    def work(change):
        change.deployment(5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(work)
    assert ("deployments", "d5") in store.sql('SELECT "table", "key" FROM quarantine')


def test_an_unreadable_environment_is_an_error_for_itself_only(store):
    store.sql("UPDATE berths SET document = '{}' WHERE environment = 'production'")
    for _ in range(2):
        with pytest.raises(UnreadableRecord, match="shop/production"):
            store.read(lambda look: look.berth("shop", "production"))
        with pytest.raises(UnreadableRecord, match="shop/production"):
            store.change(lambda change: change.lock_berth("shop", "production"))
    assert [one.environment for one in store.read(lambda look: look.berths())] == ["staging"]
    assert store.sql("SELECT count(*) FROM quarantine WHERE \"table\" = 'berths'") == [(1,)]


@pytest.mark.parametrize(
    ("table", "condition"),
    [("deployments", "number = 5"), ("berths", "environment = 'production'"), ("events", "sequence = 1")],
)
def test_what_a_newer_release_wrote_is_left_alone_and_not_set_aside(store, table, condition):
    before = store.read(lambda look: look.quarantined())
    store.sql(f"UPDATE {table} SET format = 2 WHERE {condition}")
    everything(store)
    with suppress(UnreadableRecord):
        store.change(lambda change: change.lock_berth("shop", "production"))
    assert store.read(lambda look: look.quarantined()) == before
    assert len(store.sql("SELECT * FROM outbox")) == 4
    assert store.read(lambda look: look.unended_ids()) == {"d4", "d5"}


def test_an_environment_of_a_newer_release_is_closed_to_this_one(store):
    store.sql("UPDATE berths SET format = 2 WHERE environment = 'production'")
    with pytest.raises(UnreadableRecord, match="newer release"):
        store.change(lambda change: change.lock_berth("shop", "production"))


def test_a_page_is_full_however_many_rows_on_it_cannot_be_read(store):
    store.sql("UPDATE events SET happening = '{}' WHERE sequence IN (3, 4)")
    store.sql("UPDATE deployments SET asked = '{}' WHERE number IN (2, 3)")

    def numbers(found):
        return [one.sequence for one in found]

    assert numbers(store.read(lambda look: look.events(newest_first=True, limit=2))) == [2, 1]
    assert numbers(store.read(lambda look: look.events(limit=3))) == [1, 2]
    assert [one.number for one in store.read(lambda look: look.ended(None, None, limit=1))] == [1]
    assert [one.event.sequence for one in store.read(lambda look: look.announcements(1))] == [1]


def test_what_cannot_be_read_can_never_be_said_and_holds_nobody_up(store):
    store.sql("UPDATE events SET happening = '{}' WHERE sequence = 1")
    for _ in range(2):
        assert [one.key for one in store.read(lambda look: look.announcements(2))] == ["2", "3"]
    assert store.sql("SELECT sequence FROM outbox ORDER BY sequence") == [(2,), (3,), (4,)]
    assert store.sql("SELECT count(*) FROM events") == [(4,)]


def test_a_goal_for_a_rollback_is_not_guessed_past_a_record_that_cannot_be_read(store):
    spoil(store, 3)
    assert store.read(lambda look: look.last_started("shop", "production")) is None


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # PostgreSQL keeps texts only
def test_a_text_that_is_none_spoils_its_own_row_only(store):
    store.sql("UPDATE deployments SET owner = CAST(x'e9' AS TEXT) WHERE number = 5")
    assert [one.number for one in store.read(lambda look: look.unended())] == [4]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # PostgreSQL keeps numbers in such a column
@pytest.mark.parametrize("damage", ["'x'", "0", "3", "-1", "9223372036854775807", "x'00'", "1.5"])
def test_a_damaged_counter_of_numbers_is_mended_from_the_rows(store, damage):
    store.sql(f"UPDATE store SET last_number = {damage}")
    assert store.accept().number == 6
    assert store.accept().number == 7


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deployments SET asked = replace(asked, 'd5', 'd4') WHERE number = 5",
        "UPDATE deployments SET environment = 'staging' WHERE number = 5",
    ],
)
def test_a_row_that_contradicts_itself_is_unreadable(store, statement):
    store.sql(statement)
    assert store.read(lambda look: look.deployment(5)) is None


@pytest.mark.parametrize("kind", STORES)
def test_repaired_rows_are_taken_back_when_the_store_is_opened_again(tmp_path, kind):
    with OPENERS[kind](tmp_path) as store:
        fill(store)
        ((asked,),) = store.sql("SELECT asked FROM deployments WHERE number = 5")
        for number in (4, 5):
            spoil(store, number)
        store.sql("UPDATE events SET happening = '{}' WHERE sequence = 1")
        everything(store)
    with OPENERS[kind](tmp_path) as store:
        store.sql("UPDATE deployments SET asked = ? WHERE number = 5", asked)
        store.sql("DELETE FROM events WHERE sequence = 1")
        assert store.read(lambda look: look.entries()) == []
    with OPENERS[kind](tmp_path) as store:
        assert [one.number for one in store.read(lambda look: look.entries())] == [5]
        assert [(one.table, one.key) for one in store.read(lambda look: look.quarantined())] == [
            ("deployments", "d4")
        ]


@pytest.mark.parametrize("kind", STORES)
def test_what_is_set_aside_and_taken_back_wakes_other_processes_too(tmp_path, kind):
    async def story(store: Store, other: Store) -> None:
        ((asked,),) = store.sql("SELECT asked FROM deployments WHERE number = 5")
        spoil(store, 5)
        before = await other.ledger.wait_for_change(-1, 10)
        waiting = asyncio.create_task(other.ledger.wait_for_change(before, 20))
        assert await store.ledger.read(lambda look: look.deployment(5)) is None
        now = await waiting
        assert now > before
        store.sql("UPDATE deployments SET asked = ? WHERE number = 5", asked)
        waiting = asyncio.create_task(other.ledger.wait_for_change(now, 20))
        with OPENERS[kind](tmp_path):
            assert await waiting > now

    with OPENERS[kind](tmp_path) as store, OPENERS[kind](tmp_path) as other:
        fill(store)
        run(story(store, other))
