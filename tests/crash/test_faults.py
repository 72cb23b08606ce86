"""What the machine does to us: a full disk, a store that cannot be written, no git, no repository, no data folder."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from funade.domain.answers import Refused
from funade.domain.commands import Deploy, ShowStatus
from funade.domain.deployment import State
from funade.domain.errors import FunadeError
from funade.domain.reason import Reason
from tests.crash import witness
from tests.crash.nursery import nursery
from tests.crash.voyage import PATIENCE_SECONDS, Voyage, lives, until
from tests.crash.world import Repository, World, repository

#: Room for a store, a mirror and a little more.
SIZE = "4m"
DEPLOY = Deploy(application="shop", environment="staging", ref="first")

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(180)]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own needs root")


@pytest.fixture
def voyage(tmp_path: Path) -> Iterator[Voyage]:
    sailing = Voyage(World(tmp_path / "world", repository()))
    yield sailing
    sailing.world.let_go()
    sailing.servers.kill()


@pytest.fixture
def disk(voyage: Voyage) -> Iterator[Path]:
    """A small disk of its own for the data folder."""
    data = voyage.world.data
    data.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "none", data], check=True)
    yield data
    voyage.servers.kill()
    until("its supervisors' end", lambda: not list(witness.living_supervisors(voyage.world)))
    subprocess.run(["umount", "-l", data], check=True)


@pytest.mark.parametrize("moment", ["at the request", "while it runs"])
@needs_root
def test_a_full_disk_is_said_and_survived(voyage: Voyage, disk: Path, moment: str):
    voyage.servers.start()
    deployment = voyage.deploy("wait") if moment == "while it runs" else None
    if deployment is not None:
        voyage.begun(deployment)
    voyage.ask(ShowStatus())
    with full(disk):
        refused = voyage.ask_once(DEPLOY)
        assert isinstance(refused, Refused), refused
        assert refused.because.code in (Reason.STORE_UNAVAILABLE, Reason.SOURCE_UNREACHABLE)
        assert "disk" in str(refused.because.detail) or "space" in str(refused.because.detail), refused
        voyage.world.let_go()
        if deployment is not None:
            until("its program's end", lambda: "end" in {one.word for one in voyage.world.lines()})
    if deployment is not None:
        assert voyage.end_of(deployment)[0].state is State.SUCCEEDED, voyage.log_text()
    assert voyage.end_of(voyage.deploy("second"))[0].verified, voyage.log_text()
    check(voyage)


@needs_root
def test_a_store_that_cannot_be_written_is_said_and_survived(voyage: Voyage, disk: Path):
    voyage.servers.start()
    deployment = voyage.deploy("wait")
    voyage.begun(deployment)
    voyage.servers.send(signal.SIGSTOP)
    store = [disk / name for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm")]
    for one in store:
        subprocess.run(["mount", "--bind", "-o", "ro", one, one], check=True)
    try:
        voyage.servers.kill()
        code, said = funade(voyage.world, "deploy", "shop", "staging", "first", "--yes")
        assert code != 0
        assert "cannot be written" in said, said
        voyage.world.let_go()
        until("its program's end", lambda: "end" in {one.word for one in voyage.world.lines()})
    finally:
        for one in store:
            subprocess.run(["umount", one], check=True)
    voyage.servers.start()
    assert voyage.end_of(deployment)[0].state is State.SUCCEEDED, voyage.log_text()
    check(voyage)


def test_without_git_nothing_is_accepted_and_what_runs_goes_on(
    voyage: Voyage, monkeypatch: pytest.MonkeyPatch
):
    voyage.servers.start()
    running = voyage.deploy("wait")
    voyage.begun(running)
    voyage.servers.kill()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(Path(shutil.which("cat") or "/bin/cat").parent / "nowhere"))
        voyage.servers.start()
        refused = voyage.ask_once(DEPLOY)
        assert isinstance(refused, Refused), refused
        assert refused.because.code is Reason.SOURCE_UNREACHABLE
        assert "git" in str(refused.because.detail)
        voyage.servers.kill()
    voyage.servers.start()
    voyage.world.let_go()
    assert voyage.end_of(running)[0].state is State.SUCCEEDED, voyage.log_text()
    assert voyage.end_of(voyage.deploy("second"))[0].verified
    check(voyage)


def test_a_repository_that_vanishes_between_request_and_execution(tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(repository().path, copy)
    voyage = Voyage(World(tmp_path / "world", Repository(copy, repository().revisions)))
    voyage.servers.start()
    try:
        running = voyage.deploy("wait")
        voyage.begun(running)
        queued = voyage.deploy("second")
        copy.rename(tmp_path / "gone")
        shutil.rmtree(voyage.world.data / "sources")
        voyage.world.let_go()
        first, second = voyage.end_of(running, queued)
        assert first.state is State.SUCCEEDED
        assert second.because is not None, second
        assert (second.state, second.because.code) == (State.FAILED, Reason.PREPARATION_FAILED)
        refused = voyage.ask(DEPLOY)
        assert isinstance(refused, Refused)
        assert refused.because.code is Reason.SOURCE_UNREACHABLE
        (tmp_path / "gone").rename(copy)
        assert voyage.end_of(voyage.deploy("third"))[0].verified, voyage.log_text()
        check(voyage)
    finally:
        voyage.servers.kill()


def test_a_data_folder_that_is_deleted_under_a_running_server(voyage: Voyage):
    voyage.servers.start(again=False)
    line = until("its beginning", lambda: voyage.begun(voyage.deploy("talk")))
    until("its words", (voyage.world.place / "said").exists)
    aside = voyage.world.folder / "aside"
    voyage.world.data.rename(aside)
    shutil.rmtree(aside)
    until("its program's end", lambda: not lives(line.pid))
    with suppress(FunadeError, OSError):
        assert isinstance(voyage.ask_once(DEPLOY), Refused)
    voyage.servers.kill()
    # The checkout went with the data: the program says so, and nothing else begins.
    assert {one.word for one in voyage.world.lines() if one.word != "broken"} == {"start", "end"}, (
        voyage.log_text()
    )
    voyage.accepted.clear()
    voyage.servers.start()
    assert voyage.end_of(voyage.deploy("second"))[0].verified, voyage.log_text()
    starts = [one for one in voyage.world.lines() if one.word == "start"]
    assert len(starts) == 2, voyage.world.lines()


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill the disk to its last byte for a while."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)
    try:
        yield
    finally:
        filler.unlink()


def funade(world: World, *arguments: str) -> tuple[int, str]:
    """Return the exit code of the command line, and what it said."""
    log = world.folder / "said.log"
    child = nursery().bear(
        ["-c", str(world.configuration), *arguments], world.environment(), world.folder, log
    )
    return child.wait(PATIENCE_SECONDS), log.read_text()


def check(voyage: Voyage) -> None:
    wrong = witness.findings(voyage)
    assert not wrong, "\n".join([*wrong, voyage.log_text(), *map(str, voyage.world.lines())])
