from hypothesis import given
from hypothesis import strategies as st

from funade.domain.environment import Berth

FENCES = st.integers(0, 2**53)


@given(FENCES, FENCES, FENCES)
def test_a_fence_is_above_all_that_was_seen(issued, milliseconds, remembered):
    fence = Berth(application="shop", environment="production", fence=issued).next_fence(
        milliseconds, remembered
    )
    assert fence > issued
    assert fence > remembered
    assert fence >= milliseconds
    assert fence in (issued + 1, remembered + 1, milliseconds)
