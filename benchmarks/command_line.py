"""How long a command takes, as a whole process, beside Python's own start.

Median wall time of 15 processes each, after one that is not counted: `funade --help`, `funade status` with a server
and without one, and `python -c pass`, which nothing written in Python can be faster than.
"""

import sys

from benchmarks._ground import CLEAN, FUNADE, ground, whole_process_ms


def run() -> dict[str, float]:
    """Return milliseconds a command."""
    python = whole_process_ms([sys.executable, "-c", "pass"], CLEAN)
    with ground(files=1, run=["true"]) as place:
        place.funade("deploy", "shop", "place0", "--yes")
        help_ms = whole_process_ms([FUNADE, "--help"], place.environment)
        alone = whole_process_ms([FUNADE, "status"], place.environment)
        with place.server():
            served = whole_process_ms([FUNADE, "status"], place.environment)
    return {
        "help_p50_ms": help_ms,
        "status_with_server_p50_ms": served,
        "status_without_server_p50_ms": alone,
        "python_start_p50_ms": python,
        "help_in_python_starts": help_ms / python,
    }
