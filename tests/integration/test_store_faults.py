"""What the world does to the store's file: an error that says what to do, and work goes on once it is mended."""

import asyncio
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from funade import failpoints
from funade.domain.errors import StoreError
from funade.store.disk import shared_kind
from funade.store.faults import FAULTS, store_error
from funade.store.sqlite import SqliteLedger
from tests.contracts.ledgers import Store, run

SHORT = timedelta(milliseconds=200)

MOUNTS = """\
22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /srv/shared rw - nfs4 filer:/export rw,vers=4.2
31 22 0:27 / /srv/shared/local rw - tmpfs tmpfs rw
32 22 0:28 / /mnt/with\\040space rw - cifs //filer/share rw
33 22 0:29 / /home/ada rw - fuse.sshfs ada@host: rw
34 22 0:30 / /var/lib/docker rw - overlay overlay rw
35 22 0:31 / /over rw - nfs filer:/old rw
36 22 0:32 / /over rw - ext4 /dev/vdb rw
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "store.sqlite"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    with closing(SqliteLedger(path, patience=SHORT)) as ledger:
        yield Store(ledger, lambda *_: [])


def open_once(path: Path) -> str:
    with opened(path) as store:
        return store.ledger.id


@pytest.fixture
def store(path):
    with opened(path) as made:
        yield made


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), file.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)


def accept_many(store: Store) -> None:
    for _ in range(1000):
        store.accept(reason="x" * 3000)


def read_everything(path: Path) -> None:
    with opened(path) as store:
        store.read(lambda look: (look.unended(), look.events(), look.berths(), look.obligations()))


@pytest.fixture
def disk(tmp_path):
    """Give a disk of two megabytes: room for an empty store and its journal."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_said_and_once_there_is_room_work_goes_on(disk):
    with opened(disk / "data" / "store.sqlite") as made:
        made.accept()
        fill(disk / "ballast")
        for _ in range(2):
            with pytest.raises(StoreError, match="the disk is full — free some space"):
                accept_many(made)
        there = len(made.read(lambda look: look.unended()))
        (disk / "ballast").unlink()
        assert made.accept().number == there + 1
        assert len(made.read(lambda look: look.unended())) == there + 1


def test_a_disk_that_is_full_when_the_store_is_made_leaves_nothing_in_the_way(disk):
    fill(disk / "ballast")
    with pytest.raises(StoreError, match="the disk is full"):
        open_once(disk / "store.sqlite")
    (disk / "ballast").unlink()
    assert open_once(disk / "store.sqlite")


def test_a_disk_that_is_read_only_is_said(disk):
    path = disk / "data" / "store.sqlite"
    open_once(path)
    remount(disk, "ro")
    with pytest.raises(StoreError, match=r"cannot be (written|opened) — check"):
        open_once(path)
    with pytest.raises(StoreError, match="check the owner and mode"):
        open_once(disk / "new" / "store.sqlite")
    remount(disk, "rw")
    with opened(path) as made:
        assert made.accept().number == 1


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_said(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="check that its folder exists and is yours"):
        open_once(folder / "data" / "store.sqlite")


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="the store's folder is no folder"):
        open_once(tmp_path / "data" / "store.sqlite")
    with pytest.raises(StoreError, match="the store's folder is no folder"):
        open_once(tmp_path / "data" / "deeper" / "store.sqlite")


def test_a_file_that_vanishes_is_said_and_never_made_again_behind_ones_back(store, path):
    store.accept()
    moved = path.parent.rename(path.parent.with_name("moved"))
    for ask in (store.accept, lambda: store.read(lambda look: look.unended())):
        with pytest.raises(StoreError, match="the store's file is gone"):
            ask()
    assert not path.exists()
    moved.rename(path.parent)
    assert store.accept().number == 2


def test_another_file_in_the_stores_place_is_said(store, path):
    store.accept()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    original = path.rename(path.with_name("original"))
    copy.rename(path)
    with pytest.raises(StoreError, match="another file has taken the store's place — stop Funade"):
        store.accept()
    original.rename(path)
    assert store.accept().number == 2


def test_what_is_no_database_is_said(path):
    path.parent.mkdir()
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match="the file is no store — check that `data` is the right folder"):
        open_once(path)
    assert path.read_bytes() == b"no database " * 1000


def test_another_programs_database_is_left_as_it_is(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    with pytest.raises(StoreError, match="another program's database"):
        open_once(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("alembic_version",)]


def test_a_damaged_file_is_said(path):
    with opened(path) as store:
        for _ in range(50):
            store.accept(reason="x" * 500)
    damaged = bytearray(path.read_bytes())
    for at in range(4096 * 2, len(damaged), 64):
        damaged[at] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="damaged — stop Funade and put back a backup"):
        read_everything(path)


def test_a_store_that_a_newer_funade_changed_is_left_as_it_is(path):
    open_once(path)
    change(path, "UPDATE alembic_version SET version_num = '9999'", "UPDATE store SET oldest_schema = '9998'")
    with pytest.raises(StoreError, match=r"newer Funade \(schema 9999\) — start that release or a newer one"):
        open_once(path)


