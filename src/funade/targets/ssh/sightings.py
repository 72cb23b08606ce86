"""What hosts say of one execution, and what is to be done next; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from funade.domain.orders import EndedBy, Ending, Sighting, Standing


class Phase(StrEnum):
    """How far one host is with one attempt."""

    UNSEEN = "unseen"
    INTENDED = "intended"  #: the guard was raised
    PREPARING = "preparing"  #: makes the release directory; `current` is as it was
    PREPARED = "prepared"  #: waits for the others
    PUBLISHING = "publishing"  #: switches, and runs what comes after
    ENDED = "ended"
    SEALED = "sealed"
    LOST = "lost"


BEGUN = (Phase.PREPARING, Phase.PREPARED, Phase.PUBLISHING, Phase.ENDED, Phase.LOST)
OVER = (Phase.ENDED, Phase.LOST, Phase.SEALED)
RUNNING = (Phase.PREPARING, Phase.PUBLISHING)
#: Which end counts when hosts ended differently: the reason before its consequences.
WORST_FIRST = (EndedBy.ITSELF, EndedBy.TIME_LIMIT, EndedBy.NEVER_STARTED, EndedBy.CANCEL)


class Unreadable(ValueError):
    """A host's answer is not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """One host's answer; `output` bytes of log are there, some of them, from where it was asked, in `fresh`."""

    phase: Phase
    highest: int = 0
    ending: Ending | None = None
    problem: str = ""
    output: int = 0
    fresh: bytes = b""
    release: str = ""
    revision: str = ""

    @property
    def is_well(self) -> bool:
        """Tell whether nothing has gone wrong here so far."""
        ended_well = (
            self.ending is not None and self.ending.by is EndedBy.ITSELF and self.ending.exit_code == 0
        )
        return self.phase not in OVER or ended_well


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What to do now, by host."""

    prepare: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    give_up: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Tell whether there is nothing left to do or to wait for."""
        return not (self.prepare or self.publish or self.give_up or self.follow)


def read_answer(lines: Sequence[str], start: int = 0) -> HostSeen:
    """Return what a host's answer means, or raise Unreadable; its output was asked for from byte `start` on."""
    said: dict[str, str] = {}
    told = [line[1:] for line in lines if line.startswith("|")]
    for line in lines:
        word, _, rest = line.partition(" ")
        said[word] = rest
    try:
        word, _, rest = said["phase"].partition(" ")
        highest, output = int(said["highest"]), int(said["output"])
        about = {
            "highest": highest,
            "output": output,
            # What came while it was told is told the next time.
            "fresh": "\n".join([*told, ""]).encode(errors="surrogateescape")[: max(0, output - start)],
            "release": said.get("current", ""),
            "revision": said.get("revision", ""),
        }
        if word == "overtaken":
            # It waits for its next stage under a fence that has passed; there will be none.
            ending = Ending(
                by=EndedBy.CANCEL, at=datetime.fromtimestamp(0, UTC), problem="a newer one took over"
            )
            return HostSeen(phase=Phase.ENDED, ending=ending, **about)  # type: ignore[arg-type]
        phase = Phase(word)
        return HostSeen(
            phase=phase,
            ending=_read_ending(rest) if phase is Phase.ENDED else None,
            problem=rest if phase is Phase.LOST else "",
            **about,  # type: ignore[arg-type]
        )
    except (KeyError, ValueError) as error:
        message = f"its answer cannot be read ({type(error).__name__}: {error})"
        raise Unreadable(message) from error


def _read_ending(text: str) -> Ending:
    by, code, seconds, *problem = text.split(" ", 3)
    status = None if code == "-" else int(code)
    # A shell says 128 and more of a program that was ended by a signal.
    signal = status - 128 if status is not None and 128 < status <= 192 else None
    return Ending(
        by=EndedBy(by),
        exit_code=None if signal is not None else status,
        signal=signal,
        at=datetime.fromtimestamp(int(seconds), UTC),
        problem=(problem[0] if problem else "") or None,
    )


