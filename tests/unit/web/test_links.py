"""Signed links: nobody makes or changes one without the key, and every one ends."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.application import SecretReference, Site
from funade.domain.errors import FunadeError, SecretError
from funade.testing.secrets import FakeSecrets
from funade.web.keys import link_keys, own_key
from funade.web.links import SignedLinks, end_of, seal, unseal
from tests.unit.web.deployments import ID, NOON, deployment

KEY, OLD, STRANGE = b"k" * 32, b"o" * 32, b"s" * 32
SITE = Site(host="127.0.0.1", port=8080, url="https://funade.acme.example/base")


def test_a_link_opens_what_it_was_made_for():
    opened = unseal([KEY], 4, seal(KEY, ID, 4, NOON))
    assert opened is not None
    assert (opened.deployment, opened.number, opened.ends) == (ID, 4, NOON)


def test_a_link_of_the_key_before_still_opens_and_that_of_a_key_taken_away_does_not():
    sealed = seal(OLD, ID, 4, NOON)
    assert unseal([KEY, OLD], 4, sealed) is not None
    assert unseal([KEY], 4, sealed) is None
    assert unseal([], 4, sealed) is None


@given(st.data())
def test_no_change_of_a_link_opens_anything(data):
    sealed = seal(KEY, ID, 4, NOON)
    at = data.draw(st.integers(0, len(sealed) - 1))
    sign = data.draw(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. é\0")
    )
    changed = sealed[:at] + sign + sealed[at + 1 :]
    assert (unseal([KEY], 4, changed) is None) == (changed != sealed)


@given(st.text(max_size=120), st.integers(-(2**70), 2**70))
def test_nothing_made_up_opens_anything_or_breaks(text, number):
    assert unseal([KEY], number, text) is None


def test_a_link_is_of_one_number_only():
    assert unseal([KEY], 5, seal(KEY, ID, 4, NOON)) is None


def test_a_link_has_one_spelling():
    sealed = seal(KEY, ID, 4, NOON)
    for other in (sealed + "=", sealed + "A", sealed[:-1], " " + sealed, sealed.replace("-", "+")):
        assert other == sealed or unseal([KEY], 4, other) is None


@given(
    st.timedeltas(timedelta(0), timedelta(days=900)),
    st.timedeltas(timedelta(minutes=10), timedelta(days=366)),
)
def test_a_link_lasts_as_long_as_the_settings_say(age, lasts):
    left = end_of(NOON, NOON + age, lasts) - (NOON + age)
    assert lasts / 2 - timedelta(seconds=2) <= left <= lasts


def test_a_link_stays_the_same_for_half_its_time():
    now = [NOON + timedelta(minutes=1)]
    links = SignedLinks(site=SITE, keys=lambda: (KEY,), now=lambda: now[0])
    first = links.link_to(deployment())
    now[0] += timedelta(days=6)
    assert links.link_to(deployment()) == first
    now[0] += timedelta(days=2)
    assert links.link_to(deployment()) != first
    assert str(first).startswith("https://funade.acme.example/base/d/4/")


def reference(place: str) -> SecretReference:
    return SecretReference(scheme="env", place=place)


def test_keys_of_the_configuration_come_in_their_order(tmp_path):
    keys = (reference("NEW"), reference("OLD"))
    site = Site(host="127.0.0.1", port=1, url="http://127.0.0.1:1", signing_keys=keys)
    secrets = FakeSecrets({"env:NEW": "n" * 32, "env:OLD": "o" * 40})
    assert link_keys(site, tmp_path, secrets.reveal) == (b"n" * 32, b"o" * 40)
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_is_refused_and_not_repeated(tmp_path):
    site = Site(host="127.0.0.1", port=1, url="http://127.0.0.1:1", signing_keys=(reference("KEY"),))
    secrets = FakeSecrets({"env:KEY": "hunter2"})
    with pytest.raises(SecretError, match=r"`env:KEY` is too short") as wrong:
        link_keys(site, tmp_path, secrets.reveal)
    assert "hunter2" not in str(wrong.value)


def test_a_key_of_our_own_is_made_once_for_its_owner_alone(tmp_path):
    key = own_key(tmp_path)
    assert len(key) == 64
    assert own_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "link.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("left", [b"", b"0123", b"\n"])
def test_a_key_that_was_cut_short_is_made_anew(tmp_path, left):
    (tmp_path / "link.key").write_bytes(left)
    (tmp_path / "link.key").chmod(0o600)
    assert len(own_key(tmp_path)) == 64
    assert own_key(tmp_path) == own_key(tmp_path)


def test_a_key_that_others_can_read_is_refused_with_what_to_do(tmp_path):
    own_key(tmp_path)
    (tmp_path / "link.key").chmod(0o640)
    with pytest.raises(FunadeError, match=r"chmod 600 .+link\.key"):
        own_key(tmp_path)


def test_a_key_behind_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "link.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FunadeError, match="cannot be used"):
        own_key(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_the_end_of_a_link_is_a_whole_second_of_utc():
    opened = unseal([KEY], 4, seal(KEY, ID, 4, datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)))
    assert opened is not None
    assert opened.ends.tzinfo is UTC
