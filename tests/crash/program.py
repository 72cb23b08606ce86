"""What is deployed in the voyages: writes down, outside of Funade, what it does and whom it meets.

It stands alone (`python -I -S program.py`) in the checkout, beside the file `behaviour` of its revision.
"""

import base64
import fcntl
import os
import signal
import sys
import time
import urllib.parse
from pathlib import Path

#: Longer than the patience of whoever lets it go.
WAITS_AT_MOST_SECONDS = 300.0

ENVIRONMENT = os.environ["FUNADE_ENVIRONMENT"]
PLACE = Path(os.environ["PLACE"])
CHECKOUT = Path.cwd()
REVISION = os.environ["FUNADE_REVISION"]


def note(word: str) -> None:
    """Write one line that survives whatever happens next."""
    names = ("FUNADE_DEPLOYMENT", "FUNADE_ATTEMPT", "FUNADE_FENCE", "FUNADE_REVISION")
    line = " ".join([ENVIRONMENT, word, *(os.environ[name] for name in names), str(os.getpid())])
    descriptor = os.open(PLACE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, (line + "\n").encode())
    os.fsync(descriptor)
    os.close(descriptor)


def leak(secret: bytes) -> None:
    """Say the secret as careless programs do."""
    for form in (secret, base64.b64encode(secret), urllib.parse.quote(secret, safe="").encode()):
        os.write(1, b"the token is\n")
        for piece in (form[:5], form[5:7], form[7:] + b"\n"):
            os.write(1, piece)
            time.sleep(0.001)


def wait(name: str) -> None:
    """Return once the place has a file of that name."""
    until = time.monotonic() + WAITS_AT_MOST_SECONDS
    while not (PLACE / name).exists():
        if time.monotonic() > until or not PLACE.exists():
            sys.exit(9)
        time.sleep(0.01)


def talk(lines: int) -> None:
    """Say something again and again, and keep what was said."""
    with (PLACE / "said").open("ab", buffering=0) as kept:
        for number in range(lines):
            line = f"line {number} of {REVISION}\n".encode()
            os.write(1, line)
            kept.write(line)
            time.sleep(0.02)


def main() -> None:
    """Do what this revision is made for."""
    execution = os.open(PLACE / f"{ENVIRONMENT}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(execution, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note("overlap")
    note("start")
    leak(os.environ["TOKEN"].encode())
    behaviour = Path("behaviour").read_text(encoding="ascii").strip()
    match behaviour:
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            wait("go")
        case "wait":
            wait("go")
        case "talk":
            talk(100)
        case "fail":
            os.write(2, b"no\n")
            sys.exit(3)
        case _:
            pass
    if (
        not (CHECKOUT / "bin" / "deploy.py").exists()
        or (CHECKOUT / "behaviour").read_text().strip() != behaviour
    ):
        note("broken")
    fresh = PLACE / f"{ENVIRONMENT}.new"
    fresh.write_text(REVISION + "\n", encoding="ascii")
    fresh.replace(PLACE / f"{ENVIRONMENT}.revision")
    note("end")


main()
