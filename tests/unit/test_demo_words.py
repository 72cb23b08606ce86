"""What `bin/demo` says, in both languages."""

import sys
from pathlib import Path
from string import Formatter

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "demo"))

from words import ENGLISH, JAPANESE, said  # type: ignore[import-not-found] # the demo is no package

COMMANDS = (
    "  deploy",
    "  @funade",
    "  why",
    "  rollback",
    "  as ",
    "  who",
    "  history",
    "  status",
    "  help",
)


def blanks(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("what", ENGLISH)
def test_both_languages_say_the_same(what):
    assert blanks(JAPANESE[what]) == blanks(ENGLISH[what])
    there, here = (
        [line.split("   ")[0] for line in text.splitlines() if line.startswith(COMMANDS)]
        for text in (ENGLISH[what], JAPANESE[what])
    )
    assert here == there


@pytest.mark.parametrize(("lang", "words"), [("ja_JP.UTF-8", JAPANESE), ("C.UTF-8", ENGLISH), ("", ENGLISH)])
def test_it_speaks_as_the_system_does(monkeypatch, lang, words):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    assert said("no browser") == words["no browser"]
