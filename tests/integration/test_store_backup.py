"""A backup as the documents say, and a store restored from it."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests import postgres
from tests.contracts.ledgers import Store, open_address, open_sqlite

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "how-to"


def test_a_file_is_backed_up_while_somebody_writes_and_put_back(tmp_path):
    # What `sqlite3 … ".backup"` does; that program need not be here.
    assert ".backup" in (DOCUMENTS / "run-a-server.md").read_text()
    with open_sqlite(tmp_path) as store:
        store.accept()
        path, kept = tmp_path / "data" / "store.sqlite", tmp_path / "kept"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(kept)) as target:
            source.backup(target)
        store.accept()
        id = store.ledger.id
    for name in ("store.sqlite-wal", "store.sqlite-shm"):
        path.with_name(name).unlink(missing_ok=True)
    kept.replace(path)
    with open_sqlite(tmp_path) as store:
        assert store.ledger.id == id
        assert [one.number for one in store.read(lambda look: look.unended())] == [1]
        assert store.accept().number == 2


@pytest.mark.needs("postgres")
def test_a_database_is_backed_up_and_restored_as_the_documents_say(tmp_path):
    page = (DOCUMENTS / "postgresql.md").read_text()
    assert "pg_dump --format=custom" in page
    assert "pg_restore --dbname=funade --no-owner" in page
    server = postgres.shared()
    name, restored = server.new_database(), server.new_database()
    with closing(open_address(server.local_url(name))) as ledger:
        Store(ledger, lambda *_: [], "postgres").accept()
        id = ledger.id
        dump = ["pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", server.local_url(name)]
        back = ["pg_restore", f"--dbname={server.local_url(restored)}", "--no-owner", str(tmp_path / "dump")]
        for words in (dump, back):
            subprocess.run([str(postgres.programs() / words[0]), *words[1:]], check=True, capture_output=True)
    with closing(open_address(server.local_url(restored))) as ledger:
        store = Store(ledger, lambda *_: [], "postgres")
        assert ledger.id == id
        assert [one.number for one in store.read(lambda look: look.unended())] == [1]
        assert store.accept().number == 2
