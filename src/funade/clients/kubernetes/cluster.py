"""One API server: read, write and follow objects, which are plain JSON as the server gives them.

Reads are asked again while the server is busy or away; writes never are (see `wire`). Writing has no failpoint here:
whoever writes knows what it means, and names it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from funade.clients.kubernetes.errors import Gone
from funade.clients.kubernetes.kinds import ACCESS_REVIEWS, PODS, Kind
from funade.clients.kubernetes.listing import Listing
from funade.clients.kubernetes.watching import Change, changes, patience
from funade.clients.kubernetes.wire import JSON, Object, Request, Wire

#: objects in one answer; the server keeps the rest for five minutes
PAGE = 500
#: objects that are in memory at once where all of them need not be
SMALL_PAGE = 100

APPLY = "application/apply-patch+yaml"  # JSON is YAML
MERGE = "application/merge-patch+json"
#: what answers with `metadata` alone, whatever the objects hold
HEADS = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
LISTED_HEADS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Cluster:
    """The objects behind one API server; `namespace` is where the one who connected is at home."""

    def __init__(self, wire: Wire, *, server: str, namespace: str) -> None:
        self._wire, self.server, self.namespace = wire, server, namespace

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Cluster({self.server})"

    async def close(self) -> None:
        """End all connections."""
        await self._wire.close()

    async def get(
        self, kind: Kind, name: str, namespace: str | None = None, *, heads: bool = False
    ) -> Object:
        """Return the object, with `heads` nothing but its metadata, or raise NotFound."""
        return await self._wire.read(
            Request(
                method="GET",
                path=kind.path(namespace, name),
                what=_what("get", kind, name, namespace),
                accept=HEADS if heads else JSON,
            )
        )

    async def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        heads: bool = False,
    ) -> Listing:
        """Return all objects of a namespace, or of all; `version` is where a watch goes on from.

        With `heads` they hold nothing but their metadata.
        """
        try:
            return await self._list(kind, namespace, labels, PAGE, heads)
        except Gone:
            # The server kept the rest no longer: all at once, that they be of one moment.
            return await self._list(kind, namespace, labels, None, heads)

    def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncGenerator[Listing, None]:
        """Yield the same objects some at a time, all of one moment and at least once, that few are in memory.

        Raise Gone where the server kept that moment no longer, for whoever takes minutes over it.
        """
        return self._pages(kind, namespace, labels, SMALL_PAGE, heads=False)

    async def create(self, kind: Kind, obj: Object, *, manager: str) -> Object:
        """Create the object and return it as it is now, or raise AlreadyExists."""
        return await self._wire.write(
            Request(
                method="POST",
                path=kind.path(_namespace(kind, obj)),
                what=_what("create", kind, _name(obj), _namespace(kind, obj)),
                parameters={"fieldManager": manager},
                body=kind.typed(obj),
            )
        )

    async def replace(self, kind: Kind, obj: Object, *, manager: str) -> Object:
        """Put the object in the place of the one with its `metadata.resourceVersion`, or raise Conflict."""
        return await self._replace(kind, obj, None, manager)

    async def replace_status(self, kind: Kind, obj: Object, *, manager: str) -> Object:
        """Do the same with the object's status alone."""
        return await self._replace(kind, obj, "status", manager)

    async def apply(
        self, kind: Kind, obj: Object, *, manager: str, force: bool = False, dry_run: bool = False
    ) -> Object:
        """Make these fields so, and ours; what else the object has stays. Raise Conflict where they are another's.

        `force` takes them from the other manager; with `dry_run` everything is checked and nothing done.
        """
        return await self._wire.write(
            Request(
                method="PATCH",
                path=kind.path(_namespace(kind, obj), _name(obj)),
                what=_what("apply", kind, _name(obj), _namespace(kind, obj)),
                parameters={
                    "fieldManager": manager,
                    "force": str(force).lower(),
                    **({"dryRun": "All"} if dry_run else {}),
                },
                body=kind.typed(obj),
                content=APPLY,
            )
        )

    async def patch(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, manager: str
    ) -> Object:
        """Merge the patch into the object; None removes a field. With a `resourceVersion`, or raise Conflict."""
        return await self._wire.write(
            Request(
                method="PATCH",
                path=kind.path(namespace, name),
                what=_what("patch", kind, name, namespace),
                parameters={"fieldManager": manager},
                body=patch,
                content=MERGE,
            )
        )

    async def delete(  # noqa: PLR0913 -- each condition is one of the protocol's
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        version: str | None = None,
        propagation: str = "Background",
        grace: timedelta | None = None,
    ) -> None:
        """Delete the object, or raise NotFound; another than that of `uid` and `version` stays: Conflict."""
        conditions = {"uid": uid, "resourceVersion": version}
        body: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": {key: value for key, value in conditions.items() if value is not None},
        }
        if grace is not None:
            body["gracePeriodSeconds"] = int(grace.total_seconds())
        await self._wire.write(
            Request(
                method="DELETE",
                path=kind.path(namespace, name),
                what=_what("delete", kind, name, namespace),
                body=body,
            )
        )

    def watch(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        since: str | None = None,
        heads: bool = False,
    ) -> AsyncGenerator[Change, None]:
        """Yield what changes after version `since`, until the server ends it: go on from the last version then.

        Without `since` all objects come first, as ADDED. A BOOKMARK's object holds nothing but a version. Raise Gone
        when the version is too old, Unreachable when the connection breaks or is silent for too long. With `heads`
        the objects hold nothing but their metadata.
        """
        seconds = patience()
        parameters = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
            **({} if since is None else {"resourceVersion": since}),
            **({} if labels is None else {"labelSelector": labels}),
        }
        request = Request(
            method="GET",
            path=kind.path(namespace),
            what=_what("watch", kind, None, namespace),
            parameters=parameters,
            accept=HEADS if heads else JSON,
        )
        return changes(self._wire, request, seconds)

    def log(  # noqa: PLR0913 -- each is a parameter of the protocol
        self,
        pod: str,
        namespace: str,
        *,
        container: str,
        follow: bool = True,
        since_time: datetime | None = None,
        limit_bytes: int | None = None,
        timestamps: bool = True,
        previous: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """Yield what the container wrote, in pieces that end anywhere, until it or the server ends.

        `since_time` counts in whole seconds: what came earlier in that second comes again. A stream that ends does
        not tell why; the pod does.
        """
        parameters = {
            "container": container,
            "follow": str(follow).lower(),
            "timestamps": str(timestamps).lower(),
            "previous": str(previous).lower(),
        }
        if since_time is not None:
            parameters["sinceTime"] = since_time.isoformat(timespec="seconds")
        if limit_bytes is not None:
            parameters["limitBytes"] = str(limit_bytes)
        request = Request(
            method="GET",
            path=PODS.path(namespace, pod, "log"),
            what=f"read the log of pod `{pod}` in `{namespace}`",
            parameters=parameters,
        )
        # A program may be silent for hours; a dead connection shows by itself, see `connecting`.
        return self._wire.chunks(request, silence=None)

    async def can(self, verb: str, kind: Kind, namespace: str | None = None, name: str | None = None) -> bool:
        """Tell whether we may do that, as far as the API server's rules go."""
        wish = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "namespace": namespace,
            "name": name,
        }
        answer = await self._wire.read(
            Request(
                method="POST",
                path=ACCESS_REVIEWS.path(None),
                what="ask what we may",
                body=ACCESS_REVIEWS.typed(
                    {
                        "spec": {
                            "resourceAttributes": {key: one for key, one in wish.items() if one is not None}
                        }
                    }
                ),
            )
        )
        status = answer.get("status")
        return isinstance(status, dict) and status.get("allowed") is True

    async def _list(
        self, kind: Kind, namespace: str | None, labels: str | None, limit: int | None, heads: bool
    ) -> Listing:
        objects: list[Object] = []
        version = ""
        async with aclosing(self._pages(kind, namespace, labels, limit, heads=heads)) as pages:
            async for page in pages:
                objects += page.objects
                version = page.version
        return Listing(objects=objects, version=version)

    async def _pages(
        self, kind: Kind, namespace: str | None, labels: str | None, limit: int | None, *, heads: bool
    ) -> AsyncGenerator[Listing, None]:
        parameters: dict[str, str] = {} if labels is None else {"labelSelector": labels}
        if limit is not None:
            parameters["limit"] = str(limit)
        while True:
            answer = await self._wire.read(
                Request(
                    method="GET",
                    path=kind.path(namespace),
                    what=_what("list", kind, None, namespace),
                    parameters=parameters,
                    accept=LISTED_HEADS if heads else JSON,
                )
            )
            said: dict[str, Any] = answer.get("metadata") or {}
            objects = [kind.typed(one) for one in answer.get("items") or ()]
            yield Listing(objects=objects, version=str(said.get("resourceVersion", "")))
            if not said.get("continue"):
                return
            parameters = {**parameters, "continue": said["continue"]}

    async def _replace(self, kind: Kind, obj: Object, part: str | None, manager: str) -> Object:
        return await self._wire.write(
            Request(
                method="PUT",
                path=kind.path(_namespace(kind, obj), _name(obj), part),
                what=_what("replace", kind, _name(obj), _namespace(kind, obj)),
                parameters={"fieldManager": manager},
                body=kind.typed(obj),
            )
        )


def _name(obj: Object) -> str:
    metadata = obj["metadata"]
    return str(metadata.get("name") or metadata.get("generateName", ""))


def _namespace(kind: Kind, obj: Object) -> str | None:
    if not kind.namespaced:
        return None
    namespace = obj["metadata"].get("namespace")
    if namespace is None:
        message = f"{kind.kind} `{_name(obj)}`: in which namespace?"
        raise ValueError(message)
    return str(namespace)


def _what(verb: str, kind: Kind, name: str | None, namespace: str | None) -> str:
    thing = kind.plural if name is None else f"{kind.kind} `{name}`"
    return f"{verb} {thing} in `{namespace}`" if namespace is not None else f"{verb} {thing}"
