"""An API server in memory: versions, conditions, finalizers, owners and watches as Kubernetes has them.

It checks no schema and no rights, and runs nothing: `testing.workload` does what a cluster does with Jobs and Pods.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from funade.clients.kubernetes.errors import AlreadyExists, Conflict, Gone, NotFound
from funade.clients.kubernetes.kinds import Kind
from funade.testing.time import FakeClock
from funade.usecases.ports import Clock

Object = dict[str, Any]
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class FakeListing:
    """All objects at one moment."""

    objects: Sequence[Object]
    version: str


@dataclass(frozen=True, slots=True)
class FakeChange:
    """What became of one object."""

    type: str
    object: Object


@dataclass
class FakeCluster:
    """The controller's Cluster. `before` is called with each verb, kind and name, and may raise or wait."""

    clock: Clock = field(default_factory=FakeClock)
    before: Callable[[str, Kind, str], None] = lambda _verb, _kind, _name: None
    pause: Callable[[], int] = lambda: 1  #: how often others get their turn before a call is heard
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    outputs: dict[str, bytearray] = field(
        default_factory=dict
    )  #: by the Pod's uid, each line with its moment
    watch_ends_after: int | None = None  #: changes
    _objects: dict[_Key, Object] = field(default_factory=dict)
    _history: list[tuple[int, FakeChange]] = field(default_factory=list)
    _version: int = 1000
    _made: int = 0
    _compacted: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # The port

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object:
        """Return that object."""
        await self._begin("get", kind, name)
        return copy.deepcopy(self._found(kind, name, namespace))

    async def list(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> FakeListing:
        """Return all that there are."""
        await self._begin("list", kind, "")
        found = [
            copy.deepcopy(obj)
            for (api, plural, place, _), obj in sorted(self._objects.items())
            if (api, plural) == (kind.api_version, kind.plural)
            and namespace in (None, place)
            and _has(obj, labels)
        ]
        return FakeListing(found, str(self._version))

    async def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncGenerator[FakeListing, None]:
        """Yield the same, one at a time."""
        listing = await self.list(kind, namespace, labels=labels)
        for one in listing.objects:
            yield FakeListing([one], listing.version)
            await asyncio.sleep(0)
        if not listing.objects:
            yield listing

    async def create(self, kind: Kind, obj: Object, *, manager: str) -> Object:  # noqa: ARG002 -- the port's
        """Make it."""
        await self._begin("create", kind, obj["metadata"]["name"])
        made: Object = copy.deepcopy({"apiVersion": kind.api_version, "kind": kind.kind, **obj})
        metadata = made["metadata"]
        key = self._key(kind, metadata["name"], metadata.get("namespace"))
        if key in self._objects:
            raise AlreadyExists(409, "AlreadyExists", f"create {kind.kind} `{metadata['name']}`: it is there")
        self._made += 1
        metadata["uid"] = f"uid-{self._made}"
        metadata["creationTimestamp"] = self._now()
        metadata["generation"] = 1
        self._keep(key, made, "ADDED")
        return copy.deepcopy(made)

    async def replace(self, kind: Kind, obj: Object, *, manager: str) -> Object:  # noqa: ARG002 -- the port's
        """Change it if it is still of that version."""
        await self._begin("replace", kind, obj["metadata"]["name"])
        key, old = self._compared(kind, obj)
        changed = copy.deepcopy(obj)
        for name in ("uid", "creationTimestamp", "deletionTimestamp"):
            changed["metadata"].pop(name, None)
            if name in old["metadata"]:
                changed["metadata"][name] = old["metadata"][name]
        # A status is changed by its own address alone.
        changed.pop("status", None)
        if "status" in old:
            changed["status"] = copy.deepcopy(old["status"])
        is_news = changed.get("spec") != old.get("spec")
        changed["metadata"]["generation"] = old["metadata"].get("generation", 1) + is_news
        self._keep(key, changed, "MODIFIED")
        return copy.deepcopy(changed)

    async def replace_status(self, kind: Kind, obj: Object, *, manager: str) -> Object:  # noqa: ARG002 -- the port's
        """Change its status alone if it is still of that version."""
        await self._begin("replace_status", kind, obj["metadata"]["name"])
        key, old = self._compared(kind, obj)
        changed = {**copy.deepcopy(old), "status": copy.deepcopy(obj.get("status"))}
        self._keep(key, changed, "MODIFIED")
        return copy.deepcopy(changed)

    async def patch(
        self,
        kind: Kind,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        manager: str,  # noqa: ARG002 -- the port's
    ) -> Object:
        """Merge these fields into it."""
        await self._begin("patch", kind, name)
        key = self._key(kind, name, namespace)
        changed = _merged(self._found(kind, name, namespace), patch)
        self._keep(key, changed, "MODIFIED")
        return copy.deepcopy(changed)

    async def delete(  # noqa: PLR0913 -- the port's
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        version: str | None = None,
        propagation: str = "Background",  # noqa: ARG002 -- there is one way here
        grace: timedelta | None = None,  # noqa: ARG002 -- the port's
    ) -> None:
        """Ask for its end; with finalizers it stays until they are gone."""
        await self._begin("delete", kind, name)
        found = self._found(kind, name, namespace)["metadata"]
        if (uid is not None and uid != found["uid"]) or (
            version is not None and version != found["resourceVersion"]
        ):
            raise Conflict(409, "Conflict", f"delete {kind.kind} `{name}`: it is another one")
        self.remove(kind, name, namespace)

    async def watch(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None, since: str | None = None
    ) -> AsyncGenerator[FakeChange, None]:
        """Yield each change after `since`."""
        await self._begin("watch", kind, "")
        at, yielded = int(since or 0), 0
        while True:
            if at < self._compacted:
                raise Gone(410, "Expired", f"watch {kind.plural}: too old")
            self._changed.clear()
            for version, change in [one for one in self._history if one[0] > at]:
                at = version
                obj = change.object
                if (
                    (obj["apiVersion"], obj["kind"]) == (kind.api_version, kind.kind)
                    and namespace in (None, obj["metadata"].get("namespace"))
                    and _has(obj, labels)
                ):
                    yield FakeChange(change.type, copy.deepcopy(obj))
                    yielded += 1
                    if yielded == self.watch_ends_after:
                        return
            if not self._changed.is_set():
                await self._changed.wait()

    async def log(
        self,
        pod: str,
        namespace: str,
        *,
        container: str,  # noqa: ARG002 -- each Pod has one here
        follow: bool = True,  # noqa: ARG002 -- a stream may end at any time
        since_time: datetime | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield what the Pod has written by now."""
        await self._begin("log", Kind("", "v1", "pods", "Pod"), pod)
        found = self._found(Kind("", "v1", "pods", "Pod"), pod, namespace)
        since = "" if since_time is None else since_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        for line in bytes(self.outputs.get(found["metadata"]["uid"], b"")).splitlines(keepends=True):
            if line[:19].decode() >= since:
                yield line
                await asyncio.sleep(0)

    # What a test and a workload do

    def put(self, kind: Kind, obj: Object) -> Object:
        """Make or change an object, as somebody else would."""
        metadata = obj["metadata"]
        key = self._key(kind, metadata["name"], metadata.get("namespace"))
        obj = {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(obj)}
        if key not in self._objects:
            self._made += 1
            obj["metadata"] = {
                "uid": f"uid-{self._made}",
                "creationTimestamp": self._now(),
                "generation": 1,
                **obj["metadata"],
            }
        self._keep(key, obj, "MODIFIED" if key in self._objects else "ADDED")
        return copy.deepcopy(obj)

    def all(self, kind: Kind) -> Sequence[Object]:
        """Return all objects of a kind."""
        wanted = (kind.api_version, kind.plural)
        return [copy.deepcopy(obj) for key, obj in sorted(self._objects.items()) if key[:2] == wanted]

    def remove(self, kind: Kind, name: str, namespace: str | None) -> None:
        """Delete an object, as somebody else would."""
        key = self._key(kind, name, namespace)
        obj = copy.deepcopy(self._objects[key])
        if obj["metadata"].get("deletionTimestamp") is None:
            obj["metadata"]["deletionTimestamp"] = self._now()
            self._keep(key, obj, "MODIFIED")
        elif not obj["metadata"].get("finalizers"):
            self._drop(key)

    def compact(self) -> None:
        """Forget what has changed so far: whoever watches from before must list again."""
        self._compacted = self._version
        self._history.clear()
        self._changed.set()

    # How it keeps them

    async def _begin(self, verb: str, kind: Kind, name: str) -> None:
        for _ in range(self.pause()):
            await asyncio.sleep(0)
        self.calls.append((verb, kind.kind, name))
        self.before(verb, kind, name)

    def _key(self, kind: Kind, name: str, namespace: str | None) -> _Key:
        return kind.api_version, kind.plural, namespace or "", name

    def _found(self, kind: Kind, name: str, namespace: str | None) -> Object:
        key = self._key(kind, name, namespace)
        if key not in self._objects:
            raise NotFound(404, "NotFound", f"{kind.kind} `{name}` is not there")
        return self._objects[key]

    def _compared(self, kind: Kind, obj: Object) -> tuple[_Key, Object]:
        metadata = obj["metadata"]
        old = self._found(kind, metadata["name"], metadata.get("namespace"))
        same_uid = metadata.get("uid") in (None, old["metadata"]["uid"])
        if metadata.get("resourceVersion") != old["metadata"]["resourceVersion"] or not same_uid:
            raise Conflict(409, "Conflict", f"replace {kind.kind} `{metadata['name']}`: it was changed")
        return self._key(kind, metadata["name"], metadata.get("namespace")), old

    def _keep(self, key: _Key, obj: Object, what: str) -> None:
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        if obj["metadata"].get("deletionTimestamp") and not obj["metadata"].get("finalizers"):
            self._objects[key] = obj
            self._drop(key)
            return
        self._objects[key] = obj
        self._tell(what, obj)

    def _drop(self, key: _Key) -> None:
        obj = self._objects.pop(key)
        self._version += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self._version)}}
        self._tell("DELETED", obj)
        uid = obj["metadata"]["uid"]
        for other, owned in list(self._objects.items()):
            owners = owned["metadata"].get("ownerReferences") or []
            if owners and all(one["uid"] == uid for one in owners) and other in self._objects:
                kind = Kind(*_group_version(other[0]), other[1], owned["kind"])
                self.remove(kind, other[3], other[2])

    def _tell(self, what: str, obj: Object) -> None:
        self._history.append((self._version, FakeChange(what, copy.deepcopy(obj))))
        self._changed.set()

    def _now(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _group_version(api_version: str) -> tuple[str, str]:
    group, _, version = api_version.rpartition("/")
    return group, version


def _has(obj: Object, labels: str | None) -> bool:
    have = obj["metadata"].get("labels") or {}
    for wish in (labels or "").split(","):
        key, sign, value = wish.partition("=")
        if key and (key not in have or (sign and have[key] != value)):
            return False
    return True


def _merged(old: Object, patch: Object) -> Object:
    merged = copy.deepcopy(old)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(merged.get(key) or {}, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged
