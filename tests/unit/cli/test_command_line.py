import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from funade.cli import run as run_command
from funade.cli.ending import end_of
from funade.cli.exit_codes import Exit
from funade.cli.language import language_of
from funade.cli.session import Session
from funade.cli.verbs import VERBS, load

HEAVY = {"sqlalchemy", "aiohttp", "rich", "starlette", "uvicorn", "structlog", "yaml", "pygit2", "asyncio"}


def loaded(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    """Return which of the heavy libraries `funade …` loads."""
    code = (
        "import sys; from funade.cli import main\n"
        "try: main()\n"
        "finally: print('\\n' + ' '.join(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return HEAVY & set(ran.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["deploy", "--help"], ["nonsense"]])
def test_help_loads_nothing_heavy(arguments):
    assert loaded(*arguments) == set()


def test_talking_to_a_server_loads_nothing_heavy(socket):
    assert loaded("--socket", str(socket), "status", "--json") == set()


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_their_own_help_says(verb):
    command = load(verb)
    assert isinstance(command, click.Command)
    assert command.name == verb
    assert (command.help or "").partition("\n")[0] == VERBS[verb][1]


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"config", "queue", "slack", "store"}))
def test_every_verb_takes_the_shared_options(verb):
    command = load(verb)
    spelled = {option for parameter in command.params for option in parameter.opts}
    assert {"--config", "--socket", "--language", "--color"} <= spelled


@pytest.mark.parametrize("verb", ["status", "history", "why", "show", "logs", "plan", "deploy"])
def test_every_reading_verb_speaks_json(verb):
    command = load(verb)
    assert "--json" in {option for parameter in command.params for option in parameter.opts}


def run(*arguments: str) -> int:
    return run_command(list(arguments))


def test_a_wrong_verb_is_met_with_the_near_one(capsys):
    assert run("stauts") == Exit.USAGE
    assert "There is no verb `stauts`. Did you mean `status`?" in capsys.readouterr().err


def test_an_option_may_stand_before_or_behind_the_verb(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments in (["--socket", "no.sock", "status"], ["status", "--socket", "no.sock"]):
        monkeypatch.setattr("funade.cli.socket_connection.PATIENCE_SECONDS", 0.0)
        assert run(*arguments) == Exit.TROUBLE
        assert "no server answers at `no.sock`" in capsys.readouterr().err


def test_a_folder_without_a_configuration_is_a_usage_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("status") == Exit.USAGE
    assert "there is no `funade.yaml`" in capsys.readouterr().err


def test_a_mistake_of_ours_leaves_its_traceback_in_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert end_of(lambda: 1 // 0, Session()) == Exit.MISTAKE
    [kept] = Path(tmp_path).iterdir()
    said = capsys.readouterr().err
    assert str(kept) in said
    assert "Traceback" not in said
    assert "ZeroDivisionError" in kept.read_text()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_the_systems(environment, language):
    assert language_of(environment) == language


def test_the_shell_can_complete_verbs():
    ran = subprocess.run(
        [sys.executable, "-c", "from funade.cli import main; main()"],
        env={**os.environ, "_FUNADE_COMPLETE": "bash_complete", "COMP_WORDS": "funade st", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["plain,status", "plain,store"]
