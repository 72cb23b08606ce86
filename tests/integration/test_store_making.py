"""Making and changing the tables of a database, beside other processes that do."""

import threading

import pytest

from funade.store.postgres.connecting import LOCK_SECONDS
from funade.store.postgres.making import BEGIN
from tests import postgres
from tests.contracts.ledgers import open_address

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.slow]


def test_whoever_comes_while_another_changes_large_tables_waits_for_it():
    server = postgres.shared()
    database = server.new_database()
    opened: list[str] = []

    def open_it() -> None:
        ledger = open_address(server.local_url(database))
        opened.append(ledger.id)
        ledger.close()

    try:
        with server.connect(database) as other:
            other.execute(f"BEGIN; {BEGIN}")
            comer = threading.Thread(target=open_it)
            comer.start()
            # Longer than anybody waits for a lock on rows or on a table that is in use.
            comer.join(LOCK_SECONDS + 1)
            assert comer.is_alive()
            assert opened == []
            other.execute("ROLLBACK")
            comer.join(60)
        assert len(opened) == 1
    finally:
        server.drop_database(database)


def test_for_a_table_that_is_in_use_nobody_waits_long():
    server = postgres.shared()
    database = server.new_database()
    try:
        with server.connect(database) as connection:
            connection.execute(f"BEGIN; {BEGIN}")
            assert connection.execute("SHOW lock_timeout").fetchone() == (f"{LOCK_SECONDS}s",)
            connection.execute("ROLLBACK")
    finally:
        server.drop_database(database)
