"""Which store: the database that the configuration names, or a file in the data folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from funade.domain.application import Configuration, Database, SecretReference
from funade.store.attempt_logs import AttemptLogs
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Secrets

if TYPE_CHECKING:
    from funade.store.postgres.connecting import Address
    from funade.store.shared_logs import SharedLogs

# ruff: noqa: PLC0415 - each store brings a driver of its own

#: The file of a store of one machine's own.
FILE = "store.sqlite"


class OpenLedger(Ledger, Protocol):
    """A ledger that somebody has to close."""

    def close(self) -> None:
        """Let go of the store; whatever is being written is finished first."""


@dataclass(frozen=True, slots=True)
class Store:
    """A ledger, the logs that go with it, and what brings this machine's logs to where others can read them."""

    ledger: OpenLedger
    logs: "AttemptLogs | SharedLogs"
    bring_logs: Callable[[], None] | None = None


def open_store(configuration: Configuration, secrets: Secrets) -> Store:
    """Return the store that the configuration names, or raise StoreError."""
    data = Path(configuration.data)
    here = AttemptLogs(data)
    if configuration.database is None:
        from funade.store.sqlite import SqliteLedger

        return Store(SqliteLedger(data / FILE), here)
    from funade.store.postgres.ledger import PostgresLedger
    from funade.store.shared_logs import BringLogs, SharedLogs

    ledger = PostgresLedger(address_of(configuration.database, secrets))
    return Store(ledger, SharedLogs(here, ledger.logs), BringLogs(data, here, ledger.logs))


def address_of(database: Database, secrets: Secrets) -> "Address":
    """Return the database as the store knows it; its password is revealed for each connection."""
    from funade.store.postgres.connecting import Address

    return Address(url=database.url, password=_revealing(database.password, secrets))


def _revealing(reference: SecretReference | None, secrets: Secrets) -> Callable[[], str] | None:
    return None if reference is None else lambda: secrets.reveal(reference)
