"""The kinds of target that Funade knows: the only list of them.

The supervisor stands on this package, so nothing is imported here before it is needed, not even `typing`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from typing import Any, Final

    from funade.domain.application import TargetConfiguration
    from funade.domain.orders import Problem
    from funade.domain.release import Release
    from funade.domain.wire import Plain
    from funade.usecases.ledger_ports import Ledger
    from funade.usecases.ports import Clock, Logs, Secrets, Target
    from funade.usecases.queue_ports import Exchange, QueuePlace


class Surroundings:
    """What every target is given: where it may keep files, whose it is, and how it gets at secrets and time.

    `store` is the id of the store that deploys; empty where none was opened, and nothing can begin. Places in other
    networks are reached through the `exchange`; what they tell is in the `ledger` and in the `logs`.
    """

    __slots__ = ("clock", "data", "exchange", "kept", "lease", "ledger", "logs", "secrets", "store")

    def __init__(  # noqa: PLR0913 - each is another part of the world
        self,
        *,
        data: Path,
        store: str,
        secrets: Secrets,
        lease: timedelta,
        clock: Clock,
        ledger: Ledger | None = None,
        logs: Logs | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self.data, self.store, self.secrets, self.lease, self.clock = data, store, secrets, lease, clock
        self.ledger, self.logs, self.exchange = ledger, logs, exchange
        #: what a kind keeps from one opened target to the next, by its name: its open connections
        self.kept: dict[str, Any] = {}


class TargetKind:
    """One kind: the shape of its section in funade.yaml, how that is read, and how a target of it is opened.

    `is_local`: only the machine where an execution runs can look at it.
    `stops_after`: in what time one that nobody looks after has stopped by itself, given its settings and a lease.
    `queues`: through which orders go to its place, and from which facts come, given its settings.
    """

    __slots__ = ("is_local", "open", "parse", "queues", "renew", "schema", "stops_after")

    def __init__(  # noqa: PLR0913 - what tells one kind from another
        self,
        *,
        schema: Callable[[], dict[str, Any]],
        parse: Callable[[Mapping[str, Plain], str], tuple[dict[str, Plain], Sequence[Problem]]],
        open: Callable[[Release, Surroundings], Target],
        renew: Callable[[Mapping[str, Plain], Mapping[str, Plain]], dict[str, Plain]],
        is_local: bool = False,
        stops_after: Callable[[Mapping[str, Plain], timedelta], timedelta | None] = lambda *_: None,
        queues: Callable[[Mapping[str, Plain]], tuple[QueuePlace, QueuePlace] | None] = lambda _: None,
    ) -> None:
        self.is_local, self.stops_after, self.queues = is_local, stops_after, queues
        self.schema, self.parse, self.open, self.renew = schema, parse, open, renew


class OpenTargets:
    """The targets of releases, each opened with its release's own stored settings."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def is_local(self, release: Release) -> bool:
        """Tell whether only the machine where it runs can look at an execution of this release."""
        kind = KINDS.get(release.target.kind)
        return kind is not None and kind.is_local

    def stops_after(self, release: Release) -> timedelta | None:
        """Return in what time an execution that nobody looks after has stopped by itself, whole; None: it goes on."""
        kind = KINDS.get(release.target.kind)
        return None if kind is None else kind.stops_after(release.target.settings, self._surroundings.lease)

    def facts_from(self, target: TargetConfiguration) -> QueuePlace | None:
        """Return the one queue from which facts about its executions come; None: its place is asked directly."""
        found = self._queues(target)
        return None if found is None else found[1]

    def orders_to(self, target: TargetConfiguration) -> QueuePlace | None:
        """Return the queue through which orders to its place go; None: its place is told directly."""
        found = self._queues(target)
        return None if found is None else found[0]

    def _queues(self, target: TargetConfiguration) -> tuple[QueuePlace, QueuePlace] | None:
        kind = KINDS.get(target.kind)
        return None if kind is None else kind.queues(target.settings)

    def open(self, release: Release) -> Target:
        """Return the target of a release's own stored configuration, or raise PermanentTargetError."""
        kind = KINDS.get(release.target.kind)
        if kind is None:
            from funade.domain.errors import PermanentTargetError  # noqa: PLC0415 -- see above

            message = (
                f"this Funade knows no target of kind `{release.target.kind}`: was it made by a newer one?"
            )
            raise PermanentTargetError(message)
        return kind.open(release, self._surroundings)

    def renew(self, release: Release, today: TargetConfiguration) -> TargetConfiguration:
        """Return an old release's parameters with the place and the secrets of today."""
        from dataclasses import replace  # noqa: PLC0415 -- see above

        kind = KINDS.get(today.kind)
        if kind is None or today.kind != release.target.kind:
            return today
        return replace(today, settings=kind.renew(release.target.settings, today.settings))


