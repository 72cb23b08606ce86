"""A release beside the next one: what the newer wrote is left alone, and everybody goes on."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from funade.domain.deployment import State
from funade.domain.errors import StoreError, UnreadableRecord
from funade.domain.reason import Reason, because
from funade.store import migrations, rows
from tests.contracts.ledgers import OPENERS, STORES, Store, process
from tests.unit.domain.examples import NOON

SCRIPTS = sorted((Path(migrations.__file__).parent / "versions").glob("*.py"))
#: A next release, made up: a column that it fills, a table of its own, a shape that we cannot read.
PRE = '''"""Next.

Phase: pre
"""
import sqlalchemy as sa
from alembic import op
revision = "9998"
down_revision = "{head}"

def upgrade():
    op.add_column("deployments", sa.Column("novelty", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("novelty", sa.Integer(), nullable=False, server_default="0"))
    op.create_table("novelties", sa.Column("id", sa.Text(), primary_key=True))
    op.create_index("ix_deployments_novelty", "deployments", ["novelty"])
'''
POST = '''"""After it: what the older release needed goes.

Phase: post
"""
from alembic import op
revision = "9999"
down_revision = "9998"

def upgrade():
    op.drop_table("endings")
'''


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def release(monkeypatch: pytest.MonkeyPatch, folder: Path, head: str, oldest: str) -> Iterator[None]:
    """Be another release meanwhile."""
    made = folder / f"release-{head}"
    (made / "versions").mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        (made / "versions" / script.name).write_text(script.read_text())
    (made / "versions" / "9998_pre_next.py").write_text(PRE.format(head=SCRIPTS[-1].stem[:4]))
    (made / "versions" / "9999_post_next.py").write_text(POST)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "__file__", str(made / "__init__.py"))
        patch.setattr(migrations, "HEAD", head)
        patch.setattr(migrations, "OLDEST", oldest)
        yield


def go_through_everything(store: Store, request: str) -> None:
    """Accept, claim, start, end: all that a server writes."""
    made = store.accept(request=request, environment=f"e-{request}")
    mine = store.change(lambda change: change.claim(made, "me"))
    running = mine.begin_attempt(9, NOON, because(Reason.PROGRAM_RUNNING))
    store.change(lambda change: change.save_deployment(running))
    ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON, verified=True)
    store.change(lambda change: change.save_deployment(ended))
    assert store.read(lambda look: look.deployment_by_id(made.id)) == ended


def test_an_older_server_goes_on_while_a_newer_one_has_changed_the_tables(kind, tmp_path, monkeypatch):
    with OPENERS[kind](tmp_path) as older:
        go_through_everything(older, "before")
        with release(monkeypatch, tmp_path, "9998", migrations.OLDEST), OPENERS[kind](tmp_path) as newer:
            go_through_everything(newer, "newer")
            newer.sql("UPDATE deployments SET novelty = 'x' WHERE request = 'newer'")
            go_through_everything(older, "older")
            go_through_everything(newer, "newer again")
        # The older one is started again, too: a rolling restart may go back.
        with OPENERS[kind](tmp_path) as again:
            go_through_everything(again, "after")
            assert again.sql("SELECT novelty FROM deployments WHERE request = 'newer'") == [("x",)]
            assert again.sql("SELECT version_num FROM alembic_version") == [("9998",)]
            assert again.read(lambda look: look.quarantined()) == []


def test_what_a_newer_release_wrote_is_left_as_it_is_by_an_older_one(kind, tmp_path):
    """Neither read nor changed nor set aside, however often it is met."""
    with OPENERS[kind](tmp_path) as store:
        for request in ("a", "b"):
            store.accept(request=request, id=request, environment=f"e-{request}")
        store.sql("UPDATE deployments SET format = 99, asked = '{\"new\": 1}' WHERE request = 'a'")
        store.sql("UPDATE berths SET format = 99, document = '[]' WHERE environment = 'e-a'")
        saved = store.sql("SELECT * FROM deployments WHERE request = 'a'")
        for _ in range(2):
            assert [one.id for one in store.read(lambda look: look.unended())] == ["b"]
            assert [one.id for one in store.read(lambda look: look.entries())] == ["b"]
            assert store.read(lambda look: look.deployment_by_id("a")) is None
            with pytest.raises(UnreadableRecord, match="newer release"):
                store.change(lambda change: change.lock_berth("shop", "e-a"))
        go_through_everything(store, "c")
        assert store.sql("SELECT * FROM deployments WHERE request = 'a'") == saved
        assert store.read(lambda look: look.quarantined()) == []


def test_nothing_newer_is_written_before_every_process_reads_it(kind, tmp_path, monkeypatch):
    def shapes(store: Store, request: str) -> set[tuple[int]]:
        go_through_everything(store, request)
        asked = f"SELECT format FROM {{}} WHERE environment = 'e-{request}'"
        return {row for table in ("deployments", "berths") for row in store.sql(asked.format(table))}

    with OPENERS[kind](tmp_path) as older:
        older.change(lambda change: change.register_process(process("older")))
        with monkeypatch.context() as newer_release, OPENERS[kind](tmp_path) as newer:
            newer_release.setattr(rows, "FORMAT", 2)
            newer.change(lambda change: change.register_process(process("newer")))
            assert shapes(newer, "beside") == {(1,)}
            # The release before this column did not fill it.
            older.sql("UPDATE processes SET reads = NULL WHERE id = 'older'")
            assert shapes(newer, "beside one of long ago") == {(1,)}
        assert {one.environment for one in older.read(lambda look: look.berths())} == {
            "e-beside",
            "e-beside one of long ago",
        }
        older.change(lambda change: change.forget_process("older"))
        with monkeypatch.context() as newer_release, OPENERS[kind](tmp_path) as newer:
            newer_release.setattr(rows, "FORMAT", 2)
            assert shapes(newer, "alone") == {(2,)}
        # One that comes back all the same leaves alone what it cannot read, and goes on.
        assert len(older.read(lambda look: look.berths())) == 2
        assert shapes(older, "back") == {(1,)}
        assert older.read(lambda look: look.quarantined()) == []


def test_an_older_release_does_not_open_a_store_from_which_its_things_are_gone(kind, tmp_path, monkeypatch):
    with OPENERS[kind](tmp_path):
        pass
    with release(monkeypatch, tmp_path, "9999", "9999"), OPENERS[kind](tmp_path):
        pass
    with pytest.raises(StoreError, match="newer Funade"), OPENERS[kind](tmp_path):
        pass


#: How the first release's tables were used; frozen with them.
OF_0001 = """
INSERT INTO store (id, made_at, last_number, oldest_schema) VALUES ('s', 'now', 1, '0001');
INSERT INTO deployments (number, id, request, application, environment, state, phase, verified, owner, epoch, attempt,
 fence, due_at, format, asked, changing) VALUES (1, 'd1', 'r1', 'shop', 'production', 'queued', 'waiting', FALSE,
 NULL, 0, 0, 0, '2026-07-02T12:00:00.000000Z', 1, '{asked}', '{changing}');
