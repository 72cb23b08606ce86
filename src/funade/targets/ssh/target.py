"""A `ssh` target behind the port: its plan, its place, what is live on its hosts, its preconditions."""

import asyncio
from collections.abc import Sequence

from funade.domain import wire
from funade.domain.application import parse_reference
from funade.domain.errors import PermanentTargetError, SecretError, TargetError, TemporaryTargetError
from funade.domain.orders import Execution, Observed, Problem
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.targets import Surroundings
from funade.targets.ssh import checking
from funade.targets.ssh.config import Settings
from funade.targets.ssh.connections import Connections
from funade.targets.ssh.instructions import Instructions, reveal
from funade.targets.ssh.place import SshPlace, worst_of
from funade.targets.ssh.plan import path_of, plan
from funade.targets.ssh.sightings import HostSeen, Live

KIND = "ssh"


class SshTarget:
    """One environment's hosts."""

    def __init__(self, settings: Settings, release: Release, surroundings: Surroundings) -> None:
        self._settings, self._release, self._surroundings = settings, release, surroundings
        connections = surroundings.kept.setdefault(KIND, Connections(surroundings.secrets))
        self._connections: Connections = connections
        self._place = SshPlace(settings, release, surroundings, connections)

    @property
    def place(self) -> SshPlace:
        return self._place

    def plan(self, release: Release) -> Plan:
        """Return all steps that lead to `release`."""
        return plan(self._settings, release)

    async def observe(self, release: Release) -> Observed:
        """Return which revision is live on the hosts; a release is there when all of them have it."""
        seen = await self._place.look_live(_nothing_of(release))
        answers = {host: one for host, one in seen.items() if isinstance(one, HostSeen)}
        live = Live(revisions={host: one.revision for host, one in answers.items()})
        silent = [one for one in seen.values() if isinstance(one, TargetError)]
        if silent:
            error = worst_of(silent)
            message = "; ".join(one for one in (live.shown(), str(error)) if one)
            if isinstance(error, TemporaryTargetError):
                raise TemporaryTargetError(message, error.retry_after)
            raise type(error)(message)
        return Observed(
            matches=live.all_have(release.revision),
            revision=live.common,
            shown=live.shown(),
            differing=live.shown() if live.is_mixed else "",
        )

    async def check(self) -> Sequence[Problem]:
        """Return the preconditions that do not hold; changes nothing."""
        problems = [*await asyncio.to_thread(self._secret_problems)]
        if any(one.where == "key" for one in problems):
            return problems
        request = Instructions(
            settings=self._settings,
            release=self._release,
            execution=_nothing_of(self._release),
            store=self._surroundings.store,
        ).check()
        path = path_of(self._settings, self._release.application, self._release.environment)
        with self._connections.held(self._settings.hosts, self._settings.access):
            self._connections.begin(self._settings.hosts, self._settings.access)
            for host in self._settings.hosts:
                try:
                    lines = await self._place.ask(host, request)
                except (TargetError, SecretError) as error:
                    problems.append(Problem(where=f"hosts ({host})", problem=str(error)))
                else:
                    problems += checking.problems(host, path, lines, self._surroundings.clock.now())
        return problems

    def _secret_problems(self) -> list[Problem]:
        problems = []
        for name, reference in self._settings.secrets.items():
            try:
                reveal(Settings(hosts=(), path="", secrets={name: reference}), self._surroundings.secrets)
            except SecretError as error:
                problems.append(Problem(where=f"secrets.{name}", problem=str(error)))
        if self._settings.key is not None:
            try:
                self._surroundings.secrets.reveal(parse_reference(self._settings.key))
            except SecretError as error:
                problems.append(Problem(where="key", problem=str(error)))
        return problems


def _nothing_of(release: Release) -> Execution:
    """Return an execution that no host knows: for questions that are about none."""
    return Execution(
        deployment="none",
        number=0,
        attempt=0,
        fence=0,
        application=release.application,
        environment=release.environment,
    )


def open_target(release: Release, surroundings: Surroundings) -> SshTarget:
    """Return the target of a release's stored settings, or raise PermanentTargetError."""
    try:
        settings = wire.from_plain(Settings, dict(release.target.settings))
    except wire.Unreadable as error:
        message = f"the stored settings of this `ssh` target cannot be read: {error}"
        raise PermanentTargetError(message) from error
    return SshTarget(settings, release, surroundings)
