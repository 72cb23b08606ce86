"""This machine as a place for programs: each under a supervisor, each environment under a guard."""

import asyncio
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from funade.domain.errors import GuardRefused, TemporaryTargetError
from funade.domain.orders import Execution, Sighting, Standing, StartOrder
from funade.failpoints import effect
from funade.targets import Surroundings
from funade.targets.command import guard, orphans, supervisor, watch
from funade.targets.command.attempt import Attempt
from funade.targets.command.config import PATIENCE_SECONDS, Settings
from funade.targets.command.guard import Entry, Guard
from funade.targets.command.instructions import instructions
from funade.targets.command.spare import Spare
from funade.targets.command.starter import Starter

KIND = "command"
#: A full disk or a busy guard is worth another try soon; an unreadable guard waits for a person.
SOON = timedelta(seconds=5)
LATER = timedelta(seconds=30)

BETWEEN_LOOKS_SECONDS = 0.05


class CommandPlace:
    """The programs of one `command` target's environment. Any process of this machine may look and cancel."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._spare: Spare = surroundings.kept.setdefault(KIND, Spare())
        self._ready: Starter | None = None

    @property
    def needs_files(self) -> bool:
        """Tell that a program runs in its checkout."""
        return True

    async def look(self, execution: Execution) -> Sighting:
        """Return what the place knows now; raises TemporaryTargetError while it cannot be asked."""
        with _worded(TemporaryTargetError):
            return await asyncio.to_thread(self._look, execution)

    async def start(self, order: StartOrder) -> None:
        """Raise the guard and begin, at most once for this attempt; or raise GuardRefused. Returns once it began."""
        with _worded(GuardRefused):
            if self._ready is not None:
                # It may have been killed during a long checkout.
                self._spare.give_back(self._ready)
                self._ready = None
            starter = self._spare.take()
            try:
                told = await asyncio.to_thread(self._prepare, order)
                for key, entry in (await asyncio.to_thread(self._raise, order)).items():
                    await self._end_older(key, entry)
                word, text = await asyncio.to_thread(starter.hand_over, told)
            except BaseException:
                # Whoever gives up while no thread is free has handed over nothing.
                starter.close()
                raise
            self._spare.provide()
        await self._understand(order.execution, word, text)

    @contextmanager
    def expecting(self, execution: Execution) -> Iterator[None]:  # noqa: ARG002 -- any supervisor is for any execution
        """Let a supervisor's interpreter start meanwhile; without instructions it does nothing.

        Not in a thread: what is given up must not lose hold of it.
        """
        with suppress(OSError):
            # The start itself says what is wrong, should it still be.
            self._ready = self._spare.take()
        try:
            yield
        finally:
            unused, self._ready = self._ready, None
            if unused is not None:
                self._spare.give_back(unused)

    async def cancel(self, execution: Execution) -> Sighting:
        """End it if it runs (without waiting for that end), seal it if it never began; return what is so now."""
        with _worded(TemporaryTargetError):
            return await asyncio.to_thread(self._cancel, execution)

    async def wait(self, execution: Execution) -> Sighting:
        """Return once it does not run any more."""
        while (sighting := await self.look(execution)).standing is Standing.RUNNING:
            await _until_left(self._attempt(execution))
        return sighting

    async def keep_alive(self, execution: Execution) -> None:
        """Tell the place that somebody still looks after it (`abandoned: stop`)."""
        with _worded(TemporaryTargetError):
            await asyncio.to_thread(self._attempt(execution).tell, watch.KEEP_ALIVE)

    def check_guard(self, application: str, environment: str) -> None:
        """Raise a TargetError when nothing could begin here; changes nothing."""
        with _worded(TemporaryTargetError):
            it = Guard(self._guard_folder(application, environment))
            state = it.read()
            if self._surroundings.store:
                state.check_store(self._surroundings.store, it.folder)

    def guards(self) -> Path:
        """Return the folder of all guards."""
        return Path(self._settings.guard) if self._settings.guard else self._surroundings.data / "guards"

    def _guard_folder(self, application: str, environment: str) -> str:
        return str(self.guards() / _safe(application) / _safe(environment))

    def _guard(self, execution: Execution) -> Guard:
        return Guard(self._guard_folder(execution.application, execution.environment))

    def _attempt(self, execution: Execution) -> Attempt:
        return Attempt(
            self._surroundings.data.absolute()
            / "attempts"
            / _safe(execution.deployment)
            / str(execution.attempt)
        )

    def _look(self, execution: Execution) -> Sighting:
        attempt = self._attempt(execution)
        supervised = attempt.is_supervised()
        # After the look for the supervisor: it writes the end before it leaves.
        ended = self._ended(execution, attempt)
        if ended is not None:
            return ended
        state = self._guard(execution).read()
        entry = state.attempts.get(_key(execution))
        if entry is None:
            return Sighting(standing=Standing.UNSEEN, highest_fence=state.highest)
        match entry["phase"]:
            case guard.SEALED:
                return Sighting(standing=Standing.SEALED, highest_fence=state.highest)
            case guard.INTENDED:
                # Under a higher fence it never will begin.
                sealed = execution.fence < state.highest
                standing = Standing.SEALED if sealed else Standing.INTENDED
                return Sighting(standing=standing, highest_fence=state.highest)
            case _:
                if supervised or attempt.is_supervised():
                    return Sighting(standing=Standing.RUNNING, highest_fence=state.highest)
                # It may have left since the first look.
                return self._ended(execution, attempt) or self._lost(entry, state.highest)

    def _ended(self, execution: Execution, attempt: Attempt) -> Sighting | None:
        try:
            ending = attempt.ending()
        except ValueError as error:
            problem = f"the record of its end cannot be read: {error}"
            return Sighting(standing=Standing.LOST, highest_fence=execution.fence, problem=problem)
        if ending is None:
            return None
        try:
            highest = self._guard(execution).read().highest
        except guard.Unreadable:
            # How this one ended is known all the same.
            highest = execution.fence
        return Sighting(standing=Standing.ENDED, highest_fence=highest, ending=ending)

    def _lost(self, entry: Entry, highest: int) -> Sighting:
        """End what an execution without a supervisor may have left, and say that nobody knows how it ended."""
        problem = orphans.end(entry["process"])
        return Sighting(standing=Standing.LOST, highest_fence=highest, problem=problem)

    def _prepare(self, order: StartOrder) -> dict[str, object]:
        execution = order.execution
        # A program of staging must not prepare what one of production finds.
        cache = self._surroundings.data.absolute() / "cache" / _safe(execution.application)
        cache /= _safe(execution.environment)
        with effect("command.make_cache"):
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        attempt = self._attempt(execution)
        attempt.make()
        told = instructions(order, self._settings, self._surroundings.secrets, cache)
        lease = self._surroundings.lease.total_seconds()
        return told | {
            "guard": self._guard(execution).folder,
            "folder": str(attempt.folder),
            "key": _key(execution),
            "store": self._surroundings.store,
            "lease": lease if self._settings.abandoned == "stop" else None,
        }

    def _raise(self, order: StartOrder) -> dict[str, Entry]:
        """Raise the guard for this attempt; return the older ones that began and may still live."""
        execution = order.execution
        it = self._guard(execution)
        _make_guard(it)
        with it.locked():
            state = it.read()
            state.check_store(self._surroundings.store, it.folder)
            state.intend(self._surroundings.store, _key(execution), execution.fence, order.digest)
            older = state.older_started(_key(execution))
            for key in [key for key, entry in older.items() if _is_over(entry)]:
                state.end(key)
                del older[key]
            with effect("command.intend"):
                it.write(state)
        return older

    async def _end_older(self, key: str, entry: Entry) -> None:
        """See to it that nothing of an older execution lives; or raise TemporaryTargetError."""
        process = entry["process"]
        attempt = Attempt(Path(process["folder"]))
        await asyncio.to_thread(attempt.tell, watch.CANCEL)
        if not await _left(attempt, process["grace"] + PATIENCE_SECONDS):
            await asyncio.to_thread(orphans.end, process)
            if not await _left(attempt, PATIENCE_SECONDS):
                await asyncio.to_thread(orphans.kill_supervisor, process)
                if not await _left(attempt, PATIENCE_SECONDS):
                    message = f"an older execution ({key}) lives and cannot be ended from here"
                    raise TemporaryTargetError(message, LATER)
        if attempt.ending() is None:
            await asyncio.to_thread(orphans.end, process)

    async def _understand(self, execution: Execution, word: str, text: str) -> None:
        """Return when the supervisor's answer means that it began, or raise what it means."""
        if word == supervisor.REFUSED:
            raise GuardRefused(text)
        if word == supervisor.FAILED:
            raise TemporaryTargetError(text, SOON)
        if word == supervisor.STARTED:
            return
        began = (await self.look(execution)).standing in (Standing.RUNNING, Standing.ENDED, Standing.LOST)
        if began and word == supervisor.BUSY:
            message = "this attempt has begun before, and no attempt begins twice"
            raise GuardRefused(message)
        if not began:
            raise TemporaryTargetError(text or "the supervisor ended before it began", SOON)

    def _cancel(self, execution: Execution) -> Sighting:
        sighting = self._look(execution)
        if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
            it = self._guard(execution)
            _make_guard(it)
            with it.locked():
                state = it.read()
                state.check_store(self._surroundings.store, it.folder)
                state.seal(self._surroundings.store, _key(execution), execution.fence)
                with effect("command.seal"):
                    it.write(state)
            sighting = self._look(execution)
        if sighting.standing is Standing.RUNNING:
            self._attempt(execution).tell(watch.CANCEL)
        return sighting