def test_a_store_that_a_newer_funade_only_added_to_is_used(path):
    open_once(path)
    change(
        path, "UPDATE alembic_version SET version_num = '9999'", "ALTER TABLE events ADD COLUMN invented TEXT"
    )
    with opened(path) as newer:
        assert newer.accept().number == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_store_kept_busy_is_said_after_a_while_readers_go_on_and_then_writers(store, path):
    store.accept()
    with closing(sqlite3.connect(path, isolation_level=None)) as neighbour:
        neighbour.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process keeps the store busy"):
            store.accept()
        assert len(store.read(lambda look: look.unended())) == 1
        assert run(store.ledger.wait_for_change(0, 0)) >= 0
        # An up-to-date store is opened without the right to write.
        assert open_once(path) == store.ledger.id
        neighbour.execute("ROLLBACK")
    assert store.accept().number == 2


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_fault_at_the_commit_is_an_error_and_the_next_change_goes_on(store, monkeypatch, side):
    monkeypatch.setattr(failpoints, "_traps", failpoints.Traps(f"store.commit:{side}=error@1"))
    with pytest.raises(StoreError, match="the disk is full"):
        store.accept()
    there = 0 if side == "before" else 1
    assert len(store.read(lambda look: look.unended())) == there
    assert store.accept().number == there + 1


@pytest.mark.parametrize("commit", [1, 2])
def test_a_fault_at_the_commit_of_many_is_an_error_for_each_and_none_is_done_twice(
    store, monkeypatch, commit
):
    monkeypatch.setattr(failpoints, "_traps", failpoints.Traps(f"store.commit:after=error@{commit}"))
    entered, may_go_on = threading.Event(), threading.Event()

    def first(change):
        entered.set()
        assert may_go_on.wait(60)
        change.forget_process("x")

    async def all_at_once():
        waiting = asyncio.create_task(store.ledger.change(first))
        await asyncio.to_thread(entered.wait, 10)
        many = [
            asyncio.create_task(store.ledger.change(lambda change: change.next_number())) for _ in range(10)
        ]
        await asyncio.sleep(0)
        may_go_on.set()
        return await asyncio.gather(waiting, *many, return_exceptions=True)

    outcomes = run(all_at_once())
    wrong = [isinstance(one, StoreError) for one in outcomes]
    assert wrong == ([True] + [False] * 10 if commit == 1 else [False] + [True] * 10)
    assert store.accept().number == 11


def test_what_is_broken_by_our_own_mistake_is_refused_whole(store):
    def work(change):
        change.forget_process("x")
        change._connection.exec_driver_sql("INSERT INTO store VALUES (NULL, NULL, NULL, NULL, NULL)")

    with pytest.raises(StoreError, match="refused a change that breaks its rules"):
        store.change(work)
    assert store.accept().number == 1


def test_every_commit_waits_for_the_disk_and_everything_is_its_owners_only(store, path):
    async def ask():
        return await store.ledger.change(
            lambda change: [
                change._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous")
            ]
        )

    FULL = 2
    assert run(ask()) == ["wal", FULL]
    store.accept()
    modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert modes == dict.fromkeys(("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"), 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_reader_cannot_write(store):
    with pytest.raises(StoreError, match="cannot be written"):
        store.read(lambda look: look._connection.exec_driver_sql("DELETE FROM events"))


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/shared/data", "nfs4"),
        ("/srv/shared/local/data", None),
        ("/srv/sharedness", None),
        ("/mnt/with space/data", "cifs"),
        ("/home/ada/.funade", "fuse.sshfs"),
        ("/var/lib/docker/x", None),
        ("/over/data", None),
        ("/data", None),
    ],
)
def test_a_folder_on_the_network_is_known_by_its_mount(folder, kind):
    assert shared_kind(Path(folder), MOUNTS) == kind


def test_mounts_that_cannot_be_understood_stop_nobody():
    assert shared_kind(Path("/data"), "nonsense\n\n1 2 - nfs\n") is None


def test_a_store_on_the_network_is_refused(path, monkeypatch):
    monkeypatch.setattr("funade.store.sqlite.shared_file_system", lambda _: "nfs4")
    with pytest.raises(StoreError, match=r"over the network \(nfs4\) — let `data` be a folder on a disk"):
        open_once(path)
    assert not path.exists()


def test_every_code_of_sqlite_becomes_an_error_that_names_the_file():
    codes = [name for name in dir(sqlite3) if name.startswith("SQLITE_") and name.count("_") == 1]
    for name in codes:
        fault = sqlite3.OperationalError("what SQLite says")
        fault.sqlite_errorname = name
        assert str(store_error(fault, Path("/data/store.sqlite"))).startswith("/data/store.sqlite: ")
    assert isinstance(sqlite3.OperationalError(), FAULTS)
