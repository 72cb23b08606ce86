import json
from pathlib import Path

import pytest

from funade.targets.ssh.output import HostsLog


@pytest.fixture
def log(tmp_path) -> HostsLog:
    return HostsLog(tmp_path, "d", 1, (b"hunter22",))


def written(tmp_path: Path) -> str:
    return (tmp_path / "attempts" / "d" / "1" / "output.log").read_text()


def test_each_line_has_its_hosts_name_and_no_secret(log, tmp_path):
    assert log.take("web1", 0, b"one\ntwo hunter22\n") == 17
    assert log.take("web2", 0, b"other\n") == 6
    assert written(tmp_path) == "web1 | one\nweb1 | two ***\nweb2 | other\n"
    assert (log.taken("web1"), log.taken("web2"), log.taken("web3")) == (17, 6, 0)


def test_a_line_is_taken_when_it_is_whole_or_nothing_more_comes(log, tmp_path):
    assert log.take("web1", 0, b"one\ntw") == 4
    assert log.take("web1", 4, b"two", last=True) == 7
    assert written(tmp_path) == "web1 | one\nweb1 | two\n"


def test_what_was_taken_is_not_taken_again_whoever_brings_it(log, tmp_path):
    log.take("web1", 0, b"one\n")
    assert HostsLog(tmp_path, "d", 1).take("web1", 0, b"one\ntwo\n") == 8
    assert log.take("web1", 4, b"two\n") == 8
    assert written(tmp_path) == "web1 | one\nweb1 | two\n"


def test_nothing_is_taken_beyond_a_gap(log):
    assert log.take("web1", 10, b"later\n") == 0


@pytest.mark.parametrize("left", ["", "web1 | tw"])
def test_what_a_crash_cut_short_is_taken_anew(log, tmp_path, left):
    log.take("web1", 0, b"one\n")
    log.take("web1", 4, b"two\n")
    path = tmp_path / "attempts" / "d" / "1" / "output.log"
    path.write_text("web1 | one\n" + left)
    assert log.taken("web1") == 4
    log.take("web1", 4, b"two\n")
    assert written(tmp_path) == "web1 | one\nweb1 | two\n"


def test_an_index_that_a_crash_cut_short_is_mended(log, tmp_path):
    log.take("web1", 0, b"one\n")
    index = tmp_path / "attempts" / "d" / "1" / "hosts.jsonl"
    whole = index.read_text()
    index.write_text(whole + json.dumps({"host": "web1"})[:5])
    assert log.take("web1", 4, b"two\n") == 8
    assert written(tmp_path) == "web1 | one\nweb1 | two\n"


def test_a_line_without_an_end_is_not_waited_for_without_one(log, tmp_path):
    assert log.take("web1", 0, b"x" * 100_000) == 100_000
    assert written(tmp_path) == f"web1 | {'x' * 100_000}\n"
