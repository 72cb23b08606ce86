"""Run the measurements of this folder and say on what they were taken.

A measurement is a file `NAME.py`: its docstring says what is measured and how, and `run()` returns a dict of
plain values with their units in their names (`accept_p50_ms`). Each runs in a fresh process, one by one.
"""

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

#: the fresh process: what the measurement prints goes to the errors, its result alone to the output
RUN = """
import contextlib, importlib, json, sys
with contextlib.redirect_stdout(sys.stderr):
    found = importlib.import_module("benchmarks." + sys.argv[1]).run()
print(json.dumps(found))
"""


def main(arguments: list[str]) -> int:
    """Measure what was asked for, or everything."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measure, and say on what it was measured."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all when none is named")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a page")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    asked = parser.parse_args(arguments)
    there = sorted(path.stem for path in HERE.glob("[!_]*.py"))
    if unknown := sorted(set(asked.names) - set(there)):
        parser.error(f"there is no {', '.join(unknown)}; there are: {', '.join(there) or 'none'}")
    if asked.list:
        for name in there:
            print(f"{name:20} {method(name).partition(chr(10))[0]}")
        return 0
    on = machine()
    if not asked.json:
        print("\n".join(["On", *lines(on)]))
    measured = {}
    for name in asked.names or there:
        measured[name] = measure(name)
        if not asked.json:
            print(
                "\n".join(
                    [
                        "",
                        name,
                        *(f"  {line}".rstrip() for line in method(name).splitlines()),
                        *lines(measured[name]),
                    ]
                )
            )
    if asked.json:
        print(json.dumps({"machine": on, "measured": measured}, indent=2))
    return 0


def measure(name: str) -> dict[str, Any]:
    """Return what one measurement found, and how long it took."""
    start = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", RUN, name], cwd=HERE.parent, stdout=subprocess.PIPE, check=True
    )
    took = round(time.monotonic() - start, 1)
    return {"method": method(name), "took_seconds": took, "result": json.loads(ran.stdout)}


def method(name: str) -> str:
    """Return what a measurement says about itself."""
    return ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or ""


def machine() -> dict[str, str | int | float]:
    """Return what the figures depend on."""
    scratch = tempfile.gettempdir()
    return {
        "cpu": first_value("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_1_minute": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "file_system": f"{file_system(scratch)} at {scratch}",
        "revision": output("git", "rev-parse", "HEAD")
        + ("+" if output("git", "status", "--porcelain") else ""),
    }


def file_system(path: str) -> str:
    """Return the kind of the file system that holds `path`."""
    return output("stat", "--file-system", "--format=%T", path) or "unknown"


def first_value(path: str, key: str) -> str:
    """Return the first value of `key` in a file of `key : value` lines."""
    if not Path(path).exists():
        return ""
    values = (
        line.partition(":")[2].strip() for line in Path(path).read_text().splitlines() if line.startswith(key)
    )
    return next(values, "")


def output(*command: str) -> str:
    """Return what a program prints, or nothing when it cannot say."""
    try:
        return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def lines(values: Mapping[str, Any], indent: int = 2) -> Iterator[str]:
    """Return a page's lines for nested values; the method was said already."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"{' ' * indent}{key}"
            yield from lines(value, indent + 2)
        elif key != "method":
            shown = f"{value:,.4g}" if isinstance(value, float) else value
            yield f"{' ' * indent}{key:{max(1, 28 - indent)}} {shown}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
