"""What every Logs promises."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from funade.store.attempt_logs import AttemptLogs
from funade.store.shared_logs import MARK, BringLogs, SharedLogs
from funade.testing.logs import FakeLogs
from funade.usecases.ports import Logs
from tests.contracts.ledgers import open_postgres

DEPLOYMENT = "00000000-0000-4000-8000-000000000001"

Write = Callable[[bytes], None]


@pytest.fixture(
    params=[
        "files",
        "fake",
        *(pytest.param(one, marks=pytest.mark.needs("postgres")) for one in ("chunks", "shared")),
    ]
)
def written(request, tmp_path) -> Iterator[tuple[Logs, Write]]:
    here = AttemptLogs(tmp_path)
    if request.param == "fake":
        fake = FakeLogs()

        def add(data: bytes) -> None:
            fake.output[DEPLOYMENT, 1] = fake.output.get((DEPLOYMENT, 1), b"") + data

        yield fake, add
        return
    path = tmp_path / "attempts" / DEPLOYMENT / "1" / "output.log"

    def write(data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)

    if request.param == "files":
        yield here, write
        return
    with open_postgres(tmp_path) as store:
        chunks = store.ledger.logs  # type: ignore[attr-defined]  # PostgreSQL has them
        bring = BringLogs(tmp_path, here, chunks)

        def write_and_bring(data: bytes) -> None:
            write(data)
            bring()

        yield (chunks if request.param == "chunks" else SharedLogs(here, chunks)), write_and_bring


def test_an_attempt_without_output_has_an_empty_log(written):
    logs, _ = written
    assert logs.length(DEPLOYMENT, 1) == 0
    assert logs.read(DEPLOYMENT, 1, 0, 100) == b""


def test_a_log_is_read_piece_by_piece_while_it_grows(written):
    logs, write = written
    write(b"one\ntw")
    assert logs.read(DEPLOYMENT, 1, 0, 4) == b"one\n"
    assert logs.read(DEPLOYMENT, 1, 4, 100) == b"tw"
    assert logs.read(DEPLOYMENT, 1, 6, 100) == b""
    write(b"o\n\x00\xff")
    assert logs.length(DEPLOYMENT, 1) == 10
    assert logs.read(DEPLOYMENT, 1, 6, 100) == b"o\n\x00\xff"


def test_attempts_have_logs_of_their_own(written):
    logs, write = written
    write(b"one")
    assert logs.length(DEPLOYMENT, 2) == 0


def test_a_name_leads_nowhere_else(written, tmp_path):
    logs, _ = written
    (tmp_path / "attempts").mkdir()
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "output.log").write_text("other")
    assert logs.length("../", 1) == 0
    assert logs.length("..", 1) == 0


@pytest.fixture
def others(tmp_path) -> Iterator[tuple[BringLogs, Logs, Path]]:
    with open_postgres(tmp_path) as store:
        chunks = store.ledger.logs  # type: ignore[attr-defined]  # PostgreSQL has them
        here = AttemptLogs(tmp_path)
        yield BringLogs(tmp_path, here, chunks), SharedLogs(AttemptLogs(tmp_path / "other"), chunks), tmp_path


@pytest.mark.needs("postgres")
def test_a_long_log_is_brought_whole_by_whoever_comes_and_marked_at_its_end(others):
    bring, elsewhere, folder = others
    attempt = folder / "attempts" / DEPLOYMENT / "1"
    attempt.mkdir(parents=True)
    whole = bytes(range(256)) * 5000
    (attempt / "output.log").write_bytes(whole[:1000])
    bring()
    (attempt / "output.log").write_bytes(whole)
    # Another process of the same machine, after the first one was killed in the middle.
    chunks = bring._everywhere
    second = BringLogs(folder, AttemptLogs(folder), chunks)
    second()
    bring()
    assert elsewhere.length(DEPLOYMENT, 1) == len(whole)
    assert elsewhere.read(DEPLOYMENT, 1, 0, len(whole) + 1) == whole
    assert elsewhere.read(DEPLOYMENT, 1, 999, 300_000) == whole[999:300_999]
    assert not (attempt / MARK).exists()
    (attempt / "exit.json").write_text("{}")
    second()
    assert (attempt / MARK).exists()
    BringLogs(folder, AttemptLogs(folder), Unreachable())()


class Unreachable:
    """Nothing is asked of it."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(name)
