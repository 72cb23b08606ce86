import pytest

from funade.domain.gap import gap


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 53, 54, 55, 56, 57, 80, 204_800])
def test_a_mark_is_as_long_as_what_is_missing(length):
    assert len(gap(length)) == length


def test_a_mark_says_how_much_is_missing():
    assert gap(1000).endswith(b"\n[funade: 1000 bytes of the output are missing here]\n")
    assert gap(12).endswith(b"[missing]\n")
