"""SIGTERM while a program runs: the server leaves at once, the program goes on, the next server adopts it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from funade.domain.deployment import State
from tests.crash import witness
from tests.crash.voyage import Voyage, lives, until
from tests.crash.world import SECRET, World, repository

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(180)]


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_outlives_its_server_and_its_log_stays_whole(tmp_path: Path, way: signal.Signals):
    voyage = Voyage(World(tmp_path / "world", repository()))
    voyage.servers.start()
    try:
        deployment = voyage.deploy("talk")
        line = until("its beginning", lambda: voyage.begun(deployment))
        if way is signal.SIGTERM:
            assert voyage.servers.drain() < witness.DRAINS_WITHIN_SECONDS
        else:
            voyage.servers.kill()
        assert lives(line.pid), voyage.log_text()
        said = voyage.world.place / "said"
        until("more words", lambda: said.exists() and said.stat().st_size > 1000)
        voyage.servers.start()
        (row,) = voyage.end_of(deployment)
        assert (row.state, row.verified) == (State.SUCCEEDED, True), voyage.log_text()
        shown = funade(voyage.world, "logs", str(deployment.number))
        assert shown.endswith(said.read_bytes()), shown[-500:]
        assert said.read_bytes().count(b"\n") == 100
        assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text())
    finally:
        voyage.servers.kill()


def test_the_command_line_shows_what_the_socket_says(tmp_path: Path):
    voyage = Voyage(World(tmp_path / "world", repository()))
    voyage.servers.start()
    try:
        ended = voyage.end_of(voyage.deploy("first", "production"), voyage.deploy("fail"))
        for verb in ("history", "status"):
            shown = funade(voyage.world, verb, "--json").decode()
            assert not [form for form in witness.spellings(SECRET) if form in shown]
            assert all(one.id in shown for one in ended)
    finally:
        voyage.servers.kill()


def funade(world: World, *arguments: str) -> bytes:
    """Return what the command line says."""
    return subprocess.run(
        [sys.executable, "-m", "funade", "-c", world.configuration, *arguments],
        cwd=world.folder,
        env=world.environment(),
        capture_output=True,
        check=True,
    ).stdout
