"""The Logs port in the database: output in chunks, for processes on other machines than the one where it was made."""

import threading
from typing import Any

import psycopg

from funade.failpoints import effect
from funade.store.postgres.connecting import Address
from funade.store.postgres.faults import store_error
from funade.store.postgres.patience import Patience

#: The most that one chunk holds.
CHUNK = 200 * 1024
SECONDS = 10.0

_LENGTH = """
SELECT "offset" + length(data) FROM log_chunks WHERE deployment = %s AND attempt = %s
ORDER BY "offset" DESC LIMIT 1
"""
_READ = """
SELECT "offset", data FROM log_chunks WHERE deployment = %s AND attempt = %s AND "offset" > %s AND "offset" < %s
ORDER BY "offset"
"""
# Of two who bring the same bytes one is enough.
_APPEND = """
INSERT INTO log_chunks (deployment, attempt, "offset", data) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


_FORGET = "DELETE FROM log_chunks WHERE deployment = %s"


class ChunkLogs:
    """Each attempt's output, one chunk after the other without gaps; a chunk once written stays as it is."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._patience = Patience()
        self._connection: psycopg.Connection[Any] | None = None

    def length(self, deployment: str, attempt: int) -> int:
        """Return how many bytes there are by now, or raise StoreError."""
        found = self._ask(_LENGTH, _known(deployment), attempt)
        return int(found[0][0]) if found else 0

    def read(self, deployment: str, attempt: int, offset: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `offset`; or raise StoreError."""
        found = self._ask(_READ, _known(deployment), attempt, offset - CHUNK, offset + limit)
        whole = b"".join(bytes(data) for _, data in found)
        skipped = offset - found[0][0] if found else 0
        return whole[skipped : skipped + limit]

    def append(self, deployment: str, attempt: int, offset: int, data: bytes) -> None:
        """Keep what comes at `offset`, where the log ends now; or raise StoreError."""
        with effect("logs.append"):
            self._ask(_APPEND, deployment, attempt, offset, data)

    def forget(self, deployment: str) -> None:
        """Forget the output of every attempt; or raise StoreError."""
        with effect("logs.forget_chunks"):
            self._ask(_FORGET, deployment)

    def close(self) -> None:
        """Let go of the database."""
        self._patience.close()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            is_fresh = self._connection is None or self._connection.closed
            try:
                return self._answer(statement, values)
            except psycopg.OperationalError as fault:
                self._drop()
                if is_fresh:
                    raise store_error(fault, self._address.shown) from fault
            except psycopg.Error as fault:
                self._drop()
                raise store_error(fault, self._address.shown) from fault
            # It was lost while nobody used it; nothing here does harm when it is done twice.
            try:
                return self._answer(statement, values)
            except psycopg.Error as fault:
                self._drop()
                raise store_error(fault, self._address.shown) from fault

    def _answer(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = self._address.connect(autocommit=True)
        with self._patience.over(self._connection, SECONDS):
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _known(deployment: str) -> str:
    """Return an id that can be asked for; what no row can hold is nobody's."""
    return deployment.replace("\0", "").encode(errors="replace").decode()
