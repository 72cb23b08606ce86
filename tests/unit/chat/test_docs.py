"""The page about what one can say tells the truth."""

import re

import pytest

from funade.chat.grammar import parse
from funade.chat.heard import Help, Misread, Via
from funade.chat.names import Names
from funade.chat.verbs import OPTIONS, VERBS
from funade.domain.commands import Deploy
from tests.architecture import source
from tests.unit.chat.people import heard, misread, understood

PAGE = (source.ROOT / "docs" / "chat.md").read_text()
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
SAME, *OTHERS = (block.splitlines() for block in BLOCKS)
TABLES = [re.findall(r"`([^`]+)`", line) for line in PAGE.splitlines() if line.startswith("| ")]
VERB_ROWS = [row for row in TABLES[: len(VERBS) + 3] if row]
ANSWERED = [row for row in TABLES if len(row) == 2 and row[0] != row[1] and row[1].startswith("deploy ")]


@pytest.mark.parametrize("line", SAME)
def test_the_ways_to_say_one_thing_mean_the_same(line):
    assert heard(line) == Deploy(application="shop", environment="production", ref="v1.2.0")


@pytest.mark.parametrize("line", [line for block in OTHERS for line in block])
def test_every_example_is_understood(line):
    assert understood(line)


@pytest.mark.parametrize("row", VERB_ROWS, ids=lambda row: row[0])
def test_every_verb_is_shown_in_both_languages(row):
    assert len(row) == 2
    for line in row:
        assert not isinstance(heard(line), Misread)


def test_no_verb_is_forgotten():
    shown = {type(heard(row[0])) for row in VERB_ROWS}
    assert shown == {verb.command for verb in VERBS} | {Help}


@pytest.mark.parametrize(("said", "answered"), ANSWERED)
def test_what_is_not_done_is_answered_as_shown(said, answered):
    assert misread(said)[1] == answered


def test_the_table_of_what_is_not_done_is_read():
    assert len(ANSWERED) == 10


def test_every_option_is_shown():
    assert set(re.findall(r"`(--?[a-z]+)`", PAGE)) >= OPTIONS


def test_a_name_that_is_a_word_of_ours_goes_in_quotation_marks():
    names = Names({"to": {"production": ()}})
    line = re.findall(r'`(deploy "to" [^`]+)`', PAGE)[0]
    command = parse(line, via=Via.TERMINAL, names=names)
    assert command == Deploy(application="to", environment="production")
