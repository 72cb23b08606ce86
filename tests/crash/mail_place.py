"""A place behind an unreliable post: orders come one to five times, late, in any order; its guard is Funade's own.

Orders and what came of them lie in one SQLite file, so that any process may ask and any may die meanwhile.
A program is a time at which it ends.
"""

import asyncio
import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from funade.domain.errors import GuardRefused, TemporaryTargetError
from funade.domain.orders import EndedBy, Ending, Execution, Sighting, Standing, StartOrder
from funade.targets.command import guard

T = TypeVar("T")

MOST_DELIVERIES = 5
LONGEST_WAY_SECONDS = 2.0
LONGEST_PROGRAM_SECONDS = 0.15
FAILING = 0.1  #: so many of all programs
POLL_SECONDS = 0.02
ANSWERS_WITHIN_SECONDS = 60.0

_TABLES = """
CREATE TABLE IF NOT EXISTS guards (environment TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, due REAL NOT NULL, word TEXT NOT NULL, letter TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_mail ON mail (due);
CREATE TABLE IF NOT EXISTS runs (deployment TEXT, attempt INTEGER, environment TEXT, ends REAL, exit INTEGER, by TEXT,
 PRIMARY KEY (deployment, attempt));
CREATE TABLE IF NOT EXISTS starts (id INTEGER PRIMARY KEY, deployment TEXT, attempt INTEGER, beside TEXT);
CREATE TABLE IF NOT EXISTS refusals (deployment TEXT, attempt INTEGER, why TEXT, PRIMARY KEY (deployment, attempt));
CREATE INDEX IF NOT EXISTS ix_runs ON runs (environment, ends);
"""


