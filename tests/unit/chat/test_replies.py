"""Answers as they are read. `FUNADE_GOLDEN=1 pytest tests/unit/chat` writes the files; look at the diff."""

import os
import unicodedata
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from funade.chat.helping import EXAMPLES
from funade.chat.layout import clip, pad, table, width_of
from funade.chat.replies import reply
from funade.chat.verbs import VERBS
from funade.domain.answers import ANSWERS
from funade.texts import LANGUAGES, Reader, answers
from tests.unit.chat.moments import NOW
from tests.unit.chat.people import heard
from tests.unit.chat.stories import STORIES

GOLDEN = Path(__file__).with_name("golden")
# Read before the fixtures clean the environment.
WRITE = os.environ.get("FUNADE_GOLDEN") == "1"
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", STORIES)
def test_an_answer_reads_as_it_was_approved(story, language):
    said = reply(STORIES[story], Reader(language, NOW, TOKYO)) + "\n"
    path = GOLDEN / f"{story}.{language}.txt"
    if WRITE:
        path.write_text(said)
    assert said == path.read_text()


def test_no_approved_answer_is_left_over():
    assert {path.name.partition(".")[0] for path in GOLDEN.iterdir()} == set(STORIES)


def test_every_answer_is_told():
    assert {type(story) for story in STORIES.values()} >= set(ANSWERS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", STORIES)
def test_an_answer_is_calm(story, language):
    lines = reply(STORIES[story], Reader(language, NOW, TOKYO)).split("\n")
    assert lines[0]
    assert lines[-1]
    for before, line in zip(["", *lines], lines, strict=False):
        assert line == line.rstrip()
        assert line or before
        assert "{" not in line.replace("\\u{", "")
        assert not any(unicodedata.category(sign) in ("Cc", "Cf") for sign in line.replace("\t", ""))


def test_a_narrow_window_gets_shorter_subjects():
    lines = reply(STORIES["planned"], Reader("en", NOW, TOKYO), width=60).split("\n")
    assert max(map(width_of, lines)) <= 64


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_examples_of_help_are_understood(verb):
    assert verb.name in answers.VERBS
    for line in EXAMPLES[verb.name]:
        assert type(heard(line)) is verb.command


def test_columns_stand_below_one_another_in_every_script():
    lines = table([["a", "帳票", "x"], ["e\u0301e", "b", "y"]])
    assert lines == ["a   帳票  x", "e\u0301e  b     y"]
    assert width_of("帳票") == 4
    assert width_of("e\u0301") == 1
    assert pad("帳", 4) == "帳  "


@pytest.mark.parametrize(
    ("text", "columns", "clipped"),
    [("short", 10, "short"), ("exactly", 7, "exactly"), ("too long", 5, "too…"), ("帳票帳票", 5, "帳票…")],
)
def test_what_is_too_long_ends_in_dots(text, columns, clipped):
    assert clip(text, columns) == clipped
    assert width_of(clip(text, columns)) <= columns
