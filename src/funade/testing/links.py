"""Addresses of pages that nobody serves."""

from funade.domain.deployment import Deployment


class FakeLinks:
    """The `Links` port; `served` False: there are no pages."""

    def __init__(self, *, served: bool = True) -> None:
        self.served = served

    def link_to(self, deployment: Deployment) -> str | None:
        """Return an address that never changes."""
        return f"https://funade.acme.example/d/{deployment.number}/{deployment.id}" if self.served else None