INSERT INTO processes (id, role, host, pid, boot, birth, counter, started_at, seen_at) VALUES ('p1', 'server', 'h', 1,
 'b', '1', 0, '2026-07-01T12:00:00.000000Z', '2026-07-01T12:00:00.000000Z');
"""


def test_a_store_of_the_first_release_is_brought_up_to_date_with_all_that_is_in_it(
    kind, tmp_path, monkeypatch
):
    with OPENERS[kind](tmp_path / "model") as model:
        model.accept(id="d1", request="r1")
        ((asked, changing),) = model.sql("SELECT asked, changing FROM deployments")
    with open_first_release(kind, tmp_path, monkeypatch) as sql:
        for statement in OF_0001.strip().rstrip(";").split(";\n"):
            if "INTO store" not in statement:
                sql(statement.replace("{asked}", asked).replace("{changing}", changing))
        sql("UPDATE store SET last_number = 1")
    with OPENERS[kind](tmp_path) as store:
        found = store.read(lambda look: look.deployment(1))
        assert found is not None
        assert (found.id, found.machine) == ("d1", None)
        assert [one.machine for one in store.read(lambda look: look.processes())] == [""]
        assert store.accept().number == 2
        assert json.loads(asked)["id"] == "d1"


@contextmanager
def open_first_release(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make a store as the first release made it: with its script alone."""
    made = folder / "first"
    (made / "versions").mkdir(parents=True)
    (made / "versions" / SCRIPTS[0].name).write_text(SCRIPTS[0].read_text())
    from tests.contracts import ledgers  # noqa: PLC0415 -- its template would be of this release

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "__file__", str(made / "__init__.py"))
        patch.setattr(migrations, "HEAD", "0001")
        patch.setattr(ledgers, "template", lambda: None)
        with OPENERS[kind](folder) as store:
            yield store.sql


def test_the_first_script_is_as_it_was_released():
    digest = hashlib.sha256(SCRIPTS[0].read_bytes()).hexdigest()
    assert digest == "0829e07ef85e7cd15e5548bbfd038218f72dbe12c6f115693b79ed673ac95a73", (
        "write another script"
    )