class MailPlace:
    """The `Place` port; `deliver` is the post."""

    needs_files = False

    def __init__(self, path: Path, choice: random.Random, store: str = "") -> None:
        self.store = store
        self._choice = choice
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(_TABLES)

    # The port

    async def look(self, execution: Execution) -> Sighting:
        """Return what the place knows now."""
        return await self._do(lambda: self._look(execution))

    @contextmanager
    def expecting(self, execution: Execution) -> Iterator[None]:
        """Get ready for it; there is nothing to get ready here."""
        yield

    async def start(self, order: StartOrder) -> None:
        """Post the order, and return once any of its letters made it begin; or raise GuardRefused."""
        it = order.execution
        letter = _letter(it) | {"digest": order.digest, "not_after": order.not_after.timestamp()}
        await self._do(lambda: self._post("start", letter))

        def answer() -> str | None:
            if self._run(it.deployment, it.attempt) is not None:
                return "begun"
            found = self._ask(
                "SELECT why FROM refusals WHERE deployment = ? AND attempt = ?", it.deployment, it.attempt
            )
            return str(found[0][0]) if found else None

        said = await self._until(answer)
        if said != "begun":
            raise GuardRefused(said)

    async def cancel(self, execution: Execution) -> Sighting:
        """Post the wish, and return what is so once any of its letters was heard."""
        await self._do(lambda: self._post("cancel", _letter(execution)))

        def answer() -> Sighting | None:
            sighting = self._look(execution)
            return None if sighting.standing in (Standing.UNSEEN, Standing.RUNNING) else sighting

        return await self._until(answer)

    async def wait(self, execution: Execution) -> Sighting:
        """Return once it does not run any more."""
        while (sighting := await self.look(execution)).standing is Standing.RUNNING:  # noqa: ASYNC110 -- time is its program
            await asyncio.sleep(POLL_SECONDS)
        return sighting

    async def keep_alive(self, execution: Execution) -> None:
        """Nothing here ends by itself."""

    # The post

    def deliver(self) -> int:
        """Bring everything that is due, in any order; return how many letters that were."""
        with self._lock:
            due = self._ask("SELECT id, word, letter FROM mail WHERE due <= ? LIMIT 200", time.time())
            self._choice.shuffle(due)
            for id, word, letter in due:
                self._connection.execute("BEGIN IMMEDIATE")
                self._bring(str(word), json.loads(letter))
                self._connection.execute("DELETE FROM mail WHERE id = ?", [id])
                self._connection.execute("COMMIT")
            return len(due)

    def starts(self) -> list[tuple[str, int, str | None]]:
        """Return what began, in order: deployment, attempt, and whom it met there."""
        with self._lock:
            return [
                (row[0], row[1], row[2])
                for row in self._ask("SELECT deployment, attempt, beside FROM starts")
            ]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _bring(self, word: str, letter: dict[str, Any]) -> None:
        state, key = self._state(letter["environment"]), f"{letter['deployment']}/{letter['attempt']}"
        if word == "cancel":
            state.seal(self.store, key, letter["fence"])
            self._end(letter["deployment"], letter["attempt"], "cancel")
        else:
            try:
                self._begin(state, key, letter)
            except guard.Refused as no:
                self._connection.execute(
                    "INSERT OR IGNORE INTO refusals VALUES (?, ?, ?)",
                    [letter["deployment"], letter["attempt"], str(no)],
                )
        plain = {"store": state.store, "highest": state.highest, "attempts": state.attempts}
        self._connection.execute(
            "INSERT OR REPLACE INTO guards VALUES (?, ?)", [letter["environment"], json.dumps(plain)]
        )

    def _begin(self, state: guard.State, key: str, letter: dict[str, Any]) -> None:
        state.check_store(self.store, "")
        if time.time() > letter["not_after"]:
            late = "it came too late"
            raise guard.Refused(late)
        state.intend(self.store, key, letter["fence"], letter["digest"])
        for older in state.older_started(key):
            deployment, _, attempt = older.rpartition("/")
            self._end(deployment, int(attempt), "cancel")
            state.end(older)
        beside = self._ask(
            "SELECT deployment FROM runs WHERE environment = ? AND ends > ?",
            letter["environment"],
            time.time(),
        )
        state.begin(key, letter["fence"], {})
        it = (letter["deployment"], letter["attempt"])
        ends = time.time() + self._choice.uniform(0, LONGEST_PROGRAM_SECONDS)
        exit_code = 3 if self._choice.random() < FAILING else 0
        self._connection.execute(
            "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?)",
            [*it, letter["environment"], ends, exit_code, "itself"],
        )
        self._connection.execute(
            "INSERT INTO starts (deployment, attempt, beside) VALUES (?, ?, ?)",
            [*it, beside[0][0] if beside else None],
        )

    def _end(self, deployment: str, attempt: int, by: str) -> None:
        now = time.time()
        self._connection.execute(
            "UPDATE runs SET ends = ?, by = ? WHERE deployment = ? AND attempt = ? AND ends > ?",
            [now, by, deployment, attempt, now],
        )

    def _state(self, environment: str) -> guard.State:
        found = self._ask("SELECT document FROM guards WHERE environment = ?", environment)
        if not found:
            return guard.State(None, 0, {})
        plain = json.loads(found[0][0])
        return guard.State(plain["store"], plain["highest"], plain["attempts"])

    def _look(self, execution: Execution) -> Sighting:
        state = self._state(execution.environment)
        run = self._run(execution.deployment, execution.attempt)
        if run is not None:
            ends, exit_code, by = run
            if ends > time.time():
                return Sighting(standing=Standing.RUNNING, highest_fence=state.highest)
            at = datetime.fromtimestamp(ends, UTC)
            ending = (
                Ending(by=EndedBy.CANCEL, signal=15, at=at)
                if by == "cancel"
                else Ending(by=EndedBy.ITSELF, exit_code=exit_code, at=at)
            )
            return Sighting(standing=Standing.ENDED, ending=ending, highest_fence=state.highest)
        entry = state.attempts.get(f"{execution.deployment}/{execution.attempt}")
        standing = Standing.SEALED if entry and entry["phase"] == guard.SEALED else Standing.UNSEEN
        return Sighting(standing=standing, highest_fence=state.highest)

    def _run(self, deployment: str, attempt: int) -> tuple[float, int, str] | None:
        found = self._ask(
            "SELECT ends, exit, by FROM runs WHERE deployment = ? AND attempt = ?", deployment, attempt
        )
        return (found[0][0], found[0][1], found[0][2]) if found else None

    def _post(self, word: str, letter: dict[str, Any]) -> None:
        text = json.dumps(letter)
        times = self._choice.randint(1, MOST_DELIVERIES)
        ways = [
            self._choice.uniform(0, 0.05),
            *(self._choice.uniform(0, LONGEST_WAY_SECONDS) for _ in range(times - 1)),
        ]
        self._connection.executemany(
            "INSERT INTO mail (due, word, letter) VALUES (?, ?, ?)",
            [(time.time() + way, word, text) for way in ways],
        )

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    async def _do(self, work: Callable[[], T]) -> T:
        def alone() -> T:
            with self._lock:
                return work()

        return await asyncio.to_thread(alone)

    async def _until(self, answer: Callable[[], T | None]) -> T:
        until = time.monotonic() + ANSWERS_WITHIN_SECONDS
        while (found := await self._do(answer)) is None:
            if time.monotonic() > until:
                message = "the post brings nothing"
                raise TemporaryTargetError(message, timedelta(seconds=1))
            await asyncio.sleep(POLL_SECONDS)
        return found


def _letter(execution: Execution) -> dict[str, Any]:
    return {
        "deployment": execution.deployment,
        "attempt": execution.attempt,
        "fence": execution.fence,
        "environment": execution.environment,
    }
