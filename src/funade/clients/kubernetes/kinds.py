"""Kinds of objects and where the API server keeps them."""

from dataclasses import dataclass
from urllib.parse import quote

from funade.clients.kubernetes.errors import Invalid


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object in one version; `group` is empty for the oldest ones."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str | None = None, part: str | None = None) -> str:
        """Return where that object is, or all of a namespace, or of all namespaces; `part`: a subresource."""
        steps = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace is not None and self.namespaced:
            steps += ["namespaces", _step(namespace)]
        elif name is not None and self.namespaced:
            message = f"{self.kind} `{name}`: in which namespace?"
            raise ValueError(message)
        steps.append(self.plural)
        if name is not None:
            steps.append(_step(name))
        if part is not None:
            steps.append(part)
        return "/".join(steps)

    def typed(self, item: dict[str, object]) -> dict[str, object]:
        """Return the object with its kind and version, which lists leave out."""
        return {"apiVersion": self.api_version, "kind": self.kind, **item}


def _step(name: str) -> str:
    # A name becomes a part of an address: it must stay one step, and not one back.
    if name in ("", ".", ".."):
        message = f"`{name}` is no name of an object"
        raise Invalid(422, "Invalid", message)
    return quote(name, safe="")


CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap")
EVENTS = Kind("", "v1", "events", "Event")
NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = Kind("", "v1", "nodes", "Node", namespaced=False)
PODS = Kind("", "v1", "pods", "Pod")
SECRETS = Kind("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Kind("", "v1", "serviceaccounts", "ServiceAccount")
CRON_JOBS = Kind("batch", "v1", "cronjobs", "CronJob")
JOBS = Kind("batch", "v1", "jobs", "Job")
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")
CUSTOM_RESOURCES = Kind(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
ACCESS_REVIEWS = Kind(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)
