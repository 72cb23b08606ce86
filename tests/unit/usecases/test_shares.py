"""Which process takes on what first."""

from funade.testing.time import FakeClock
from funade.usecases.shares import Shares, share_of

PLACES = [("shop", f"place{number}") for number in range(7)]


def test_every_place_is_in_exactly_one_share_of_equal_size():
    shares = [share_of(me, ["a", "b", "c"], PLACES) for me in "abc"]
    assert sorted(place for share in shares for place in share) == PLACES
    assert {len(share) for share in shares} == {2, 3}


def test_whoever_is_alone_has_everything_also_before_others_know_it():
    assert share_of("me", [], PLACES) == set(PLACES)
    assert share_of("a", ["b"], PLACES) | share_of("b", ["a", "b"], PLACES) == set(PLACES)


def test_what_another_does_not_take_on_soon_is_anybodys():
    clock = FakeClock()
    shares = Shares(clock=clock)
    assert is_left(shares, PLACES[0])
    clock.advance(seconds=0.4)
    assert is_left(shares, PLACES[0])
    clock.advance(seconds=0.1)
    assert not is_left(shares, PLACES[0])


def test_what_another_has_taken_on_is_left_to_it_again():
    clock = FakeClock()
    shares = Shares(clock=clock)
    assert is_left(shares, PLACES[0])
    clock.advance(seconds=9)
    shares.look(()).end()
    assert is_left(shares, PLACES[0])


def test_ones_own_share_waits_for_nobody():
    look = Shares(clock=FakeClock()).look(PLACES[:1])
    assert not look.is_left(PLACES[0])


def is_left(shares: Shares, place: tuple[str, str]) -> bool:
    look = shares.look(())
    found = look.is_left(place)
    look.end()
    return found
