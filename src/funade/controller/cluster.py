"""What we need of an API server, as `clients.kubernetes` gives it."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Protocol

from funade.clients.kubernetes.kinds import Kind


class Listing(Protocol):
    """Objects, and the version from which to watch on."""

    @property
    def objects(self) -> Sequence[dict[str, Any]]: ...

    @property
    def version(self) -> str: ...


class Change(Protocol):
    """What became of one object: `ADDED`, `MODIFIED`, `DELETED`; or `BOOKMARK`, which only tells a version."""

    @property
    def type(self) -> str: ...

    @property
    def object(self) -> dict[str, Any]: ...


class Cluster(Protocol):
    """One API server. Whatever it cannot do raises a ClusterError."""

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> dict[str, Any]:
        """Return that object, or raise NotFound."""

    async def list(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> Listing:
        """Return all that there are."""

    def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncGenerator[Listing, None]:
        """Yield all that there are, some at a time and all of one moment, or raise Gone if that is too long ago."""

    async def create(self, kind: Kind, obj: dict[str, Any], *, manager: str) -> dict[str, Any]:
        """Make it, or raise AlreadyExists."""

    async def replace(self, kind: Kind, obj: dict[str, Any], *, manager: str) -> dict[str, Any]:
        """Change it if it is still of that version, or raise Conflict."""

    async def replace_status(self, kind: Kind, obj: dict[str, Any], *, manager: str) -> dict[str, Any]:
        """Change its status if it is still of that version, or raise Conflict."""

    async def patch(
        self, kind: Kind, name: str, namespace: str | None, patch: dict[str, Any], *, manager: str
    ) -> dict[str, Any]:
        """Merge these fields into it, whatever its version, or raise NotFound."""

    async def delete(  # noqa: PLR0913 -- which one, and which state of it
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        """Ask for its end, if it is still that one in that version."""

    def watch(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None, since: str | None = None
    ) -> AsyncGenerator[Change, None]:
        """Yield each change until the server ends it, or raise Gone."""

    def log(
        self,
        pod: str,
        namespace: str,
        *,
        container: str,
        follow: bool = True,
        since_time: datetime | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the container's output, each line with its moment before it."""
