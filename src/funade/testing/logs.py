"""Output of executions that never ran."""

from dataclasses import dataclass, field


@dataclass
class FakeLogs:
    """The Logs port over `output`, which a test fills by deployment and attempt."""

    output: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def length(self, deployment: str, attempt: int) -> int:
        """Return how many bytes there are now."""
        return len(self.output.get((deployment, attempt), b""))

    def read(self, deployment: str, attempt: int, offset: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `offset`."""
        return self.output.get((deployment, attempt), b"")[offset : offset + limit]
