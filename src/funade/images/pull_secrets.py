"""Secrets of a cluster that let its nodes pull images: made of logins, applied where they are wanted.

Pure but for `PullSecrets`, which writes them one namespace after the other; what one refuses does not stop the rest.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from funade.clients.kubernetes import (
    SECRETS,
    Cluster,
    ClusterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from funade.failpoints import effect
from funade.images.ecr import Login

#: who owns the fields that we write
MANAGER = "funade-ecr-login"
TYPE = "kubernetes.io/dockerconfigjson"
KEY = ".dockerconfigjson"
UNTIL = "funade.dev/good-until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What came of one namespace; without a problem all is well."""

    namespace: str
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSecrets:
    """The Secrets of one name in one cluster; `force` takes them from whoever else writes them."""

    cluster: Cluster
    name: str
    force: bool = False

    async def refresh(self, namespaces: Sequence[str], logins: Sequence[Login]) -> list[Refreshed]:
        """Write the logins into the Secret of each namespace, which need not be there yet."""
        return [await self._each(one, logins, checking=False) for one in namespaces]

    async def check(self, namespaces: Sequence[str], logins: Sequence[Login]) -> list[Refreshed]:
        """Return what `refresh` would come to; write nothing."""
        return [await self._each(one, logins, checking=True) for one in namespaces]

    async def _each(self, namespace: str, logins: Sequence[Login], *, checking: bool) -> Refreshed:
        secret = pull_secret(self.name, namespace, logins)
        try:
            with effect("images.apply_pull_secret"):
                await self.cluster.apply(SECRETS, secret, manager=MANAGER, force=self.force, dry_run=checking)
        except ClusterError as error:
            return Refreshed(namespace=namespace, problem=problem_of(error, self.name, namespace))
        return Refreshed(namespace=namespace)


def pull_secret(name: str, namespace: str, logins: Sequence[Login]) -> dict[str, Any]:
    """Return the Secret that nodes read; it says itself until when it is good."""
    until = min(login.until for login in logins).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "funade"},
            "annotations": {UNTIL: until},
        },
        "type": TYPE,
        "data": {KEY: b64encode(docker_configuration(logins).encode()).decode()},
    }


def docker_configuration(logins: Sequence[Login]) -> str:
    """Return what `docker login` would write into its file."""
    entries = {
        login.registry.host: {
            "username": login.user,
            "password": login.password,
            "auth": b64encode(f"{login.user}:{login.password}".encode()).decode(),
        }
        for login in logins
    }
    return json.dumps({"auths": entries})


def problem_of(error: ClusterError, name: str, namespace: str) -> str:
    """Return what is wrong and what to do; never what was to be written."""
    match error:
        case NotFound():
            return f"there is no namespace `{namespace}` — create it, or leave it out"
        case Forbidden():
            return (
                f"we may not write the Secret `{name}` in `{namespace}` — "
                "bind a role there that may `create` and `patch` it"
            )
        case Unauthorized():
            return "the API server does not know us — give the process a service account, or a kubeconfig"
        case Conflict() if error.causes:
            return (
                f"somebody else writes the Secret `{name}` in `{namespace}` ({', '.join(error.owners)}) — "
                "take another name, or take it over with `--force`: other registries in it are lost"
            )
        case Invalid() if any(cause.field == "type" for cause in error.causes):
            return (
                f"the Secret `{name}` in `{namespace}` is of another kind — delete it, or take another name"
            )
        case TooManyRequests() | Unreachable():
            return f"the API server cannot be asked now: {error} — run it again later"
        case _:
            return f"the API server refuses the Secret `{name}` in `{namespace}` ({error.reason}) — see its own log"
