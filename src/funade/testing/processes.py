"""Processes of a test: some of them gone."""

from datetime import datetime

from funade.usecases.ledger_ports import Process


class FakeMachine:
    """The `Machine` port; `gone` holds the ids of processes that are known to have ended."""

    def __init__(self, name: str = "testhost") -> None:
        self._name = name
        self.gone: set[str] = set()

    @property
    def name(self) -> str:
        """Return the name that the test gave it."""
        return self._name

    def describe(self, role: str, id: str, at: datetime) -> Process:
        """Return a process of this machine."""
        return Process(
            id=id,
            role=role,
            host=self._name,
            pid=1,
            boot="boot",
            birth="0",
            counter=0,
            started_at=at,
            seen_at=at,
            machine=self.name,
        )

    def is_gone(self, process: Process) -> bool:
        """Tell whether the test said that it has ended."""
        return process.id in self.gone
