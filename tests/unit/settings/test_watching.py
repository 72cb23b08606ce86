import os
from pathlib import Path

import pytest

from funade import settings
from funade.settings import watch
from tests.unit.settings.kinds import KINDS
from tests.unit.settings.test_loading import SIX_LINES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "funade.yaml"
    path.write_text(SIX_LINES)
    return path


def applications(watched: settings.WatchedConfiguration) -> set[str]:
    return set(watched.current().applications)


def test_nothing_changes_while_the_file_stays(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    assert not watched.reload()
    assert applications(watched) == {"shop"}


def test_a_new_file_comes_into_force(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    path.write_text(SIX_LINES.replace("shop:", "cart:"))
    assert watched.reload()
    assert applications(watched) == {"cart"}
    assert not watched.reload()


def test_a_broken_new_file_leaves_the_old_one_in_force_and_says_so(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    path.write_text(SIX_LINES + "freezess: []\n")
    assert watched.reload()
    assert applications(watched) == {"shop"}
    assert watched.current().problem == (
        f"{path}:7: `freezess`: is no key that Funade knows here — "
        "known are `applications`, `data`, `database`, `groups`, `keep`, `people`, `reminders`, `slack`, `web`"
    )
    assert not watched.reload()
    assert watched.current().problem


def test_a_good_file_again_clears_the_problem(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    path.write_text("broken")
    watched.reload()
    path.write_text(SIX_LINES)
    assert watched.reload()
    assert watched.current().problem is None


def test_a_file_that_is_gone_leaves_the_old_one_in_force(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    path.unlink()
    assert watched.reload()
    assert watched.current().problem == f"{path}: does not exist"
    assert not watched.reload()
    path.write_text(SIX_LINES)
    assert watched.reload()
    assert watched.current().problem is None


def test_the_data_folder_does_not_move_under_a_running_server(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    old = watched.current().data
    path.write_text(SIX_LINES + "data: elsewhere\n")
    assert watched.reload()
    assert watched.current().data == old
    assert watched.current().problem == f"{path}: `data`: cannot change while Funade runs — restart Funade"


def test_a_broken_file_at_the_start_is_an_error(path):
    path.write_text("broken")
    with pytest.raises(settings.ConfigErrors):
        settings.WatchedConfiguration(path, KINDS)


def test_a_change_of_the_same_length_within_one_tick_is_seen(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    before = path.stat()
    path.write_text(SIX_LINES.replace("shop:", "cart:"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert watched.reload()
    assert applications(watched) == {"cart"}


def test_a_file_that_settled_is_not_read_again(path, monkeypatch):
    monkeypatch.setattr(watch, "TICK_NANOSECONDS", -1_000_000_000)
    watched = settings.WatchedConfiguration(path, KINDS)
    monkeypatch.setattr(watch, "read", lambda path: pytest.fail("read again"))
    assert not watched.reload()


def test_a_touched_file_changes_nothing(path):
    watched = settings.WatchedConfiguration(path, KINDS)
    os.utime(path)
    assert not watched.reload()
    assert watched.current() is watched.current()
