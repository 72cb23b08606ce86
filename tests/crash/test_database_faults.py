"""The database is restarted, cut off, full of connections, or fails over: deployments wait, and go on."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from funade.domain.deployment import Deployment, State
from funade.domain.errors import StoreError, StoreUnreachable
from tests import postgres
from tests.conftest import LONG
from tests.contracts.ledgers import Store, open_address
from tests.crash import witness
from tests.crash.proxy import Line
from tests.crash.voyage import Voyage, until
from tests.crash.world import DATABASE_SECRET, World, repository

pytestmark = [pytest.mark.slow, pytest.mark.needs("git", "postgres"), pytest.mark.timeout(300)]

#: Longer than any patience: what stands is cut, and what is begun anew waits too.
CUT_SECONDS = 30.0 if LONG else 13.0


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.running(*postgres.SAFE) as one:
        yield one


@pytest.fixture(autouse=True)
def _let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_DATABASE", DATABASE_SECRET)


def sail(folder: Path, url: str) -> Voyage:
    voyage = Voyage(World(folder / "world", repository(), url), runners=1)
    voyage.servers.start()
    return voyage


def begun(voyage: Voyage) -> Deployment:
    deployment = voyage.deploy("wait")
    voyage.begun(deployment)
    return deployment


def check(voyage: Voyage, *deployments: Deployment) -> None:
    """Everything goes on to a good end, each was started once, and people see what is so."""
    voyage.world.let_go()
    ended = voyage.end_of(*deployments, voyage.deploy("third"))
    assert [(one.state, one.verified, voyage.starts(one)) for one in ended] == [
        (State.SUCCEEDED, True, 1)
    ] * len(ended)
    assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text(), voyage.world.lines())


def says_so(voyage: Voyage) -> bool:
    return "the store cannot be used" in voyage.log_text() or "will be t" in voyage.log_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_database_that_is_restarted_is_waited_for(tmp_path, server, how):
    voyage = sail(tmp_path, server.url(server.new_database()))
    try:
        running = begun(voyage)
        waiting = voyage.deploy("second", "staging")
        server.stop(how)
        until("a word about it", lambda: says_so(voyage))
        server.start()
        check(voyage, running, waiting)
    finally:
        voyage.servers.kill()


def test_a_process_that_begins_without_its_database_waits_for_it(tmp_path, server):
    name = server.new_database()
    server.stop()
    voyage = sail(tmp_path, server.url(name))
    try:
        until("a word about it", lambda: says_so(voyage))
        server.start()
        check(voyage)
    finally:
        voyage.servers.kill()


def test_a_database_that_is_cut_off_without_a_word_is_waited_for(tmp_path, server):
    line = Line(server.port)
    voyage = sail(tmp_path, server.url(server.new_database(), port=line.port))
    try:
        running = begun(voyage)
        line.cut()
        until("a word about it", lambda: says_so(voyage))
        mended_at = time.monotonic() + CUT_SECONDS
        until("the end of the cut", lambda: time.monotonic() > mended_at, CUT_SECONDS + 5)
        line.mend()
        check(voyage, running)
    finally:
        line.close()
        voyage.servers.kill()


def take_all(server: postgres.Server, taken: "list[psycopg.Connection[Any]]") -> None:
    with suppress(psycopg.OperationalError):
        while True:
            taken.append(server.connect("postgres"))


def test_a_database_without_connections_left_is_waited_for(tmp_path, server):
    name = server.new_database()
    voyage = sail(tmp_path, server.url(name))
    taken: list[psycopg.Connection[Any]] = []
    try:
        running = begun(voyage)
        take_all(server, taken)
        # Ours are closed, and none comes back while others have them all.
        for _ in range(3):
            taken[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            take_all(server, taken)
        until("a word about it", lambda: says_so(voyage))
        for one in taken:
            one.close()
        check(voyage, running)
    finally:
        for one in taken:
            one.close()
        voyage.servers.kill()


def test_what_was_accepted_outlives_a_fail_over_to_a_synchronous_standby(tmp_path, server):
    name = server.new_database()
    standby = postgres.Server(*postgres.SAFE, primary=server, name="second")
    line = Line(server.port)
    try:
        standby.start()
        server.ask("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        server.ask("SELECT pg_reload_conf()")
        until(
            "a synchronous standby",
            lambda: server.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"),
        )
        voyage = sail(tmp_path, server.url(name, port=line.port))
        try:
            running = begun(voyage)
            waiting = voyage.deploy("second", "staging")
            server.stop(signal.SIGQUIT)
            standby.promote()
            line.mend(standby.port)
            check(voyage, running, waiting)
        finally:
            voyage.servers.kill()
    finally:
        line.close()
        standby.remove()


def test_what_an_asynchronous_standby_had_not_heard_may_vanish_and_nothing_starts_twice(tmp_path, server):
    name = server.new_database()
    standby = postgres.Server(*postgres.SAFE, primary=server, name="second")
    line = Line(server.port)
    try:
        standby.start()
        voyage = sail(tmp_path, server.url(name, port=line.port))
        try:
            known = begun(voyage)
            until("a standby that knows it", lambda: _has(standby, name, known))
            # From here on nothing reaches the standby.
            standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
            standby.ask("SELECT pg_reload_conf()")
            until("a deaf standby", lambda: not standby.ask("SELECT 1 FROM pg_stat_wal_receiver"))
            vanishing = voyage.deploy("second", "staging")
            server.stop(signal.SIGQUIT)
            standby.promote()
            line.mend(standby.port)
            voyage.world.let_go()
            (ended,) = voyage.end_of(known)
            assert (ended.state, voyage.starts(ended)) == (State.SUCCEEDED, 1)
            rows = {one.id for one in voyage.history().deployments}
            if vanishing.id not in rows:
                del voyage.accepted[next(key for key, id in voyage.accepted.items() if id == vanishing.id)]
            starts = [(one.deployment, one.attempt) for one in voyage.world.lines() if one.word == "start"]
            assert len(starts) == len(set(starts))
            # The number is given again: that is what is lost. The place knows deployments by their ids.
            voyage.end_of(voyage.deploy("third"))
            assert not [one for one in voyage.world.lines() if one.word == "overlap"]
        finally:
            voyage.servers.kill()
    finally:
        line.close()
        standby.remove()


def _has(standby: postgres.Server, name: str, deployment: Deployment) -> bool:
    found = standby.ask(
        "SELECT 1 FROM deployments WHERE id = %s AND state = 'running'", deployment.id, database=name
    )
    return bool(found)


# The ledger alone


def test_a_connection_that_was_lost_while_nobody_used_it_is_replaced_without_a_word():
    server = postgres.shared()
    name = server.new_database()
    with closing(open_address(server.local_url(name))) as ledger:
        store = Store(ledger, lambda *_: [], "postgres")
        store.accept()
        store.read(lambda look: look.entries())
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
        assert len(store.read(lambda look: look.entries())) == 1
        assert store.accept().number == 2


def test_a_process_that_stands_still_in_a_change_keeps_nobody_waiting():
    server = postgres.shared()
    name = server.new_database()
    with closing(open_address(server.local_url(name))) as ledger:
        store = Store(ledger, lambda *_: [], "postgres")
        store.accept()
        with server.connect(name) as other:
            other.execute("SET idle_in_transaction_session_timeout = '3s'")
            other.autocommit = False
            other.execute("SELECT * FROM berths FOR UPDATE")
            other.execute("SELECT * FROM store FOR UPDATE")
            assert store.accept().number == 2
            with pytest.raises(psycopg.Error):
                other.execute("SELECT 1")
            other.close()


def test_two_that_wait_for_each_other_both_get_through():
    server = postgres.shared()
    name = server.new_database()
    urls = [server.local_url(name)] * 2
    with closing(open_address(urls[0])) as one, closing(open_address(urls[1])) as two:
        first, second = Store(one, lambda *_: [], "postgres"), Store(two, lambda *_: [], "postgres")
        for environment in ("a", "b"):
            first.accept(environment=environment)
        import threading  # noqa: PLC0415 -- only here

        meeting = threading.Barrier(2)

        def crossing(here: str, there: str):
            tries = iter(range(9))

            def work(change):
                change.lock_berth("shop", here)
                if next(tries) == 0:
                    meeting.wait(60)
                return change.lock_berth("shop", there).environment

            return work

        other = threading.Thread(target=lambda: second.change(crossing("b", "a")))
        other.start()
        assert first.change(crossing("a", "b")) == "b"
        other.join(20)
        assert not other.is_alive()


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("postgresql://funade@127.0.0.1:1/x", StoreUnreachable, "does not answer"),
        ("{}/nowhere", StoreUnreachable, "does not exist"),
        ("{}/x?bogus=1", StoreError, "bogus"),
    ],
)
def test_what_is_wrong_with_the_way_there_is_said(url, kind, said):
    base = postgres.shared().local_url("").rstrip("/")
    with pytest.raises(kind, match=said):
        open_address(url.format(base))


def test_a_wrong_password_is_said_and_not_repeated(monkeypatch):
    from funade.store.postgres.connecting import Address  # noqa: PLC0415 -- only here
    from funade.store.postgres.ledger import PostgresLedger  # noqa: PLC0415 -- only here

    server = postgres.shared()
    address = Address(url=server.url("postgres"), password=lambda: "wrong-5ecret")
    with pytest.raises(StoreError) as caught:
        PostgresLedger(address)
    assert "5ecret" not in str(caught.value)
    assert "password" in str(caught.value)


def test_another_programs_database_is_left_alone():
    server = postgres.shared()
    name = server.new_database()
    server.ask("CREATE TABLE customers (id int)", database=name)
    with pytest.raises(StoreError, match="another program"):
        open_address(server.local_url(name))
    assert server.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=name) == [(1,)]


def test_a_store_that_only_lets_us_read_is_waited_for(server):
    standby = postgres.Server(*postgres.SAFE, primary=server)
    try:
        standby.start()
        with pytest.raises(StoreUnreachable, match="read"):
            open_address(standby.local_url("postgres"))
    finally:
        standby.remove()