def _is_over(entry: Entry) -> bool:
    try:
        return Attempt(Path(entry["process"]["folder"])).ending() is not None
    except ValueError:
        return False


async def _left(attempt: Attempt, seconds: float) -> bool:
    """Wait until the attempt's supervisor has left; False when it has not."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _until_left(attempt)
            return True
    return False


async def _until_left(attempt: Attempt) -> None:
    with attempt.control() as control:
        if control is None:
            return
        if not hasattr(select, "epoll"):
            while attempt.is_supervised():  # noqa: ASYNC110 -- such a system has no event for it
                await asyncio.sleep(BETWEEN_LOOKS_SECONDS)
            return
        loop = asyncio.get_running_loop()
        left = asyncio.Event()
        # Asked for nothing, it tells of errors only: a pipe that nobody can read any more is one.
        with select.epoll() as watcher:
            watcher.register(control, 0)
            loop.add_reader(watcher.fileno(), left.set)
            try:
                await left.wait()
            finally:
                loop.remove_reader(watcher.fileno())


@contextmanager
def _worded(unreadable: type[GuardRefused] | type[TemporaryTargetError]) -> Iterator[None]:
    """Turn what goes wrong here into the words of the port; an unreadable guard is `unreadable`."""
    try:
        yield
    except guard.Refused as error:
        raise GuardRefused(str(error)) from error
    except guard.Unreadable as error:
        if unreadable is GuardRefused:
            raise GuardRefused(str(error)) from error
        raise TemporaryTargetError(str(error), LATER) from error
    except OSError as error:
        where = f" (`{error.filename}`)" if error.filename else ""
        message = f"{error.strerror or error}{where}"
        raise TemporaryTargetError(message, SOON) from error


def _make_guard(it: Guard) -> None:
    with effect("command.make_guard"):
        Path(it.folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def _key(execution: Execution) -> str:
    return f"{execution.deployment}/{execution.attempt}"


def _safe(name: str) -> str:
    """Return a name as that of a file: no two alike, none that leads elsewhere."""
    return quote(name, safe="").replace(".", "%2E")
