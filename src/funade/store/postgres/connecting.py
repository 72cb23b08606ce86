"""Connections to the database that a configuration names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from funade.domain.errors import SecretError, StoreError

#: For each of the hosts; a machine that is off does not say no.
CONNECT_SECONDS = 5
#: A process that stands still in the middle of a change must not keep the others from theirs.
STANDSTILL_SECONDS = 3
#: How long a change waits for another's.
LOCK_SECONDS = 8

#: A network that loses everything is noticed before a lease is over.
_LINE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "funade",
}
_SETTINGS = f"""
SET idle_in_transaction_session_timeout = '{STANDSTILL_SECONDS}s';
SET lock_timeout = '{LOCK_SECONDS}s';
SET client_encoding = 'UTF8';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the database is; `password` gives it anew for each connection, so that it can be changed."""

    url: str
    password: Callable[[], str] | None = None

    @property
    def shown(self) -> str:
        """Return the address as people may see it: hosts and name, no user and no options."""
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def connect(self, *, autocommit: bool = False) -> "psycopg.Connection[Any]":
        """Return a new connection to the one server that may be written to, or raise psycopg.Error or StoreError."""
        given = psycopg.conninfo.conninfo_to_dict(self.url)
        settings: dict[str, Any] = {"target_session_attrs": "read-write", **_LINE}
        settings = {name: value for name, value in settings.items() if name not in given}
        if self.password is not None:
            try:
                settings["password"] = self.password()
            except SecretError as error:
                message = f"{self.shown}: {error}"
                raise StoreError(message) from error
        connection = psycopg.connect(self.url, autocommit=True, **settings)
        try:
            connection.execute(_SETTINGS)
            connection.autocommit = autocommit
        except BaseException:
            connection.close()
            raise
        return connection
