import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FUNADE = [sys.executable, "-m", "funade"]
CONFIGURATION = """
applications:
  shop:
    repository: ./shop
    environments:
      staging:
        target: {kind: command, run: ["true"]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "funade.yaml").write_text(CONFIGURATION)
    git = ["git", "-C", str(tmp_path / "shop"), "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "shop")], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)
    return tmp_path


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `funade serve`; gives it with the first line of its log."""
    child = subprocess.Popen([*FUNADE, "serve", *arguments], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        yield child, child.stderr.readline()
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=60)
            assert child.returncode == 0
    finally:
        child.kill()
        child.communicate()


def funade(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FUNADE, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_a_server_says_where_it_listens_once_it_does(folder):
    with serving(folder, "--log-format", "json") as (child, line):
        assert str(folder / ".funade/run/funade.sock") in json.loads(line)["event"]
        assert f"process {child.pid}" in json.loads(line)["event"]
        assert json.loads(funade(folder, "status", "--json").stdout)["kind"] == "status_shown"


def test_a_second_server_is_refused_and_the_first_goes_on(folder):
    with serving(folder) as (child, _):
        second = funade(folder, "serve")
        assert second.returncode == 6
        assert f"process {child.pid} already serves" in second.stderr
        assert funade(folder, "status", "--json").returncode == 0


def test_a_socket_of_ones_own_choice_needs_no_configuration(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    path = elsewhere / "s.sock"
    with serving(folder, "--socket", str(path), "--open-to", "everyone"):
        assert path.stat().st_mode & 0o777 == 0o666
        ran = subprocess.run(
            [*FUNADE, "status", "--json"],
            cwd=elsewhere,
            env={**os.environ, "FUNADE_SOCKET": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(ran.stdout)["environments"][0]["berth"]["application"] == "shop"


def test_a_deploy_goes_the_same_way_with_and_without_a_server(folder):
    alone = funade(folder, "deploy", "shop", "--yes", "--json")
    assert alone.returncode == 0, alone.stderr
    with serving(folder):
        served = funade(folder, "deploy", "shop", "--yes", "--json")
        assert served.returncode == 0, served.stderr
    numbers = [json.loads(ran.stdout)["deployment"]["number"] for ran in (alone, served)]
    assert numbers == [1, 2]


def test_a_command_that_comes_after_a_kill_asks_the_store_itself(folder):
    with serving(folder) as (child, _):
        child.kill()
        child.wait()
        assert funade(folder, "status", "--json").returncode == 0


@pytest.mark.parametrize("demo", ["1", "{folder}", "{folder}/elsewhere/.funade"])
def test_a_variable_for_another_folder_makes_no_demo(folder, monkeypatch, demo):
    monkeypatch.setenv("FUNADE_DEMO", demo.format(folder=folder))
    with serving(folder):
        ran = funade(folder, "say", "as ada: lock shop staging because I can")
        assert (ran.returncode, ran.stdout) == (6, "")
        assert "only the demo's server" in ran.stderr
        assert json.loads(funade(folder, "history", "--json").stdout)["events"] == []
