"""What every Logs promises."""

from collections.abc import Callable

import pytest

from funade.store.attempt_logs import AttemptLogs
from funade.testing.logs import FakeLogs
from funade.usecases.ports import Logs

DEPLOYMENT = "00000000-0000-4000-8000-000000000001"

Write = Callable[[bytes], None]


@pytest.fixture(params=["files", "fake"])
def written(request, tmp_path) -> tuple[Logs, Write]:
    if request.param == "fake":
        fake = FakeLogs()

        def add(data: bytes) -> None:
            fake.output[DEPLOYMENT, 1] = fake.output.get((DEPLOYMENT, 1), b"") + data

        return fake, add
    path = tmp_path / "attempts" / DEPLOYMENT / "1" / "output.log"

    def write(data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)

    return AttemptLogs(tmp_path), write


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
