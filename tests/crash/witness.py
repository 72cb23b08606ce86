"""What must be true after any voyage, seen from the outside; each finding is a sentence, nothing found is fine."""

import base64
import errno
import fcntl
import json
import os
import re
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from funade.domain.answers import HistoryShown, StatusShown
from funade.domain.deployment import Deployment, State
from funade.domain.events import DeploymentFinished
from funade.domain.reason import Reason
from tests.crash.voyage import Stuck, Voyage, until
from tests.crash.world import DATABASE_SECRET, ENVIRONMENTS, SECRET, World

#: Less than a program that waits takes, more than a busy machine needs to start the server that is told to leave.
DRAINS_WITHIN_SECONDS = 40.0


def findings(voyage: Voyage) -> list[str]:
    """Return everything that is wrong; asks the living server, and the world behind its back."""
    try:
        until("everything said and cleared up", lambda: _is_settled(voyage))
    except Stuck as error:
        stuck = [str(error)]
    else:
        stuck = []
    history, status = voyage.history(), voyage.status()
    return [
        *stuck,
        *voyage.servers.problems,
        *_executions(voyage.world),
        *_requests(voyage, history, status),
        *_shown(voyage.world, history, status),
        *_left_behind(voyage.world, status),
        *(voyage.workspace.findings(history) if voyage.workspace is not None else ()),
        *_leaks(voyage),
        *_mistakes(voyage.log_text()),
    ]


def announcements(world: World) -> list[dict[str, Any]]:
    """Return what was announced, in order; raises ValueError when a line cannot be read.

    Each machine has a journal of its own: what one wrote before it died, another may have to say too.
    """
    journals = [_journal(data / "announcements.jsonl") for data in world.machines]
    if len(journals) == 1:
        return journals[0]
    said = {str(one["key"]): one for journal in journals for one in journal}
    return sorted(said.values(), key=lambda one: int(one["key"]))


