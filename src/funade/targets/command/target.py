"""A `command` target behind the port: its plan, its place, its preconditions."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence

from funade.domain import wire
from funade.domain.errors import PermanentTargetError, SecretError, TargetError
from funade.domain.orders import Observed, Problem
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.targets import Surroundings
from funade.targets.command.config import Settings
from funade.targets.command.instructions import reveal
from funade.targets.command.place import CommandPlace
from funade.targets.command.plan import argv, plan


class CommandTarget:
    """One environment's program."""

    def __init__(self, settings: Settings, release: Release, surroundings: Surroundings) -> None:
        self._settings, self._release, self._surroundings = settings, release, surroundings
        self._place = CommandPlace(settings, surroundings)

    @property
    def place(self) -> CommandPlace:
        return self._place

    def plan(self, release: Release) -> Plan:
        """Return all steps that lead to `release`."""
        return plan(self._settings, release)

    async def observe(self, release: Release) -> Observed:  # noqa: ARG002 -- a program shows nothing by itself
        """Return that nothing can be seen: a program's success is seen by its environment's `verify`."""
        return Observed()

    async def check(self) -> Sequence[Problem]:
        """Return the preconditions that do not hold; changes nothing."""
        return await asyncio.to_thread(lambda: list(self._problems()))

    def _problems(self) -> Iterator[Problem]:
        yield from self._program()
        yield from self._folders()
        for name, reference in self._settings.secrets.items():
            try:
                reveal(Settings(run=(), secrets={name: reference}), self._surroundings.secrets)
            except SecretError as error:
                yield Problem(where=f"secrets.{name}", problem=str(error))
        try:
            self._place.check_guard(self._release.application, self._release.environment)
        except TargetError as error:
            yield Problem(where="guard", problem=str(error))

    def _program(self) -> Iterator[Problem]:
        name = argv(self._settings, self._release)[0]
        path = self._settings.environment.get("PATH", os.environ.get("PATH", os.defpath))
        if "/" in name:
            # Inside the checkout it is there only when it is needed.
            if name.startswith("/") and not os.access(name, os.X_OK):
                yield Problem(where="run[0]", problem=f"`{name}` is not there or not executable")
        elif shutil.which(name, path=path) is None:
            remedy = f"install it, or write `./{name}` if it is part of the repository"
            yield Problem(
                where="run[0]", problem=f"there is no program `{name}` in Funade's PATH", remedy=remedy
            )

    def _folders(self) -> Iterator[Problem]:
        for key, folder in (("guard", self._place.guards()), ("data", self._surroundings.data)):
            nearest = folder.absolute()
            while not nearest.exists():
                nearest = nearest.parent
            if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
                problem = f"`{folder}` cannot be written: `{nearest}` does not let us"
                remedy = f"run Funade as a user that may, or set `{key}` elsewhere"
                yield Problem(where=key, problem=problem, remedy=remedy)


def open_target(release: Release, surroundings: Surroundings) -> CommandTarget:
    """Return the target of a release's stored settings, or raise PermanentTargetError."""
    try:
        settings = wire.from_plain(Settings, dict(release.target.settings))
    except wire.Unreadable as error:
        message = f"the stored settings of this `command` target cannot be read: {error}"
        raise PermanentTargetError(message) from error
    return CommandTarget(settings, release, surroundings)
