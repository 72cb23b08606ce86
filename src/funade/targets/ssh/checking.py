"""What a host's facts mean for a deployment there; pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from funade.domain.orders import Problem
from funade.targets.ssh.hosts import Host

SPACE_KIBIBYTES = 100 * 1024
#: A host's clock says when something ended there; beyond this, people would be misled.
CLOCK_OFF_BY = timedelta(minutes=1)

_PACKAGES = {"flock": "util-linux", "setsid": "util-linux", "mv -T": "coreutils", "mkfifo": "coreutils"}


def problems(host: Host, path: str, lines: Sequence[str], now: datetime) -> Sequence[Problem]:
    """Return what is wrong with a host, by what it said to `check`."""
    return [
        Problem(where=f"hosts ({host})", problem=problem, remedy=remedy)
        for problem, remedy in _complaints(path, lines, now)
    ]


def _complaints(path: str, lines: Sequence[str], now: datetime) -> Iterator[tuple[str, str]]:
    for line in lines:
        word, _, rest = line.partition(" ")
        match word:
            case "missing" if rest == "/proc":
                yield "there is no `/proc`: only Linux hosts can be deployed to", "mount it"
            case "missing":
                yield f"there is no program `{rest}`", f"install {_PACKAGES.get(rest, rest)}"
            case "unwritable":
                yield (
                    f"`{path}` cannot be written: `{rest}` does not let us",
                    f"make `{path}` there, owned by the user that deploys",
                )
            case "nolink":
                yield (
                    f"`{rest}` is no link, and could not be switched",
                    "move it away, or choose another `path`",
                )
            case "space" if rest.isdecimal() and int(rest) < SPACE_KIBIBYTES:
                yield (
                    f"there are only {int(rest) // 1024} MiB left for `{path}`",
                    "make room, or lower `keep`",
                )
            case "clock" if rest.isdecimal():
                there = datetime.fromtimestamp(int(rest), UTC)
                if abs(there - now) > CLOCK_OFF_BY:
                    yield f"its clock is off by {abs(there - now).total_seconds():.0f} s", "let it follow NTP"
