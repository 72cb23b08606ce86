import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import pytest

from funade import failpoints
from funade.failpoints import Traps, effect, failpoint


class Arm(Protocol):
    def __call__(self, orders: str, log: Path | None = None) -> None: ...


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Arm:
    def arm(orders: str, log: Path | None = None) -> None:
        monkeypatch.setattr(failpoints, "_traps", Traps(orders, str(log) if log else None))

    return arm


def python(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from funade.failpoints import effect, failpoint\n" + code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_nothing_happens_at_a_point_of_a_process_that_is_not_armed():
    failpoint("store.accept")
    with effect("store.accept") as nothing:
        assert nothing is None
    assert effect("store.accept") is effect("sources.fetch")


def test_an_armed_effect_passes_a_point_before_and_one_after(arm, tmp_path):
    arm("", tmp_path / "log")
    with effect("store.accept"):
        failpoint("store.halfway")
    names = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()]
    assert names == ["store.accept:before", "store.halfway", "store.accept:after"]


def test_an_effect_that_raised_does_not_pass_its_second_point(arm, tmp_path):
    arm("", tmp_path / "log")
    with pytest.raises(KeyError), effect("store.accept"):
        raise KeyError
    assert (tmp_path / "log").read_text() == f"{os.getpid()} store.accept:before\n"


def test_an_error_is_a_full_disk(arm):
    arm("store.accept:before=error")
    with pytest.raises(OSError, match=r"store\.accept:before") as caught, effect("store.accept"):
        pass
    assert caught.value.errno == errno.ENOSPC


def test_a_trap_can_wait_for_its_second_hit(arm):
    arm("store.accept=error@2")
    failpoint("store.accept")
    with pytest.raises(OSError, match=r"store\.accept"):
        failpoint("store.accept")
    failpoint("store.accept")


def test_a_killed_process_does_nothing_more():
    process = python(
        "with effect('a.b'): print('in', flush=True)\nprint('out')",
        FUNADE_FAILPOINTS="x.y=error; a.b:after=kill,",
    )
    assert process.communicate(timeout=60)[0] == "in\n"
    assert process.returncode == -signal.SIGKILL


def test_a_process_killed_at_the_second_hit_survives_the_first():
    process = python(
        "for i in range(3):\n failpoint('a.b')\n print(i, flush=True)", FUNADE_FAILPOINTS="a.b=kill@2"
    )
    assert process.communicate(timeout=60)[0] == "0\n"


def test_a_paused_process_says_so_and_goes_on_when_the_file_appears(tmp_path):
    gate = tmp_path / "gate@here"
    process = python("failpoint('a.b')\nprint('on')", FUNADE_FAILPOINTS=f"a.b=pause:{gate}")
    deadline = time.monotonic() + 60
    while not gate.with_name("gate@here.hit").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert process.poll() is None
    gate.touch()
    assert process.communicate(timeout=60)[0] == "on\n"


def test_a_log_alone_arms_a_process(tmp_path):
    process = python("with effect('a.b'): pass", FUNADE_FAILPOINTS_LOG=str(tmp_path / "log"))
    process.communicate(timeout=60)
    assert (tmp_path / "log").read_text() == f"{process.pid} a.b:before\n{process.pid} a.b:after\n"


@pytest.mark.parametrize("orders", ["a.b", "a.b=", "a.b=explode", "a.b=pause", "a.b=kill:/x", "a.b=kill@x"])
def test_an_order_that_cannot_be_read_stops_the_process_at_its_start(orders):
    with pytest.raises(ValueError, match="cannot be read at"):
        failpoints.read(orders)


def test_the_supervisor_pays_for_no_other_module():
    code = "import os, sys; old = set(sys.modules); import funade.failpoints; print(*set(sys.modules) - old)"
    source = str(Path(failpoints.__file__).parents[1])
    command = [sys.executable, "-S", "-c", code]
    loaded = subprocess.check_output(command, env={"PYTHONPATH": source}, text=True)
    assert set(loaded.split()) == {"funade", "funade.failpoints", "itertools"}
