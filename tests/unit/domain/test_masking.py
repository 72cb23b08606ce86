import base64
import json
import random
import shlex
from itertools import pairwise
from urllib.parse import quote, quote_plus

from hypothesis import assume, example, given
from hypothesis import strategies as st

from funade.domain.masking import Masker, can_be_masked, mask, patterns

KEY = "-----BEGIN KEY-----\nc2VjcmV0IG9mIHRoZSBzaG9w\nbm9ib2R5IGtub3dzIGl0ISE=\n-----END KEY-----\n"
TOKEN = "s3cr3t/+ \"quoted\" & 'more' $x"

secrets = st.text(
    st.characters(blacklist_characters="*", blacklist_categories=["Cs"]), min_size=4, max_size=40
)


def masked(data: bytes, values: list[str], cuts: list[int] | None = None) -> bytes:
    masker = Masker(patterns(values))
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    pieces = [data[start:stop] for start, stop in pairwise(edges)]
    return b"".join([*map(masker.feed, pieces), masker.flush()])


def leaks(value: str, around: bytes) -> list[bytes]:
    raw = value.encode()
    return [
        raw,
        json.dumps(value)[1:-1].encode(),
        json.dumps(value, ensure_ascii=False)[1:-1].encode(),
        quote(value).encode(),
        quote(value, safe="").encode(),
        quote_plus(value).encode(),
        raw.hex().encode(),
        raw.hex().upper().encode(),
        repr(value)[1:-1].encode(),
        shlex.quote(value).strip("'").encode(),
        value.replace("\n", "\r\n").encode(),
        whole_signs(base64.b64encode(raw), b"", raw),
        whole_signs(base64.urlsafe_b64encode(raw), b"", raw),
        whole_signs(base64.b64encode(around + raw), around, raw),
    ]


def whole_signs(encoded: bytes, before: bytes, raw: bytes) -> bytes:
    """Cut base64 down to the signs that hold bits of the secret alone."""
    bits = len(before) * 8
    return encoded[(bits + 5) // 6 : (bits + len(raw) * 8) // 6]


def test_a_secret_is_masked_and_the_rest_is_left_alone():
    assert mask(f"export TOKEN={TOKEN};\n", patterns([TOKEN])) == "export TOKEN=***;\n"


def test_each_line_of_a_key_is_masked():
    shown = mask("\n".join(f"| {line}" for line in KEY.splitlines()), patterns([KEY]))
    assert shown == "| ***\n| ***\n| ***\n| ***"


def test_the_wrapped_base64_of_a_long_secret_is_masked():
    key = KEY * 3
    shown = masked(base64.encodebytes(key.encode()), [key])
    assert shown.replace(b"***", b"").strip(b"=\nAgK") == b""


def test_overlapping_secrets_leave_nothing_of_either():
    assert masked(b"<abcdef>", ["abcd", "cdef"]) == b"<***>"
    assert masked(b"<abcdef>", ["abcd", "cdef"], [4, 5]) == b"<***>"


def test_secrets_side_by_side_are_two_masks():
    assert masked(b"abcdwxyz", ["abcd", "wxyz"], [4]) == b"******"


def test_values_too_short_to_be_found_are_left_out():
    assert patterns(["abc", "", "****"]) == ()
    assert not can_be_masked("abc")
    assert can_be_masked("äö")


def test_only_what_may_be_a_secret_is_held_back():
    masker = Masker(patterns(["hunter22"]))
    assert masker.feed(b"password: ") == b"password: "
    assert masker.feed(b"hun") == b""
    assert masker.feed(b"ger\n") == b"hunger\n"
    assert masker.feed(b"hunter2") == b""
    assert masker.feed(b"2\n") == b"***\n"
    assert masker.flush() == b""


def test_an_endless_run_of_one_secret_takes_no_memory():
    masker = Masker(patterns(["aaaa"]))
    assert masker.feed(b"a" * 5000) == b"***"
    assert [masker.feed(b"a" * 5000) for _ in range(20)] == [b""] * 20
    assert masker.feed(b"b") == b"b"


@given(secrets, st.binary(max_size=8), st.lists(st.integers(0, 500), max_size=6), st.integers(0, 13))
@example("abab", b"aba", [1, 3], 0)
def test_no_encoding_of_a_secret_survives_any_chunking(value, around, cuts, way):
    leak = leaks(value, around)[way]
    assume(len(leak) >= 4)
    data = b"<" + around + leak + around + b">"
    shown = masked(data, [value], cuts)
    assert leak not in shown
    assert shown == masked(data, [value])


@given(st.lists(st.text("ab", min_size=4, max_size=7), max_size=3), st.text("ab", max_size=60), st.data())
def test_the_cutting_of_the_stream_changes_nothing(values, text, data):
    cuts = data.draw(st.lists(st.integers(0, 60), max_size=8))
    shown = masked(text.encode(), values, cuts)
    assert shown == masked(text.encode(), values)
    assert not any(value.encode() in shown for value in values)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_what_holds_no_secret_passes_byte_for_byte(data, cuts):
    values = ["correct horse battery staple", "tr0ub4dor&3-and-more"]
    assert masked(data, values, cuts) == data


def test_binary_output_passes():
    data = random.Random(7).randbytes(300_000)
    assert masked(data, ["correct horse battery staple"], [65536, 131072]) == data
