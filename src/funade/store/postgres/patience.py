"""Ends conversations with a database that has fallen silent: the network alone would wait for a quarter of an hour."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

#: How exact the end is.
LOOK_SECONDS = 0.5


class Patience:
    """Watches conversations in other threads, and cuts the connection of each that takes too long."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, Any]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: Any, seconds: float) -> Iterator[None]:
        """While entered, `connection` is cut after so many seconds; whoever waits at it gets an error."""
        own = threading.get_ident()
        with self._lock:
            self._waiting[own] = (time.monotonic() + seconds, connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="ledger-patience", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[own]

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                # Under the lock: nobody ends the conversation, and gives its number to another, meanwhile.
                for until, connection in self._waiting.values():
                    if until < now:
                        cut(connection)


def cut(connection: "psycopg.Connection[Any]") -> None:
    """Cut the line under a connection that another thread may be waiting at."""
    with suppress(OSError, psycopg.Error):
        # A descriptor of our own: closing it does not close the connection's.
        line = socket.socket(fileno=os.dup(connection.pgconn.socket))
        with line:
            line.shutdown(socket.SHUT_RDWR)