def _journal(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _is_settled(voyage: Voyage) -> bool:
    history, status = voyage.history(), voyage.status()
    try:
        said = {str(one["key"]) for one in announcements(voyage.world)}
    except ValueError:
        return False
    all_said = {str(one.sequence) for one in history.events} <= said
    is_seen = voyage.workspace is None or not voyage.workspace.findings(history)
    return is_seen and all_said and not status.obligations and not any(_left_behind(voyage.world, status))


def _executions(world: World) -> Iterator[str]:
    """I1, I5: at most one at a time, each attempt once, never below a fence that was seen."""
    lines = world.lines()
    highest: dict[str, int] = {}
    for one in lines:
        if one.word == "overlap":
            yield f"I1: {one} began while another ran"
        if one.word == "broken":
            yield f"I2: the checkout was changed under {one}"
        if one.word == "start":
            if one.fence <= highest.get(one.environment, 0):
                yield f"I5: {one} began below fence {highest[one.environment]}"
            highest[one.environment] = one.fence
    starts = Counter((one.deployment, one.attempt) for one in lines if one.word == "start")
    yield from (
        f"I1: attempt {attempt} began {count} times" for attempt, count in starts.items() if count > 1
    )
    for environment in ENVIRONMENTS:
        if _is_locked(world.place / f"{environment}.lock"):
            yield f"I1: a program still runs in {environment}"


def _requests(voyage: Voyage, history: HistoryShown, status: StatusShown) -> Iterator[str]:
    """I2, I3: nothing lost, nothing twice, everything at an end, and what ran is what was asked for."""
    rows = {one.id: one for one in history.deployments}
    if sorted(rows) != sorted(set(voyage.accepted.values())):
        yield f"I3: accepted {sorted(set(voyage.accepted.values()))}, stored {sorted(rows)}"
    for row in rows.values():
        if row.revision != voyage.wanted.get(row.id, row.revision):
            yield f"I2: #{row.number} wants {row.revision}, asked for was {voyage.wanted[row.id]}"
        if not row.has_ended:
            yield f"I3: #{row.number} is still {row.state}: {row.because}"
    for one in voyage.world.lines():
        found = rows.get(one.deployment)
        if found is None:
            yield f"I2: nobody asked for {one}"
        elif (one.revision, one.environment) != (found.revision, found.environment):
            yield f"I2: {one} is not #{found.number}, {found.revision} to {found.environment}"
        elif one.word == "end" and found.state is not State.SUCCEEDED:
            yield f"I4: #{found.number} is {found.state}, its program has switched the place: {found.because}"
    begun = {one.deployment for one in voyage.world.lines() if one.word == "start"}
    # Killed before its first line, with its supervisor: what it should have brought was live already.
    begun |= _begun_by_the_guards(voyage.world) & {one.id for one in rows.values() if _is_lost(one)}
    for row in rows.values():
        if row.state is State.SUCCEEDED and row.id not in begun:
            yield f"I2: #{row.number} succeeded without a start"
    for shown in status.environments:
        if shown.berth.doubt is None and (shown.berth.turn or shown.running or shown.waiting):
            yield f"I3: {shown.berth.environment} is still taken: {shown.berth}"


def _is_lost(row: Deployment) -> bool:
    return row.because is not None and row.because.code is Reason.EXECUTION_LOST


def _begun_by_the_guards(world: World) -> set[str]:
    """Return the deployments of which the place itself says that their program was let go."""
    return {
        key.partition("/")[0]
        for data in world.machines
        for path in data.glob("guards/*/*/guard.json")
        for key, entry in json.loads(path.read_text())["attempts"].items()
        if "process" in entry
    }


def _shown(world: World, history: HistoryShown, status: StatusShown) -> Iterator[str]:
    """I4: announcements, history, status and the place tell the same, each announcement once."""
    try:
        said = announcements(world)
    except ValueError as error:
        yield f"I4: announcements cannot be read: {error}"
        return
    keys = Counter(str(one["key"]) for one in said)
    yield from (f"I4: announcement {key} was said {count} times" for key, count in keys.items() if count > 1)
    sequences = {str(one.sequence) for one in history.events}
    if sequences != set(keys):
        yield f"I4: events {sorted(sequences ^ set(keys))} are in only one of history and announcements"
    last = {one["event"]["deployment"]: one for one in said if one["event"]["deployment"]}
    finishes = Counter(
        one.deployment for one in history.events if isinstance(one.happening, DeploymentFinished)
    )
    for row in history.deployments:
        line = last.get(row.id)
        if line is None or (line["state"], line["verified"]) != (row.state, row.verified):
            yield f"I4: #{row.number} is {row.state}, announced last was {line}"
        if row.has_ended and finishes[row.id] != 1:
            yield f"I4: #{row.number} finished {finishes[row.id]} times"
    for shown in status.environments:
        berth = shown.berth
        if berth.live != world.live(berth.environment) and (berth.live_verified or shown.last is None):
            yield f"I4: {berth.environment} shows {world.live(berth.environment)}, status says {berth.live}"
        rows = [one for one in history.deployments if one.environment == berth.environment]
        if shown.last is not None and shown.last not in rows:
            yield f"I4: status and history differ about #{shown.last.number}"


def _left_behind(world: World, status: StatusShown) -> Iterator[str]:
    if status.obligations:
        yield f"{status.obligations} obligations are left"
    if status.quarantined:
        yield f"quarantined: {status.quarantined}"
    workspaces = world.data / "workspaces"
    left = [one.name for one in workspaces.iterdir()] if workspaces.is_dir() else []
    if left:
        yield f"workspaces are left: {left}"
    yield from (f"a supervisor lives: {control}" for control in living_supervisors(world))


def living_supervisors(world: World) -> Iterator[Path]:
    """Return the controls that somebody listens to."""
    return (one for one in world.data.glob("attempts/*/*/control") if _is_heard(one))


def _leaks(voyage: Voyage) -> Iterator[str]:
    """I6: the secret is in no file of Funade's, and in nothing that anybody was told."""
    tokens = voyage.workspace.variables.values() if voyage.workspace is not None else ()
    forms = [form.encode() for form in (*spellings(SECRET), DATABASE_SECRET, *tokens)]
    kept = [path for data in voyage.world.machines for path in _files(data)]
    for path in [*kept, voyage.servers.log, voyage.world.configuration]:
        content = path.read_bytes()
        yield from (f"I6: {path} holds {form!r}" for form in forms if form in content)
    told = "\n".join(voyage.told)
    yield from (f"I6: an answer holds {form!r}" for form in forms if form.decode() in told)


def spellings(secret: str) -> list[str]:
    """Return a secret as it is, and as programs like to write it."""
    raw = secret.encode()
    return [
        secret,
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        urllib.parse.quote(raw, safe=""),
        urllib.parse.quote(raw),
        urllib.parse.quote_plus(raw),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    ]


def _mistakes(log: str) -> Iterator[str]:
    for line in log.splitlines():
        if re.search(r"our mistake|Traceback|never retrieved|was destroyed", line):
            yield f"the server's log says: {line}"


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _is_heard(control: Path) -> bool:
    try:
        os.close(os.open(control, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            return False
        raise
    return True
