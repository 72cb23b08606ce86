"""Queues that need no service of their own: in the store that two processes share, or in a Kubernetes cluster."""

import re
from dataclasses import dataclass

#: With it the name of its dead letters is still one that Kubernetes takes as a label.
_NAME = r"[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?"
_STORE = re.compile(rf"store:(?P<name>{_NAME})")
_CLUSTER = re.compile(rf"cluster:(?P<namespace>[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?)/(?P<name>{_NAME})")

DEAD = "-dead"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A queue in the store, `store:shop`."""

    name: str

    @property
    def url(self) -> str:
        return f"store:{self.name}"

    @property
    def dead(self) -> "StoreAddress | None":
        """Return where its dead letters lie; they have none themselves."""
        return None if self.name.endswith(DEAD) else StoreAddress(self.name + DEAD)


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A queue in a namespace of a cluster, `cluster:deploy/shop`."""

    namespace: str
    name: str

    @property
    def url(self) -> str:
        return f"cluster:{self.namespace}/{self.name}"

    @property
    def dead(self) -> "ClusterAddress | None":
        """Return where its dead letters lie; they have none themselves."""
        return None if self.name.endswith(DEAD) else ClusterAddress(self.namespace, self.name + DEAD)


def parse_near(url: str) -> StoreAddress | ClusterAddress | None:
    """Return the address of a queue in the store or in a cluster, None for any other, or raise ValueError."""
    if url.startswith("store:"):
        if found := _STORE.fullmatch(url):
            return StoreAddress(found["name"])
        form = "`store:shop`"
    elif url.startswith("cluster:"):
        if found := _CLUSTER.fullmatch(url):
            return ClusterAddress(found["namespace"], found["name"])
        form = "`cluster:deploy/shop`, the namespace and the name"
    else:
        return None
    message = f"write {form}, in small letters, digits and `-`, the name with at most 52 of them"
    raise ValueError(message)
