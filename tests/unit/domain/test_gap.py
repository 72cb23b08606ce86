import pytest

from funade.domain.gap import gap, is_marked


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 53, 54, 55, 56, 57, 80, 204_800])
def test_a_mark_is_as_long_as_what_is_missing(length):
    assert len(gap(length)) == length


def test_a_mark_says_how_much_is_missing():
    assert gap(1000).endswith(b"\n[funade: 1000 bytes of the output are missing here]\n")
    assert gap(12).endswith(b"[missing]\n")


def test_a_mark_is_known_again_whole_or_in_part():
    for length in (1, 5, 9, 10, 11, 40, 60, 61, 200):
        assert is_marked(gap(length))
        assert is_marked(b"before " + gap(length)) == (length > 9)
    assert is_marked(gap(300_000)[:1000])
    assert not is_marked(b"00:01 deploy:starting\n")
