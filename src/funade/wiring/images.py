"""What keeps a cluster's way into registries open."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from funade.clients.kubernetes import Cluster, ClusterError, connect
from funade.domain.errors import PermanentTargetError
from funade.images.ecr import log_in, parse_registry
from funade.images.pull_secrets import PullSecrets, Refreshed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which registries' images are to be pulled where, and how the cluster is found."""

    registries: Sequence[str]
    secret: str
    namespaces: Sequence[str]
    kubeconfig: Path | None
    context: str | None
    force: bool
    checking: bool


async def log_in_to_ecr(wish: Wish) -> tuple[datetime, Sequence[Refreshed]]:
    """Return until when the new logins are good and what came of each namespace, or raise FunadeError."""
    registries = [parse_registry(host) for host in dict.fromkeys(wish.registries)]
    async with _connected(wish) as cluster:
        logins = await log_in(registries)
        secrets = PullSecrets(cluster=cluster, name=wish.secret, force=wish.force)
        namespaces = list(dict.fromkeys(wish.namespaces)) or [cluster.namespace]
        each = secrets.check if wish.checking else secrets.refresh
        return min(login.until for login in logins), await each(namespaces, logins)


@asynccontextmanager
async def _connected(wish: Wish) -> AsyncIterator[Cluster]:
    try:
        cluster = connect(wish.kubeconfig, wish.context)
    except ClusterError as error:
        raise PermanentTargetError(str(error)) from error
    async with cluster:
        yield cluster
