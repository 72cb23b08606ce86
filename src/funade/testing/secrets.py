"""Secrets that a test has thought of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from funade.domain.application import SecretReference
from funade.domain.errors import SecretError


@dataclass
class FakeSecrets:
    """The Secrets port over a mapping from references as written to values; `revealed` keeps what was asked for."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    revealed: list[str] = field(default_factory=list)

    def reveal(self, reference: SecretReference) -> str:
        """Return the value, or raise SecretError naming the reference."""
        self.revealed.append(str(reference))
        value = self.values.get(str(reference))
        if not value:
            message = f"the secret `{reference}` is unknown to this test"
            raise SecretError(message)
        return value
