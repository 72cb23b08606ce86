"""Hosts as one place: an execution is prepared on all of them, then switched on all of them.

Everything that counts is on the hosts. Whoever looks after a deployment asks them, decides (`sightings.py`) and
tells them; when it dies, the next one does the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from funade.domain import masking
from funade.domain.errors import (
    GuardRefused,
    PermanentTargetError,
    SecretError,
    TargetError,
    TemporaryTargetError,
)
from funade.domain.orders import Execution, Sighting, Standing, StartOrder
from funade.domain.release import Release
from funade.failpoints import effect
from funade.targets import Surroundings
from funade.targets.ssh import archive, sightings
from funade.targets.ssh.config import Settings
from funade.targets.ssh.connections import Connections
from funade.targets.ssh.hosts import Host
from funade.targets.ssh.instructions import Instructions, reveal
from funade.targets.ssh.output import HostsLog
from funade.targets.ssh.request import Request
from funade.targets.ssh.sightings import HostSeen

if TYPE_CHECKING:
    from funade.targets.ssh.client import Connection

T = TypeVar("T")

SOON = timedelta(seconds=2)
#: What an answer may take beyond what the host itself waits for.
ANSWERS_WITHIN_SECONDS = 60.0

#: So long an answer waits for a stage that ends in a moment.
MOMENT_SECONDS = 0.5

GIVEN_UP = "given up, since another host failed"
WISHED = "cancelled"


class SshPlace:
    """The hosts of one `ssh` target. Any process that can reach them may look, cancel and go on."""

    def __init__(
        self, settings: Settings, release: Release, surroundings: Surroundings, connections: Connections
    ) -> None:
        self._settings, self._release, self._surroundings = settings, release, surroundings
        self._connections = connections

    @property
    def needs_files(self) -> bool:
        """Tell whether git alone cannot pack the release."""
        return archive.needs_files(self._release.repository)

    async def look(self, execution: Execution) -> Sighting:
        """Return what the hosts know now; raises TemporaryTargetError while one of them cannot be asked."""
        with self._held():
            seen = await self._look(execution)
            sighting = sightings.combine(seen)
            if sighting.standing in (Standing.ENDED, Standing.LOST):
                # Whoever saw it run may have died before it had the whole log; the answer counts without it.
                with suppress(TargetError, SecretError):
                    await self._collect(execution, seen, self._log(execution))
            return sighting

    @contextmanager
    def expecting(self, execution: Execution) -> Iterator[None]:  # noqa: ARG002 -- all executions go the same way
        """Connect to the hosts meanwhile, and keep the connections for all that follows."""
        with self._held():
            self._connections.begin(self._settings.hosts, self._settings.access)
            yield

    async def start(self, order: StartOrder) -> None:
        """Raise the guards, send the files, begin to prepare; or raise GuardRefused. Returns once it began."""
        instructions = self._instructions(order.execution, order.digest)
        secrets = await asyncio.to_thread(reveal, self._settings, self._surroundings.secrets)
        with self._held():
            remaining = (order.not_after - self._surroundings.clock.now()).total_seconds()
            if remaining <= 0:
                await self.cancel(order.execution)
                message = "its time to begin is over"
                raise GuardRefused(message)
            missing = await self._intend(instructions, int(remaining))
            if missing:
                packed = await archive.make_archive(Path(order.workspace), order.release)
                await self._send(instructions, missing, packed)
            if self._surroundings.clock.now() > order.not_after:
                await self.cancel(order.execution)
                message = "its time to begin is over"
                raise GuardRefused(message)
            # Of two who start the same attempt, one gets here first; the other is refused as a whole.
            first, *others = self._settings.hosts[: self._settings.at_once]
            await self._prepare(instructions, first, secrets, may_be_late=False)
            # What these say shows at the next look.
            await self._try_each(
                others, lambda host: self._prepare(instructions, host, secrets, may_be_late=True)
            )

    async def cancel(self, execution: Execution) -> Sighting:
        """End it where it runs, seal it where it never began; return what is so now."""
        request = self._instructions(execution).cancel(WISHED)
        with self._held():
            self._connections.forsake(self._settings.hosts, self._settings.access)
            seen = await self._each(self._settings.hosts, lambda host: self._tell_cancel(host, request))
        return sightings.combine({str(host): one for host, one in seen.items()})

    async def wait(self, execution: Execution) -> Sighting:
        """Bring it on, host by host, and return once it does not run any more."""
        with self._held():
            log = self._log(execution)
            patience = MOMENT_SECONDS
            while True:
                seen = await self._look_on(execution, log, patience)
                moves = sightings.next_moves(seen, self._settings.at_once)
                if moves.is_over:
                    if not all(one.is_well for one in seen.values()):
                        self._connections.forsake(self._settings.hosts, self._settings.access)
                    await self._collect(execution, seen, log)
                    return sightings.combine(seen)
                await self._move(execution, moves)
                if moves.prepare or moves.publish or moves.give_up:
                    # Most stages are over in a moment: then there is nothing to follow.
                    patience = MOMENT_SECONDS
                elif moves.follow:
                    await self._follow_first(execution, moves.follow, log)
                    patience = 0.0

    async def keep_alive(self, execution: Execution) -> None:
        """Nothing: hosts end what they run by their own time limit, and anybody may go on."""

    async def look_live(self, execution: Execution) -> Mapping[str, HostSeen | TargetError]:
        """Return what each host says, or why it cannot be asked."""
        request = self._instructions(execution).look()
        with self._held():
            seen = await self._try_each(self._settings.hosts, lambda host: self._ask_live(host, request))
        return {str(host): one for host, one in seen.items()}

    async def ask(self, host: Host, request: Request) -> list[str]:
        """Return the lines of a host's answer without the last word; or raise what that word means."""
        connection = await self._connection(host)
        async with _InTime(host, ANSWERS_WITHIN_SECONDS + self._settings.kill_grace):
            return understand(host, await connection.ask(request))

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._connections.held(self._settings.hosts, self._settings.access):
            yield

    async def _connection(self, host: Host) -> "Connection":
        return await self._connections.to(host, self._settings.access)

    def _instructions(self, execution: Execution, digest: str = "-") -> Instructions:
        return Instructions(
            settings=self._settings,
            release=self._release,
            execution=execution,
            store=self._surroundings.store,
            digest=digest,
        )

    def _log(self, execution: Execution) -> HostsLog:
        secrets = reveal(self._settings, self._surroundings.secrets)
        masks = masking.patterns(secrets.values())
        return HostsLog(self._surroundings.data, execution.deployment, execution.attempt, masks)

    async def _each(self, hosts: Iterable[Host], work: Callable[[Host], Awaitable[T]]) -> dict[Host, T]:
        """Do `work` for each host at the same time; when all are done, raise what the worst of them met."""
        tried = await self._try_each(hosts, work)
        errors = [one for one in tried.values() if isinstance(one, TargetError)]
        if errors:
            raise worst_of(errors)
        return {host: one for host, one in tried.items() if not isinstance(one, TargetError)}

    async def _try_each(
        self, hosts: Iterable[Host], work: Callable[[Host], Awaitable[T]]
    ) -> dict[Host, T | TargetError]:
        """Do `work` for each host at the same time; what the target did not do stands in place of the result."""
        them = tuple(hosts)
        done: dict[Host, T | TargetError] = {}
        for host, one in zip(
            them, await asyncio.gather(*(work(host) for host in them), return_exceptions=True), strict=True
        ):
            if isinstance(one, BaseException) and not isinstance(one, TargetError):
                raise one
            done[host] = one
        return done

    async def _look(self, execution: Execution) -> dict[str, HostSeen]:
        request = self._instructions(execution).look()

        async def look(host: Host) -> HostSeen:
            with effect("ssh.look"):
                return self._read(host, await self.ask(host, request))

        return {str(host): one for host, one in (await self._each(self._settings.hosts, look)).items()}

    async def _look_on(self, execution: Execution, log: HostsLog, patience: float) -> dict[str, HostSeen]:
        """Look, and take the output that comes with the answer."""
        instructions = self._instructions(execution)

        async def look(host: Host) -> HostSeen:
            start = await asyncio.to_thread(log.taken, str(host))
            with effect("ssh.look_on"):
                lines = await self.ask(host, instructions.look(patience_seconds=patience, start=start))
            seen = self._read(host, lines, start)
            if seen.fresh:
                is_over = seen.phase not in sightings.RUNNING
                await asyncio.to_thread(_take, log, str(host), start, seen.fresh, last=is_over)
            return seen

        return {str(host): one for host, one in (await self._each(self._settings.hosts, look)).items()}

    async def _ask_live(self, host: Host, request: Request) -> HostSeen:
        with effect("ssh.observe"):
            return self._read(host, await self.ask(host, request))

    async def _tell_cancel(self, host: Host, request: Request) -> HostSeen:
        with effect("ssh.cancel"):
            return self._read(host, await self.ask(host, request))

    def _read(self, host: Host, lines: list[str], start: int = 0) -> HostSeen:
        try:
            return sightings.read_answer(lines, start)
        except sightings.Unreadable as error:
            message = f"{host}: {error}"
            raise TemporaryTargetError(message, SOON) from error

    async def _intend(self, instructions: Instructions, remaining_seconds: int) -> list[Host]:
        """Raise the guard on every host; return those that do not have the release yet."""

        async def intend(host: Host) -> bool:
            with effect("ssh.intend"):
                lines = await self.ask(host, instructions.intend(host, remaining_seconds))
            return any(line.startswith("have ") and line != "have " for line in lines)

        have = await self._each(self._settings.hosts, intend)
        return [host for host, it_has in have.items() if not it_has]

    async def _send(self, instructions: Instructions, hosts: list[Host], packed: Path) -> None:
        room = asyncio.Semaphore(self._settings.at_once)

        async def send(host: Host) -> None:
            async with room:
                connection = await self._connection(host)
                with effect("ssh.send"):
                    came = understand(host, await connection.send(instructions.send(), packed))
                coming = next(
                    (line.removeprefix("coming ") for line in came if line.startswith("coming ")), ""
                )
                with effect("ssh.sent"):
                    await self.ask(host, instructions.sent(coming))

        await self._each(hosts, send)

    async def _prepare(
        self, instructions: Instructions, host: Host, secrets: Mapping[str, str], *, may_be_late: bool
    ) -> None:
        with effect("ssh.prepare"):
            await self.ask(host, instructions.prepare(host, secrets, may_be_late=may_be_late))

    async def _move(self, execution: Execution, moves: sightings.Moves) -> None:
        """Tell hosts what to do; one that says no shows why at the next look."""
        secrets = reveal(self._settings, self._surroundings.secrets)
        instructions = self._instructions(execution)
        by_name = {str(host): host for host in self._settings.hosts}

        async def publish(host: Host) -> None:
            with effect("ssh.publish"):
                await self.ask(host, instructions.publish(host, secrets))

        async def give_up(host: Host) -> None:
            with effect("ssh.give_up"):
                await self.ask(host, instructions.cancel(GIVEN_UP))

        async def prepare(host: Host) -> None:
            await self._prepare(instructions, host, secrets, may_be_late=True)

        for names, work in ((moves.give_up, give_up), (moves.prepare, prepare), (moves.publish, publish)):
            told = await self._try_each((by_name[name] for name in names), work)
            silent = [
                one
                for one in told.values()
                if isinstance(one, TargetError) and not isinstance(one, GuardRefused)
            ]
            if silent:
                raise worst_of(silent)

    async def _follow_first(self, execution: Execution, names: tuple[str, ...], log: HostsLog) -> None:
        """Take the running hosts' output until the first of them is done with its stage."""
        by_name = {str(host): host for host in self._settings.hosts}
        following = [
            asyncio.create_task(self._follow(execution, by_name[name], log), name=f"follow {name}")
            for name in names
        ]
        try:
            done, _ = await asyncio.wait(following, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in following:
                one.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _follow(self, execution: Execution, host: Host, log: HostsLog) -> None:
        start = await asyncio.to_thread(log.taken, str(host))
        with effect("ssh.follow"):
            await self._take_all(host, self._instructions(execution).follow(start), log, start)

    async def _collect(self, execution: Execution, seen: Mapping[str, HostSeen], log: HostsLog) -> None:
        """Take what is left of every host's output."""

        async def collect(host: Host) -> None:
            start = await asyncio.to_thread(log.taken, str(host))
            if seen[str(host)].output > start:
                with effect("ssh.output"):
                    rest = await self._take_all(host, self._instructions(execution).output(start), log, start)
                if rest:
                    start = await asyncio.to_thread(log.taken, str(host))
                    await asyncio.to_thread(_take, log, str(host), start, rest, last=True)

        await self._each(self._settings.hosts, collect)

    async def _take_all(self, host: Host, request: Request, log: HostsLog, start: int) -> bytes:
        """Take all output that a request brings into the log; return what is left: a line that is not whole."""
        connection = await self._connection(host)
        held, said_ok = b"", False
        async for piece in connection.stream(request):
            held += piece
            if not said_ok and b"\n" in held:
                word, _, held = held.partition(b"\n")
                understand(host, word + b"\n")
                said_ok = True
            if said_ok and held:
                taken = await asyncio.to_thread(_take, log, str(host), start, held)
                held, start = held[taken - start :], taken
        return held


def _take(log: HostsLog, host: str, start: int, data: bytes, *, last: bool = False) -> int:
    """Take output into the log; a full disk keeps it on its host, and nothing from going on."""
    try:
        return log.take(host, start, data, last=last)
    except OSError:
        return start


def understand(host: Host, answer: bytes) -> list[str]:
    """Return the lines before a host's last word; or raise what that word means. No last word: nobody knows."""
    # A newline ends a line, and nothing else that looks like one.
    *lines, rest = answer.decode(errors="surrogateescape").split("\n")
    word, _, rest = (lines[-1] if lines and not rest else "").partition(" ")
    match word:
        case "ok" | "began":
            return lines[:-1]
        case "refused":
            message = f"{host}: {rest}"
            raise GuardRefused(message)
        case "busy" | "failed":
            message = f"{host}: {rest}"
            raise TemporaryTargetError(message, SOON)
        case _:
            pass
    message = f"{host} did not finish its answer"
    raise TemporaryTargetError(message, SOON)


def worst_of(errors: list[TargetError]) -> TargetError:
    """Return one error that says it all: a no of a guard, then what waits for a person, then what may pass."""
    for kind in (GuardRefused, PermanentTargetError):
        found = [one for one in errors if isinstance(one, kind)]
        if found:
            return kind("; ".join(str(one) for one in found))
    return TemporaryTargetError("; ".join(str(one) for one in errors), SOON)


class _InTime:
    """Let a host answer within so many seconds."""

    def __init__(self, host: Host, seconds: float) -> None:
        self._host, self._timeout = host, asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        try:
            await self._timeout.__aexit__(*error)  # type: ignore[arg-type]
        except TimeoutError as timeout:
            message = f"{self._host} takes too long to answer"
            raise TemporaryTargetError(message, SOON) from timeout
