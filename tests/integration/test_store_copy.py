"""A store moves from its file into a database: all of it, or nothing."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from funade.domain.deployment import State
from funade.domain.errors import StoreError
from funade.domain.events import DeploymentStarted, about
from funade.domain.orders import EndedBy, Ending
from funade.domain.reason import Reason, because
from funade.store.copying import copy
from funade.store.postgres.connecting import Address
from tests import postgres
from tests.contracts.ledgers import Store, open_address, open_sqlite
from tests.contracts.test_ledger_poison import QUESTIONS
from tests.unit.domain.examples import NOON

pytestmark = pytest.mark.needs("postgres")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def address() -> Address:
    server = postgres.shared()
    return Address(url=server.local_url(server.new_database()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_sqlite(tmp_path) as store:
        fill(store)
    return tmp_path / "data" / "store.sqlite"


def fill(store: Store) -> None:
    for number in range(1, 8):
        made = store.accept(id=f"d{number}", request=f"r{number}", reason="日本 🚢 ' \\ %s")
        running = made.begin_attempt(number, NOON, because(Reason.PROGRAM_RUNNING))
        ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON, verified=True)

        def work(change, made=made, running=running, ended=ended):
            change.save_deployment(running)
            change.record(about(made, DeploymentStarted(attempt=1, fence=made.number), "ada", NOON))
            change.add_ending(made.id, 1, Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON))
            berth = change.lock_berth("shop", "production")
            change.save_berth(replace(berth, fence=made.number))
            if made.number < 7:
                change.save_deployment(ended)

        store.change(work)


def answers(store: Store) -> list[object]:
    return [store.read(question) for question in QUESTIONS]


def test_everything_is_there_afterwards_and_goes_on_from_there(path, address):
    with open_sqlite(path.parents[1]) as store:
        before, id = answers(store), store.ledger.id
    copied = copy(path, address, "here")
    assert (copied.store, copied.rows["deployments"], copied.rows["events"]) == (id, 7, 7)
    with closing(open_address(address.url)) as ledger:
        there = Store(ledger, lambda *_: [], "postgres")
        # It ran when nobody wrote down where.
        running = there.read(lambda look: look.deployment(7))
        assert running is not None
        assert running.machine == "here"
        assert ledger.id == id
        there.change(lambda change: change.save_deployment(replace(running, machine=None)))
        assert answers(there) == before
        assert there.accept().number == 8
        there.change(
            lambda change: change.record(about(running, DeploymentStarted(attempt=1, fence=9), "b", NOON))
        )
        assert there.read(lambda look: look.events(newest_first=True, limit=1))[0].sequence == 8
    assert not path.exists()
    assert path.with_name("store.sqlite.moved").exists()


def test_a_database_in_use_is_no_place_for_a_copy(path, address):
    with closing(open_address(address.url)) as ledger:
        Store(ledger, lambda *_: [], "postgres").accept()
    with pytest.raises(StoreError, match="in use"):
        copy(path, address, "here")
    assert path.exists()


def test_a_row_that_the_database_would_not_keep_is_named_and_nothing_copied(path, address):
    with open_sqlite(path.parents[1]) as store:
        store.sql("UPDATE deployments SET owner = CAST(x'e9' AS TEXT) WHERE number = 5")
    with pytest.raises(StoreError, match="`deployments` 5 cannot be kept"):
        copy(path, address, "here")
    with closing(open_address(address.url)) as ledger:
        assert Store(ledger, lambda *_: [], "postgres").read(lambda look: look.deployment(1)) is None


@pytest.mark.parametrize("point", ["copy.commit", "copy.set_aside"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_copy_that_is_cut_short_is_done_again(path, address, point, side):
    code = (
        "import sys; from pathlib import Path; from funade.store.copying import copy;"
        "from funade.store.postgres.connecting import Address;"
        "copy(Path(sys.argv[1]), Address(url=sys.argv[2]), 'here')"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(path), address.url],
        cwd=ROOT,
        env={**os.environ, "FUNADE_FAILPOINTS": f"{point}:{side}=kill"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    if path.exists():
        copied = copy(path, address, "here")
        assert copied.was_there == (point == "copy.set_aside" or side == "after")
    with closing(open_address(address.url)) as ledger:
        assert (
            len(Store(ledger, lambda *_: [], "postgres").read(lambda look: look.ended(None, None, limit=9)))
            == 6
        )


def test_the_command_refuses_while_a_process_lives_and_says_who(path, address, tmp_path):
    configuration = tmp_path / "funade.yaml"
    configuration.write_text(
        f"data: data\ndatabase: {address.url}\napplications:\n  shop:\n    repository: .\n    environments:\n"
        "      staging:\n        target: {kind: command, run: ['true']}\n"
    )
    words = [sys.executable, "-m", "funade", "-c", str(configuration), "store", "copy"]
    with open_sqlite(path.parents[1]) as store:
        from funade.runner.machine import ThisMachine  # noqa: PLC0415 -- only here

        living = ThisMachine(path.parent).describe("server", "p1", NOON)
        store.change(lambda change: change.register_process(living))
    refused = subprocess.run(words, check=False, capture_output=True, text=True)
    assert refused.returncode == 6, refused.stderr
    assert f"server {os.getpid()}" in refused.stderr
    with open_sqlite(path.parents[1]) as store:
        store.change(lambda change: change.forget_process("p1"))
        # One that was killed stays in the way of nobody.
        store.change(lambda change: change.register_process(replace(living, id="p2", birth="1")))
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "7  deployments" in done.stdout
