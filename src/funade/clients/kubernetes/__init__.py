"""A client of Kubernetes's API server that knows no word of ours; objects are plain JSON, as the server gives them."""

from funade.clients.kubernetes.cluster import Cluster
from funade.clients.kubernetes.connecting import connect
from funade.clients.kubernetes.errors import (
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    LibraryMissing,
    Misconfigured,
    NeverSent,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from funade.clients.kubernetes.kinds import (
    CONFIG_MAPS,
    CRON_JOBS,
    CUSTOM_RESOURCES,
    EVENTS,
    JOBS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    Kind,
)
from funade.clients.kubernetes.listing import Listing
from funade.clients.kubernetes.watching import Change

__all__ = [
    "CONFIG_MAPS",
    "CRON_JOBS",
    "CUSTOM_RESOURCES",
    "EVENTS",
    "JOBS",
    "LEASES",
    "NAMESPACES",
    "NODES",
    "PODS",
    "SECRETS",
    "SERVICE_ACCOUNTS",
    "AlreadyExists",
    "Cause",
    "Change",
    "Cluster",
    "ClusterError",
    "Conflict",
    "Forbidden",
    "Gone",
    "Invalid",
    "Kind",
    "LibraryMissing",
    "Listing",
    "Misconfigured",
    "NeverSent",
    "NotFound",
    "TooManyRequests",
    "Unauthorized",
    "Unreachable",
    "connect",
]
