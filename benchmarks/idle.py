"""What an idle `funade serve` costs: processor time and memory, from /proc, over 20 seconds after 3 of rest.

The time is what the scheduler has counted to the nanosecond for each thread: where the kernel only samples who runs at
each tick, `utime` and `stime` of a process that sleeps nearly always are off by a multiple.
"""

import time
from pathlib import Path

from benchmarks._ground import ground

REST_SECONDS, WATCHED_SECONDS = 3, 20


def run() -> dict[str, float]:
    """Return the share of one core, and the resident memory."""
    with ground(files=1, run=["true"], environments=20) as place, place.server() as pid:
        place.funade("deploy", "shop", "place0", "--yes")
        time.sleep(REST_SECONDS)
        before = _processor_seconds(pid)
        time.sleep(WATCHED_SECONDS)
        used = _processor_seconds(pid) - before
        return {"percent_of_a_core": used / WATCHED_SECONDS * 100, "resident_mb": _resident_mb(pid)}


def _processor_seconds(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
