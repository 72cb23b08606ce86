"""What an idle `funade serve` costs: processor time and memory, from /proc, over 20 seconds after 3 of rest.

The time is what the scheduler has counted to the nanosecond for each thread: where the kernel only samples who runs at
each tick, `utime` and `stime` of a process that sleeps nearly always are off by a multiple.
"""

import time

from benchmarks._ground import ground, processor_seconds, resident_mb

REST_SECONDS, WATCHED_SECONDS = 3, 20


def run() -> dict[str, float]:
    """Return the share of one core, and the resident memory."""
    with ground(files=1, run=["true"], environments=20) as place, place.server() as pid:
        place.funade("deploy", "shop", "place0", "--yes")
        time.sleep(REST_SECONDS)
        before = processor_seconds(pid)
        time.sleep(WATCHED_SECONDS)
        used = processor_seconds(pid) - before
        return {"percent_of_a_core": used / WATCHED_SECONDS * 100, "resident_mb": resident_mb(pid)}
