"""Tells a Job's output as facts while it is written, each line once, without the secrets that its Pod is given."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from funade.clients.kubernetes.errors import ClusterError, Forbidden, Invalid, NotFound
from funade.clients.kubernetes.kinds import JOBS, PODS, SECRETS
from funade.controller.agenda import wait
from funade.controller.cluster import Cluster
from funade.controller.doors import Outlet
from funade.controller.guard import Attempt
from funade.controller.logs import GAP, Catcher, Cursor, Line, Lines, read, write
from funade.controller.names import LOG, MANAGER
from funade.controller.seen import SeenJob, SeenPod, read_pod
from funade.domain.errors import FunadeError
from funade.domain.masking import Masker, patterns
from funade.domain.messages import LOG_LIMIT, ReportedLog
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

WITHHELD = (
    b"[the output is withheld: the secrets of its Pod cannot be read here, so they could not be hidden]\n"
)
BROKEN = b"[the rest of the output is missing: it could not be read; the controller's own log says why]\n"
#: So often in a row, without a line in between, reading may fail by a mistake of ours.
MOST_MISTAKES = 5
#: So long output is collected before it is told.
COLLECTED_SECONDS = 0.5
#: The place in the output is written down this often; what comes after it is told again after a death.
KEPT_EVERY_SECONDS = 5.0
#: So long nobody need have seen a Pod begin that has begun.
LOOKED_FOR_EVERY_SECONDS = 60.0
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
_AHEAD = 1000


@dataclass(slots=True, kw_only=True)
class Following:
    """One Job's output."""

    cluster: Cluster
    namespace: str
    clock: Clock
    outlet: Outlet
    attempt: Attempt
    job: SeenJob
    #: set by whoever sees that there may be output, or never will be
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    _cursor: Cursor = field(default_factory=Cursor)
    _kept_at: float = 0.0
    #: the last answer's last line, which was not ended
    _half: list[Line] = field(default_factory=list)

    async def run(self) -> None:
        """Tell all of it, then write on the Job that it is told."""
        self._cursor = read((self.job.raw["metadata"].get("annotations") or {}).get(LOG))
        # A Pod may wait for a node for long, and asking for its output would not help it.
        await wait(self.has_begun, self.clock, LOOKED_FOR_EVERY_SECONDS)
        self._kept_at = self.clock.steady()
        pause, mistakes = PAUSE_SECONDS, 0
        while not self._cursor.done:
            before = self._cursor
            try:
                if mistakes < MOST_MISTAKES:
                    await self._follow()
                else:
                    await self._end_with(BROKEN)
            except (ClusterError, FunadeError, OSError) as error:
                log.warning("a log is interrupted", job=self.job.name, problem=str(error))
            except Exception:
                # The process's loop: a log that we cannot read must not keep its Job for ever.
                log.exception("our mistake; a log is read again", job=self.job.name)
                mistakes = mistakes + 1 if self._cursor == before else 1
            if not self._cursor.done:
                pause = PAUSE_SECONDS if self._cursor != before else min(pause * 2, LONGEST_PAUSE_SECONDS)
                await self.clock.sleep(pause)

    async def _follow(self) -> None:
        pod = await self._find_pod()
        if pod is None:
            if await self._is_over():
                await self._keep(replace(self._cursor, done=True))
            return
        if self._cursor.pod != pod.uid:
            self._cursor = Cursor(offset=self._cursor.offset, pod=pod.uid)
        was_over = not pod.is_alive
        if not pod.has_begun and not was_over:
            return
        try:
            values = await self._secrets()
        except Forbidden:
            await self._end_with(WITHHELD)
            return
        with suppress(NotFound, Invalid):
            # Invalid: the container has not begun, or its output is gone already.
            if was_over:
                await self._read_to_the_end(pod, values)
            else:
                await self._read(pod, values, follow=True)
        await self._keep(replace(self._cursor, done=was_over))

    async def _read_to_the_end(self, pod: SeenPod, values: list[str]) -> None:
        """Read until a reading brings nothing new: an API server does not tell that a node's answer broke."""
        half: list[Line] | None = None
        while True:
            is_news = await self._read(pod, values, follow=False, half=half)
            if not is_news and half is not None and half == self._half:
                return
            half = self._half

    async def _end_with(self, words: bytes) -> None:
        """Tell these as the last of the output."""
        await self._send(self._cursor.offset, words)
        await self._keep(replace(self._cursor, offset=self._cursor.offset + len(words), done=True))

    async def _find_pod(self) -> SeenPod | None:
        """Return the Pod of the Job that tells most: the one that is alive, or began."""
        labels = ",".join(f"{key}={value}" for key, value in self.job.raw["metadata"]["labels"].items())
        found = (await self.cluster.list(PODS, self.namespace, labels=labels)).objects
        pods = [
            read_pod(one, self.job.container)
            for one in found
            if any(owner.get("uid") == self.job.uid for owner in one["metadata"].get("ownerReferences") or [])
        ]
        pods.sort(key=lambda one: (one.uid == self._cursor.pod, one.has_begun, one.is_alive))
        return pods[-1] if pods else None

    async def _is_over(self) -> bool:
        try:
            raw = await self.cluster.get(JOBS, self.job.name, self.namespace)
        except NotFound:
            return True
        conditions = (raw.get("status") or {}).get("conditions") or []
        return bool(raw["metadata"].get("deletionTimestamp")) or any(
            one.get("type") in ("Complete", "Failed") and one.get("status") == "True" for one in conditions
        )

    async def _read(
        self, pod: SeenPod, values: list[str], *, follow: bool, half: list[Line] | None = None
    ) -> bool:
        """Tell what is new in one answer, and whether there was any; half a line is none, unless it is `half` again."""
        catcher, masker = Catcher(self._cursor), Masker(patterns(values))
        parcel = _Parcel(self._cursor)
        is_news = False

        def take(line: Line) -> None:
            nonlocal is_news
            if not catcher.is_new(line):
                return
            is_news = True
            if catcher.gap:
                catcher.gap = False
                parcel.content += GAP
                parcel.cursor = replace(parcel.cursor, runs=())
            parcel.content += masker.feed(line.text)
            parcel.cursor = parcel.cursor.after(line)
            if masker.is_clear:
                parcel.clear()

        async with aclosing(self._batches(pod, follow=follow)) as batches:
            async for lines in batches:
                for line in lines:
                    take(line)
                await self._tell(parcel)
        was_news = is_news
        if not was_news and half is not None and half == self._half:
            for line in half:
                take(line)
        parcel.content += masker.flush()
        parcel.clear()
        await self._tell(parcel)
        return was_news

    async def _tell(self, parcel: "_Parcel") -> None:
        """Tell what is collected; where nothing is held back any more is a place to go on from."""
        for offset, piece in parcel.pieces():
            await self._send(offset, piece)
        if parcel.clean is not None:
            self._cursor, parcel.clean = parcel.clean, None
            if self.clock.steady() - self._kept_at >= KEPT_EVERY_SECONDS:
                await self._keep(self._cursor)

    async def _batches(self, pod: SeenPod, *, follow: bool) -> AsyncGenerator[list[Line], None]:
        """Yield the lines that came within a moment, together."""
        waiting: asyncio.Queue[Line | None] = asyncio.Queue(_AHEAD)
        pumping = asyncio.create_task(self._pump(pod, waiting, follow=follow))
        try:
            is_open = True
            while is_open:
                batch: list[Line] = []
                size, line = 0, await waiting.get()
                with suppress(TimeoutError):
                    async with asyncio.timeout(COLLECTED_SECONDS):
                        while line is not None:
                            batch.append(line)
                            size += len(line.raw)
                            if size >= LOG_LIMIT:
                                break
                            line = await waiting.get()
                is_open = line is not None
                yield batch
            await pumping
        finally:
            pumping.cancel()
            await asyncio.wait({pumping})

    async def _pump(self, pod: SeenPod, into: "asyncio.Queue[Line | None]", *, follow: bool) -> None:
        lines = Lines()
        try:
            async with aclosing(
                self.cluster.log(
                    pod.name,
                    self.namespace,
                    container=self.job.container,
                    follow=follow,
                    since_time=self._cursor.since,
                )
            ) as pieces:
                async for piece in pieces:
                    for line in lines.feed(piece):
                        await into.put(line)
            # Of a connection that broke, half a line is no line.
            self._half = list(lines.rest())
        except Exception:
            # Whatever it is, whoever reads must hear of it rather than wait.
            await into.put(None)
            raise
        await into.put(None)

    async def _send(self, offset: int, content: bytes) -> None:
        attempt = self.attempt
        fact = ReportedLog(
            execution=attempt.execution, offset=offset, content=content, rest={"store": attempt.store}
        )
        with effect("controller.tell_log"):
            await self.outlet.send([fact])

    async def _keep(self, cursor: Cursor) -> None:
        """Write down on the Job how far its output is told."""
        self._cursor = cursor
        patch = {"metadata": {"annotations": {LOG: write(cursor)}}}
        with suppress(NotFound), effect("controller.keep_place_in_log"):
            await self.cluster.patch(JOBS, self.job.name, self.namespace, patch, manager=MANAGER)
        self._kept_at = self.clock.steady()

    async def _secrets(self) -> list[str]:
        """Return the values of all Secrets that the Pod may know, or raise Forbidden."""
        found: list[str] = []
        for name in sorted(set(secrets_of(self.job.raw["spec"]["template"].get("spec") or {}))):
            try:
                secret = await self.cluster.get(SECRETS, name, self.namespace)
            except NotFound:
                continue
            found += (_decoded(one) for one in (secret.get("data") or {}).values())
        return found


