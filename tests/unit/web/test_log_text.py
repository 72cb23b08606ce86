"""A log is shown with its colours, and nothing in it acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.web.log_text import pieces, whole_lines, whole_signs

OUTPUT = st.lists(
    st.sampled_from(
        [
            *(b"a", b"\n", b"\r", b"\r\n", b"\t", b"<b>", b"\xe8\x88\xb9", b"\xff", b"\x00", b"\x1b"),
            *(b"\x1b[31m", b"\x1b[0m", b"\x1b[1;32m", b"\x1b[38;5;9m", b"\x1b]0;title\x07"),
        ]
    ),
    max_size=30,
).map(b"".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain\n", [("", "plain\n")]),
        (b"\x1b[31mred\x1b[0m and not", [("c1", "red"), ("", " and not")]),
        (b"\x1b[1;92mbright\x1b[22;39m.", [("c10 b", "bright"), ("", ".")]),
        (b"\x1b[31mred\nnot any more", [("c1", "red"), ("", "\nnot any more")]),
        (b"\x1b[38;5;9mnine\x1b[38;2;1;2;3mmillions", [("c9", "ninemillions")]),
        (b"\x1b[48;5;1mground", [("", "ground")]),
        (b"\x1b[m\x1b[999m.", [("", ".")]),
        (b"10%\r20%\r\n", [("", "10%\n20%\n")]),
        (b"\x1b[2J\x1b[1;1Hhome\x1b]0;you are root\x07!", [("", "home!")]),
        (b"\xe8\x88\xb9", [("", "船")]),
        (b"\xe8\x88", [("", "�")]),
        ("\u202egnp.exe".encode(), [("", "\\u{202e}gnp.exe")]),
    ],
)
def test_colours_are_styles_and_everything_else_is_text(raw, shown):
    assert pieces(raw) == shown


@given(OUTPUT)
def test_no_style_is_anything_but_one_of_ours(raw):
    for style, text in pieces(raw):
        assert all(one in {"b", "d", "i", "u", *(f"c{n}" for n in range(16))} for one in style.split())
        assert "\x1b" not in text
        assert text


@given(OUTPUT, OUTPUT)
def test_what_is_shown_does_not_depend_on_between_which_lines_it_was_cut(first, second):
    first += b"\n"
    together, apart = pieces(first + second), pieces(first) + pieces(second)
    assert [one for style, text in together for one in ((style, sign) for sign in text)] == [
        one for style, text in apart for one in ((style, sign) for sign in text)
    ]


@given(OUTPUT)
def test_whole_lines_end_with_their_end(raw):
    length = whole_lines(raw)
    assert length == 0 or raw[:length].endswith(b"\n")
    assert b"\n" not in raw[length:]


@given(OUTPUT)
def test_nothing_is_cut_in_the_middle_of_a_sign(raw):
    length = whole_signs(raw)
    assert 0 <= length <= len(raw)
    assert not raw[:length].endswith(b"\r")
    whole = raw.decode("utf-8", "replace")
    assert whole.startswith(raw[:length].decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"ask? ", 5),
        (b"a\xe8\x88", 1),
        (b"a\xe8\x88\xb9", 4),
        (b"a\x1b[3", 1),
        (b"a\x1b[31m", 6),
        (b"a\x1b]0;tit", 1),
        (b"a\r", 1),
        (b"", 0),
        (b"\xff\xff", 2),
    ],
)
def test_what_may_go_on_is_held_back(raw, kept):
    assert whole_signs(raw) == kept
