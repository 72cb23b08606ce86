"""The page about messages shows messages that are read, and names all of them."""

import re

import pytest

from funade.domain.messages import BrokenMessage, ForeignMessage, NewerMessage
from funade.domain.queue_text import _FACTS, _ORDERS, read_fact, read_order
from funade.queue.dead_letters import PROBLEM
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs/reference/messages.md").read_text()
SHOWN = re.findall(r"```json\n(.+)\n```", PAGE)


@pytest.mark.parametrize("text", SHOWN, ids=range(len(SHOWN)))
def test_what_the_page_shows_is_read_and_holds_nothing_unknown(text):
    read = read_fact(text) if '"fact"' in text else read_order(text)
    assert not isinstance(read, BrokenMessage | NewerMessage), read
    if isinstance(read, ForeignMessage):
        assert set(read.fields) == {"repository", "environment", "hash"}
    else:
        assert read.rest == {}


@pytest.mark.parametrize("kind", [*_ORDERS, *_FACTS])
def test_every_kind_is_on_the_page(kind):
    assert f"| `{kind}` |" in PAGE


def test_the_note_of_a_message_that_was_set_aside_is_on_the_page():
    assert f"`{PROBLEM}`" in PAGE
