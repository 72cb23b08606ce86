"""A configuration that a test may change under a running Funade."""

from dataclasses import dataclass

from funade.domain.application import Configuration


@dataclass
class FakeConfigurations:
    """The Configurations port: whatever `configuration` is now."""

    configuration: Configuration

    def current(self) -> Configuration:
        """Return it."""
        return self.configuration
