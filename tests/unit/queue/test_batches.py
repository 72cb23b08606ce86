from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.queue.batches import MAXIMUM_BYTES, MOST, batches, problem_of, tens, weight_of
from funade.usecases.queue_ports import Message


def message(body: str, **notes: str) -> Message:
    return Message(body=body, key="k", group="g", notes=notes)


@given(st.lists(st.integers(1, MAXIMUM_BYTES).map(lambda size: message("x" * size)), max_size=30))
def test_batches_hold_everything_in_its_order_and_no_more_than_travels_together(messages):
    made = list(batches(messages))
    assert [one for batch in made for one in batch] == messages
    for batch in made:
        assert 1 <= len(batch) <= MOST
        assert sum(map(weight_of, batch)) <= MAXIMUM_BYTES
    for batch, following in pairwise(made):
        assert len(batch) == MOST or sum(map(weight_of, [*batch, following[0]])) > MAXIMUM_BYTES


def test_a_note_weighs_its_name_its_type_and_its_value():
    assert weight_of(message("船", remark="出")) == 3 + len("remark") + len("String") + 3


@pytest.mark.parametrize("text", ["\0", "\x1b", "\x0b", "\ud800", "\ufffe", "\uffff"])
def test_what_sqs_does_not_carry_is_named_before(text):
    assert "control characters" in (problem_of(message(f"a{text}")) or "")
    assert "control characters" in (problem_of(message("a", remark=text)) or "")


@pytest.mark.parametrize("text", ["\t\r\n", "\x7f", "\ud7ff\ue000\ufffd", "\U0010ffff"])
def test_what_sqs_carries_is_not(text):
    assert problem_of(message(text)) is None


def test_the_limit_counts_bytes_and_notes():
    assert problem_of(message("x" * MAXIMUM_BYTES)) is None
    assert problem_of(message("船" * (MAXIMUM_BYTES // 3 + 1))) == (
        f"a message of {(MAXIMUM_BYTES // 3 + 1) * 3} bytes cannot be sent: {MAXIMUM_BYTES} are the most"
    )
    assert problem_of(message("x" * MAXIMUM_BYTES, remark="x"))


def test_a_note_has_a_name_and_a_value_and_there_are_not_too_many():
    assert problem_of(message("x", 船="x"))
    assert problem_of(message("x", **{".x": "x"}))
    assert problem_of(message("x", remark=""))
    assert problem_of(message("x", **{f"n{number}": "x" for number in range(11)}))
    assert problem_of(message("x", **{f"n{number}": "x" for number in range(10)})) is None


def test_tens_are_ten_at_a_time():
    assert [len(ten) for ten in tens(range(23))] == [10, 10, 3]
    assert list(tens([])) == []