def next_moves(seen: Mapping[str, HostSeen], at_once: int) -> Moves:
    """Return what brings an execution to its end: prepare everywhere, then switch everywhere; stop at what fails.

    No host is switched before all are prepared; after a failure none is switched that was not yet.
    """
    if not any(one.phase in BEGUN for one in seen.values()):
        return Moves()
    follow = tuple(host for host, one in seen.items() if one.phase in RUNNING)
    room = max(0, at_once - len(follow))
    waiting = tuple(host for host, one in seen.items() if one.phase in (Phase.INTENDED, Phase.UNSEEN))
    prepared = tuple(host for host, one in seen.items() if one.phase is Phase.PREPARED)
    if not all(one.is_well for one in seen.values()):
        return Moves(give_up=waiting + prepared, follow=follow)
    if waiting:
        return Moves(prepare=waiting[:room], follow=follow)
    if any(one.phase is Phase.PREPARING for one in seen.values()):
        return Moves(follow=follow)
    return Moves(publish=prepared[:room], follow=follow)


def combine(seen: Mapping[str, HostSeen]) -> Sighting:
    """Return what all hosts' answers mean together."""
    highest = max((one.highest for one in seen.values()), default=0)
    phases = [one.phase for one in seen.values()]
    if not any(one in BEGUN for one in phases):
        standing = Standing.INTENDED
        for whole, meaning in ((Phase.SEALED, Standing.SEALED), (Phase.UNSEEN, Standing.UNSEEN)):
            if all(one is whole for one in phases):
                standing = meaning
        return Sighting(standing=standing, highest_fence=highest)
    if not all(one in OVER for one in phases):
        return Sighting(standing=Standing.RUNNING, highest_fence=highest)
    lost = {host: one.problem for host, one in seen.items() if one.phase is Phase.LOST}
    if lost:
        return Sighting(standing=Standing.LOST, highest_fence=highest, problem=_by_host(lost))
    return Sighting(standing=Standing.ENDED, highest_fence=highest, ending=_together(seen))


def _together(seen: Mapping[str, HostSeen]) -> Ending:
    """Return the end that explains the others, at the time of the last of them."""
    endings = {host: one.ending for host, one in seen.items() if one.ending is not None}
    at = max(one.at for one in endings.values())
    bad = [one for host, one in endings.items() if not seen[host].is_well]
    bad.sort(key=lambda one: WORST_FIRST.index(one.by) if one.by in WORST_FIRST else len(WORST_FIRST))
    if not bad and len(endings) == len(seen):
        return Ending(by=EndedBy.ITSELF, exit_code=0, at=at)
    worst = bad[0] if bad else Ending(by=EndedBy.CANCEL, at=at)
    by = worst.by
    if by is EndedBy.NEVER_STARTED and any(seen[host].is_well for host in endings):
        by = EndedBy.ITSELF
    problems = {host: one.problem for host, one in endings.items() if one.problem and one.by is worst.by}
    code = worst.exit_code if by is worst.by else 127
    if by is EndedBy.NEVER_STARTED:
        code = None
    # What a program's status means is in the log; the place knows no more.
    problem = None if by is EndedBy.ITSELF else _by_host(problems) or None
    return Ending(by=by, exit_code=code, signal=worst.signal, at=at, problem=problem)


def _by_host(problems: Mapping[str, str | None]) -> str:
    return "; ".join(f"{host}: {problem}" for host, problem in problems.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Which revision each host has."""

    revisions: Mapping[str, str] = field(default_factory=dict)

    def all_have(self, revision: str) -> bool:
        """Tell whether it is live on every host."""
        return all(one == revision for one in self.revisions.values())

    @property
    def common(self) -> str | None:
        """Return the revision that all hosts have, if it is one."""
        found = set(self.revisions.values())
        return found.pop() or None if len(found) == 1 else None

    @property
    def is_mixed(self) -> bool:
        """Tell whether hosts have different revisions."""
        return len(set(self.revisions.values())) > 1

    def shown(self) -> str:
        """Return, for people, which host has which: the hosts of one revision together."""
        by_revision: dict[str, list[str]] = {}
        for host, revision in self.revisions.items():
            by_revision.setdefault(revision[:7] or "-", []).append(host)
        return "; ".join(f"{revision}: {', '.join(hosts)}" for revision, hosts in by_revision.items())


def problems_of(seen: Iterable[tuple[str, HostSeen]]) -> str:
    """Return what hosts complain of, for people."""
    return _by_host({host: one.problem for host, one in seen if one.problem})
