import subprocess
from pathlib import Path

import pytest

from funade.sources.access import Programs

SCHEME_AND_HOST = {"FUNADE_GIT_SCHEME": "https", "FUNADE_GIT_AUTHORITY": "a.example:8443"}
CREDENTIALS = {"FUNADE_GIT_USERNAME": "ada", "FUNADE_GIT_PASSWORD": "-n %s\\n$(id) 'x\""}


def ask(folder: Path, question: str) -> str | None:
    program = Programs(folder / "programs").askpass()
    done = subprocess.run(
        [program, question],
        env={**SCHEME_AND_HOST, **CREDENTIALS},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


@pytest.mark.parametrize("quote", ["'", '"'])
def test_the_question_of_our_host_is_answered_to_the_letter(quote, tmp_path):
    end = ": " if quote == "'" else ""
    assert ask(tmp_path, f"Username for {quote}https://a.example:8443{quote}{end}") == "ada\n"
    asked = f"Password for {quote}https://ada@a.example:8443{quote}{end}"
    assert ask(tmp_path, asked) == CREDENTIALS["FUNADE_GIT_PASSWORD"] + "\n"


@pytest.mark.parametrize(
    "question",
    [
        "Password for 'https://ada@b.example': ",
        "Password for 'https://ada@a.example': ",
        "Password for 'http://ada@a.example:8443': ",
        "Password for 'https://ada@a.example:8443': @b.example': ",
        "Password for 'https://ada@a.example:8443.b.example': ",
        "Username for 'https://b.example': ",
        "Are you sure you want to continue connecting (yes/no)? ",
        "",
    ],
)
def test_any_other_question_is_not_answered(question, tmp_path):
    assert ask(tmp_path, question) is None


def test_a_program_that_somebody_changed_is_made_again(tmp_path):
    path = Path(Programs(tmp_path).askpass())
    whole = path.read_text()
    path.write_text("#!/bin/sh\n")
    assert Path(Programs(tmp_path).askpass()).read_text() == whole
    path.chmod(0o600)
    assert Path(Programs(tmp_path).askpass()).stat().st_mode & 0o777 == 0o700
    assert [one.name for one in tmp_path.iterdir()] == ["askpass"]
