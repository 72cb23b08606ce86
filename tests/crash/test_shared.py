"""Several processes share one database: whoever is killed, frozen or cut off, the rest go on."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from funade.domain.answers import DeploymentShown
from funade.domain.commands import ShowDeployment
from funade.domain.deployment import Deployment, State
from funade.domain.reason import Reason
from tests import postgres
from tests.crash import witness
from tests.crash.voyage import Voyage, lives, until
from tests.crash.world import DATABASE_SECRET, World, repository

pytestmark = [pytest.mark.slow, pytest.mark.needs("git", "postgres"), pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.running(*postgres.FAST) as one:
        yield one


@pytest.fixture
def database() -> str:
    return postgres.shared().url(postgres.shared().new_database())


@pytest.fixture
def voyage(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Voyage]:
    monkeypatch.setenv("CRASH_DATABASE", DATABASE_SECRET)
    yield from sailing(tmp_path, database)


def sailing(folder: Path, database: str, runners: int = 0) -> Iterator[Voyage]:
    voyage = Voyage(World(folder / "world", repository(), database), runners)
    try:
        yield voyage
        voyage.world.let_go()
        assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text(), voyage.world.lines())
    finally:
        voyage.world.let_go()
        voyage.servers.kill()


def owner(voyage: Voyage, deployment: Deployment) -> int:
    """Return the number of the process that looks after it."""
    row = voyage.row(deployment)
    return next(one.pid for one in voyage.status().processes if one.id == row.owner)


def test_three_processes_share_the_work_and_the_rest_go_on_when_the_owner_is_killed(voyage):
    voyage.servers.start()
    runners = {one.pid: one for one in (voyage.servers.add_runner(), voyage.servers.add_runner())}
    until("three processes", lambda: len([one for one in voyage.status().processes if one.alive]) == 3)
    deployments = [voyage.deploy("wait", environment) for environment in ("staging", "production", "preview")]
    for one in deployments:
        voyage.begun(one)
    first = deployments[0]
    pid = until("an owner", lambda: owner(voyage, first))
    if pid in runners:
        runners[pid].kill()
    else:
        voyage.servers.send(signal.SIGKILL)
    until("another owner", lambda: owner_or_none(voyage, first) not in (None, pid))
    voyage.world.let_go()
    ended = voyage.end_of(*deployments)
    assert [(one.state, one.verified, voyage.starts(one)) for one in ended] == [
        (State.SUCCEEDED, True, 1)
    ] * 3


def owner_or_none(voyage: Voyage, deployment: Deployment) -> int | None:
    try:
        return owner(voyage, deployment)
    except StopIteration:
        return None


def test_what_runs_on_another_machine_is_left_to_it(voyage):
    # Nothing is judged, nothing begins beside it, and `why` says where to start Funade again.
    voyage.servers.start(again=False)
    deployment = voyage.deploy("wait")
    voyage.begun(deployment)
    there = voyage.world.elsewhere("there")
    runner = voyage.servers.add_runner(world=there)
    voyage.servers.send(signal.SIGKILL)
    with voyage.at_the_store():
        waiting = until("the reason", lambda: _silence(voyage, deployment))
        assert waiting.detail["machine"] == (voyage.world.data / "machine").read_text().strip()
        behind = voyage.deploy("second")
        until("its neighbour", lambda: [one for one in voyage.status().processes if one.alive])
        row = voyage.row(deployment)
        assert (row.state, voyage.starts(row)) == (State.RUNNING, 1)
        # Meanwhile other environments are everybody's.
        (elsewhere,) = voyage.end_of(voyage.deploy("second", "preview"))
        assert elsewhere.verified
    voyage.servers.start()
    voyage.world.let_go()
    first, second = voyage.end_of(deployment, behind)
    assert (first.state, first.verified, voyage.starts(first)) == (State.SUCCEEDED, True, 1)
    assert second.verified
    runner.send_signal(signal.SIGTERM)


def test_what_stops_alone_is_followed_from_another_machine_without_a_person(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
):
    # Its machine is gone, for all that anybody else can know: only the supervisor is left there.
    monkeypatch.setenv("CRASH_DATABASE", DATABASE_SECRET)
    voyage = Voyage(World(tmp_path / "world", repository(), database, abandoned="stop"))
    try:
        voyage.servers.start(again=False)
        deployment = voyage.deploy("wait")
        begun = voyage.begun(deployment)
        assert begun is not None, voyage.log_text()
        there = voyage.world.elsewhere("there")
        runner = voyage.servers.add_runner(world=there)
        voyage.servers.send(signal.SIGKILL)
        with voyage.at_the_store():
            until("the reason", lambda: _silence(voyage, deployment))
            behind = voyage.deploy("second")
            first, second = voyage.end_of(deployment, behind)
        assert first.because is not None, voyage.log_text()
        assert (first.state, first.because.code) == (State.FAILED, Reason.EXECUTION_LOST), voyage.log_text()
        assert not lives(begun.pid), "the next began beside it"
        assert second.verified, voyage.log_text()
        assert [voyage.starts(one) for one in (first, second)] == [1, 1]
        # Its machine comes back, and clears up what only it can.
        voyage.servers.start()
        until("a swept machine", lambda: not voyage.status().obligations)
        assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text(), voyage.world.lines())
        runner.send_signal(signal.SIGTERM)
    finally:
        voyage.world.let_go()
        voyage.servers.kill()


def _silence(voyage: Voyage, deployment: Deployment):
    shown = voyage.ask(ShowDeployment(number=deployment.number))
    assert isinstance(shown, DeploymentShown)
    return next((one.because for one in shown.waiting if one.because.code is Reason.MACHINE_SILENT), None)