def _command_schema() -> dict[str, Any]:
    from funade.targets.command import config  # noqa: PLC0415 -- see above

    return config.schema()


def _parse_command(section: Mapping[str, Plain], where: str) -> tuple[dict[str, Plain], Sequence[Problem]]:
    from funade.targets.command import config  # noqa: PLC0415 -- see above

    return config.parse(section, where)


def _open_command(release: Release, surroundings: Surroundings) -> Target:
    from funade.targets.command import target  # noqa: PLC0415 -- see above

    return target.open_target(release, surroundings)


def _renew_command(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:
    from funade.targets.command import config  # noqa: PLC0415 -- see above

    return config.renew(old, today)


def _command_stops_after(settings: Mapping[str, Plain], lease: timedelta) -> timedelta | None:
    from funade.targets.command import config  # noqa: PLC0415 -- see above

    return config.stops_after(settings, lease)


def _ssh_schema() -> dict[str, Any]:
    from funade.targets.ssh import shape  # noqa: PLC0415 -- see above

    return shape.schema()


def _parse_ssh(section: Mapping[str, Plain], where: str) -> tuple[dict[str, Plain], Sequence[Problem]]:
    from funade.targets.ssh import config  # noqa: PLC0415 -- see above

    return config.parse(section, where)


def _open_ssh(release: Release, surroundings: Surroundings) -> Target:
    from funade.targets.ssh import target  # noqa: PLC0415 -- see above

    return target.open_target(release, surroundings)


def _renew_ssh(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:
    from funade.targets.ssh import config  # noqa: PLC0415 -- see above

    return config.renew(old, today)


def _kubernetes_job_schema() -> dict[str, Any]:
    from funade.targets.kubernetes_job import shape  # noqa: PLC0415 -- see above

    return shape.schema()


def _parse_kubernetes_job(
    section: Mapping[str, Plain], where: str
) -> tuple[dict[str, Plain], Sequence[Problem]]:
    from funade.targets.kubernetes_job import config  # noqa: PLC0415 -- see above

    return config.parse(section, where)


def _open_kubernetes_job(release: Release, surroundings: Surroundings) -> Target:
    from funade.targets.kubernetes_job import target  # noqa: PLC0415 -- see above

    return target.open_target(release, surroundings)


def _renew_kubernetes_job(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:
    from funade.targets.kubernetes_job import config  # noqa: PLC0415 -- see above

    return config.renew(old, today)


def _kubernetes_job_queues(settings: Mapping[str, Plain]) -> tuple[QueuePlace, QueuePlace] | None:
    from funade.targets.kubernetes_job import config  # noqa: PLC0415 -- see above

    return config.queues(settings)


KINDS: Final[Mapping[str, TargetKind]] = {
    "command": TargetKind(
        schema=_command_schema,
        parse=_parse_command,
        open=_open_command,
        renew=_renew_command,
        is_local=True,
        stops_after=_command_stops_after,
    ),
    "kubernetes-job": TargetKind(
        schema=_kubernetes_job_schema,
        parse=_parse_kubernetes_job,
        open=_open_kubernetes_job,
        renew=_renew_kubernetes_job,
        queues=_kubernetes_job_queues,
    ),
    "ssh": TargetKind(schema=_ssh_schema, parse=_parse_ssh, open=_open_ssh, renew=_renew_ssh),
}