@dataclass(slots=True)
class _Parcel:
    """Output that is collected and not told; `clean` is the last place from which another could go on."""

    cursor: Cursor
    content: bytearray = field(default_factory=bytearray)
    clean: Cursor | None = None

    def clear(self) -> None:
        self.clean = replace(self.cursor, offset=self.cursor.offset + len(self.content))

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Yield what is to be told now, each piece with its place, and count it as told."""
        content, self.content = bytes(self.content), bytearray()
        for start in range(0, len(content), LOG_LIMIT):
            yield self.cursor.offset + start, content[start : start + LOG_LIMIT]
        self.cursor = replace(self.cursor, offset=self.cursor.offset + len(content))


def secrets_of(pod: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the Secrets that a Pod's containers may see."""
    for container in [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]:
        for one in container.get("env") or []:
            yield from _named(((one.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name"))
        for one in container.get("envFrom") or []:
            yield from _named((one.get("secretRef") or {}).get("name"))
    for volume in pod.get("volumes") or []:
        yield from _named((volume.get("secret") or {}).get("secretName"))
        for one in (volume.get("projected") or {}).get("sources") or []:
            yield from _named((one.get("secret") or {}).get("name"))


def _named(name: object) -> Iterator[str]:
    if isinstance(name, str) and name:
        yield name


def _decoded(value: object) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode(errors="surrogateescape")
    except binascii.Error:
        return ""
