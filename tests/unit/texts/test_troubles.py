"""Everything that can be wrong with a file is said in Japanese too."""

import re

import pytest

from funade.chat.slack.sayings import shielded
from funade.texts import Reader
from funade.texts.trouble_forms import FORMS
from funade.texts.troubles import _one, trouble
from tests.architecture import source

JAPANESE = Reader("ja")
#: What people wrote, the library's words about YAML, and descriptions out of the schema are left as they are.
AS_THEY_ARE = re.compile(r"`[^`]*`|役割: .+|YAML.+読めません: .+|[A-Z][A-Za-z]+|[\w./+-]+@[\w.]+")
BROKEN = sorted(
    {
        re.sub(r"^> (\d+: )?(`[^`]*`: )?", "", line)
        for path in (source.ROOT / "tests/unit/settings/broken").glob("*.txt")
        for line in path.read_text().splitlines()
        if line.startswith("> ")
    }
)


@pytest.mark.parametrize("said", BROKEN)
def test_whatever_is_wrong_with_a_file_is_known_with_what_to_do(said):
    for part in said.split(" — "):
        assert _one(part, JAPANESE) is not None, part


@pytest.mark.parametrize("said", BROKEN)
def test_no_english_sentence_is_left_in_it(said):
    rest = AS_THEY_ARE.sub("", trouble(said, JAPANESE))
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", rest), rest


def test_what_stands_before_it_stays_and_what_nobody_knows_too():
    line = "/etc/funade.yaml:5: `applications.shop`: is missing — do as you like"
    assert trouble(line, JAPANESE) == "/etc/funade.yaml:5: `applications.shop`: ありません。do as you like"
    assert trouble("nobody: has ever — said so", JAPANESE) == "nobody: has ever — said so"


@pytest.mark.parametrize("said", [*BROKEN, "", ": ", "a: b: c — d — e", "`" * 5000, ": " * 2000])
def test_an_english_reader_reads_it_as_it_was_said(said):
    assert trouble(said, Reader("en")) == said
    trouble(said, JAPANESE)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_found_by_itself_and_not_by_a_wider_one_before_it(form):
    if "{" in form:
        filled = re.sub(r"\{\w+\}", "x", form)
        assert _one(filled, JAPANESE) is not None
    else:
        assert _one(form, JAPANESE) == JAPANESE.word(form)


def test_a_sentence_is_known_also_where_its_backticks_were_taken_for_those_of_people():
    said = "there is no queue `shop` at `example` — create it, or correct its address"
    assert trouble(shielded(said), JAPANESE) == trouble(said, JAPANESE) != said
    typed = shielded('there is no queue `a"b` at `example`')
    assert trouble(typed, JAPANESE).count("`") == 4
