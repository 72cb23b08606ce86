import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.texts import plain, plain_lines

#: what may stay invisible: joiners and variation selectors make emoji and some scripts
JOINERS = "\u200c\u200d"
NASTY = st.text(
    st.characters() | st.sampled_from("\x00\x07\x08\r\n\t\x1b\x7f\x9b\u202e\u2066\u200b\ufeff\u2028")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fixes login", "fixes login"),
        ("ログインを直す 🚀", "ログインを直す 🚀"),
        ("שלום", "שלום"),
        ("done\x1b[2K\rfailed", "done␛[2K␍failed"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("\x9b31m", "\\u{009b}31m"),
        ("main\u202egpj", "main\\u{202e}gpj"),
        ("ad\u200bmin", "ad\\u{200b}min"),
        ("\ud800", "\\u{d800}"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_what_would_act_is_shown_instead(text, shown):
    assert plain(text) == shown


@given(NASTY)
def test_nothing_that_acts_is_left(text):
    for sign in plain(text):
        assert (
            sign in JOINERS
            or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
            or ord(sign) in range(0x600, 0x110BE)
        ), hex(ord(sign))


@given(NASTY)
def test_what_is_plain_stays_so(text):
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("one\r\ntwo", "one\ntwo"),
        ("10%\r50%\r100%\n", "10%\n50%\n100%\n"),
        ("\x1b[32mok\x1b[0m\tdone", "ok\tdone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]0;title never closed", "␛]0;title never closed"),
        ("bell\x07", "bell␇"),
    ],
)
def test_output_keeps_its_lines_and_loses_its_colours(output, shown):
    assert plain_lines(output) == shown


@given(NASTY)
def test_no_line_of_output_rules_the_terminal(text):
    for line in plain_lines(text).split("\n"):
        assert all(part == plain(part) for part in line.split("\t"))
