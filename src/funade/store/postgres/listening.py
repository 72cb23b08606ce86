"""Hears at once when another process has changed the store."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from funade.domain.errors import FunadeError
from funade.store.postgres.connecting import Address
from funade.store.postgres.patience import Patience, cut

CHANNEL = "funade"
#: A line on which nothing is heard for so long is tried.
SILENCE_SECONDS = 10.0
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 2.0


class Listener:
    """A thread with a connection of its own, from its first use on; `heard` is called from that thread."""

    def __init__(self, address: Address, patience: Patience, own: str, heard: Callable[[], None]) -> None:
        self._address, self._patience, self._own, self._heard = address, patience, own, heard
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def has_started(self) -> bool:
        """Tell whether `start` has been called."""
        return self._thread is not None

    def start(self) -> None:
        """Listen from now on, and return when it does, or when the database does not answer soon."""
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="ledger-listener", daemon=True)
                self._thread.start()
        self._ready.wait(ANSWER_SECONDS)

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._closed.set()
            if self._connection is not None:
                cut(self._connection)
        if self._thread is not None:
            self._thread.join(ANSWER_SECONDS)

    def _run(self) -> None:
        while not self._closed.is_set():
            # Whoever waits looks every second all the same: a line that is lost makes us slower, not wrong.
            with suppress(psycopg.Error, OSError, FunadeError):
                self._listen()
            self._ready.set()
            self._closed.wait(PAUSE_SECONDS)

    def _listen(self) -> None:
        with self._address.connect(autocommit=True) as connection:
            with self._lock:
                if self._closed.is_set():
                    return
                self._connection = connection
            try:
                connection.execute(f"LISTEN {CHANNEL}")
                # What was said before we listened.
                self._heard()
                self._ready.set()
                self._hear(connection)
            finally:
                with self._lock:
                    self._connection = None

    def _hear(self, connection: "psycopg.Connection[Any]") -> None:
        while not self._closed.is_set():
            notes = list(connection.notifies(timeout=SILENCE_SECONDS, stop_after=1))
            if any(note.payload != self._own for note in notes):
                self._heard()
            if not notes:
                with self._patience.over(connection, ANSWER_SECONDS):
                    connection.execute("SELECT 1")
