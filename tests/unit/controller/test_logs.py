from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from funade.controller.logs import LONGEST_LINE, Catcher, Cursor, Line, Lines, read, write

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def raw(at: float, text: str) -> bytes:
    moment = START + timedelta(seconds=at)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {text}\n".encode()


def lines_of(content: bytes) -> list[Line]:
    lines = Lines()
    return [*lines.feed(content), *lines.rest()]


def from_second(output: list[bytes], since: datetime | None) -> bytes:
    """Return what a node gives: every line from that second on, in the order of writing."""
    least = b"" if since is None else since.strftime("%Y-%m-%dT%H:%M:%S").encode()
    return b"".join(one for one in output if one[:19] >= least)


def heard(cursor: Cursor, content: bytes) -> tuple[list[bytes], Cursor, bool]:
    catcher, texts = Catcher(cursor), []
    for line in lines_of(content):
        if catcher.is_new(line):
            texts.append(line.text)
            cursor = cursor.after(line)
    return texts, cursor, catcher.gap


#: lines whose moments are nearly in order, as two streams of one container are written
OUTPUT = st.lists(
    st.tuples(st.floats(0, 1.5), st.floats(-1, 0), st.sampled_from(["", "a", "b", "日本"])), max_size=40
)


def written(steps: list[tuple[float, float, str]]) -> list[bytes]:
    at, output = 10.0, []
    for step, back, text in steps:
        at += step
        output.append(raw(at + back, text))
    return output


@given(OUTPUT, st.lists(st.integers(0, 40), max_size=6))
def test_each_line_is_told_once_wherever_connections_break(steps, breaks):
    output = written(steps)
    cursor, told = Cursor(), list[bytes]()
    for end in [*sorted(min(one, len(output)) for one in breaks), len(output)]:
        # What is there by now, of which a connection may bring any beginning.
        texts, cursor, gap = heard(cursor, from_second(output[:end], cursor.since))
        assert not gap
        told += texts
        cursor = read(write(cursor))
    assert b"".join(told) == b"".join(one.split(b" ", 1)[1] for one in output)


@given(OUTPUT, st.integers(0, 40), st.integers(0, 2000))
def test_a_connection_that_breaks_in_the_middle_of_a_line_loses_nothing(steps, end, cut):
    output = written(steps)
    lines, catcher, cursor = Lines(), Catcher(Cursor()), Cursor()
    told = []
    for line in lines.feed(b"".join(output)[:cut]):
        if catcher.is_new(line):
            told.append(line.text)
            cursor = cursor.after(line)
    texts, _, _ = heard(cursor, from_second(output, cursor.since))
    assert b"".join([*told, *texts]) == b"".join(one.split(b" ", 1)[1] for one in output)


def test_lines_that_the_node_has_thrown_away_are_a_gap_and_what_follows_is_told():
    output = [raw(at, str(at)) for at in range(100)]
    _, cursor, _ = heard(Cursor(), b"".join(output[:50]))
    texts, _, gap = heard(cursor, from_second(output[60:], cursor.since))
    assert gap
    assert texts == [f"{at}\n".encode() for at in range(60, 100)]


def test_lines_are_cut_at_the_same_bytes_however_they_come():
    content = raw(0, "x" * (3 * LONGEST_LINE)) + raw(1, "short")
    whole = lines_of(content)
    lines = Lines()
    parts = [line for at in range(0, len(content), 1000) for line in lines.feed(content[at : at + 1000])]
    assert parts == whole
    assert b"".join(one.text for one in whole).decode() == "x" * (3 * LONGEST_LINE) + "\nshort\n"


def test_a_carriage_return_ends_no_line():
    (line,) = lines_of(raw(0, "10 %\r20 %"))
    assert line.text == b"10 %\r20 %\n"


def test_a_cursor_that_nobody_can_read_begins_again():
    assert read("{") == read("[]") == read(None) == Cursor()


def test_what_is_remembered_stays_small():
    cursor = Cursor()
    for at in range(10_000):
        cursor = cursor.after(Line(raw(at / 10, "line")))
    assert len(cursor.runs) <= 3
    assert len(write(cursor)) < 1000
