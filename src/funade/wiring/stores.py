"""Which store: the database that the configuration names, or a file in the data folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from funade.domain.application import Configuration, SecretReference
from funade.usecases.ports import Ledger, Secrets

# ruff: noqa: PLC0415 - each store brings a driver of its own

#: The file of a store of one machine's own.
FILE = "store.sqlite"


class OpenLedger(Ledger, Protocol):
    """A ledger that somebody has to close."""

    def close(self) -> None:
        """Let go of the store; whatever is being written is finished first."""


def open_ledger(configuration: Configuration, secrets: Secrets) -> OpenLedger:
    """Return the store that the configuration names, or raise StoreError."""
    if configuration.database is None:
        from funade.store.sqlite import SqliteLedger

        return SqliteLedger(Path(configuration.data) / FILE)
    from funade.store.postgres.connecting import Address
    from funade.store.postgres.ledger import PostgresLedger

    database = configuration.database
    return PostgresLedger(Address(url=database.url, password=_revealing(database.password, secrets)))


def _revealing(reference: SecretReference | None, secrets: Secrets) -> Callable[[], str] | None:
    return None if reference is None else lambda: secrets.reveal(reference)
