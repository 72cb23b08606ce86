"""Who may do what: one question, one answer, pure; asked in one place only (`usecases.desk`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from funade.domain.application import Configuration
from funade.domain.commands import (
    Approve,
    Cancel,
    Command,
    Deploy,
    PlanDeployment,
    ReadLog,
    Reopen,
    Resume,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowStatus,
    Why,
)
from funade.domain.people import Actor, Person, Right
from funade.domain.reason import Because, Reason, because


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a command is about."""

    application: str | None = None
    environment: str | None = None
    rights: Mapping[Right, tuple[str, ...]] = field(default_factory=dict)


def right_for(command: Command) -> Right | None:
    """Return the right that `command` needs; None for the reading verbs, which anybody we know may use."""
    match command:
        case PlanDeployment() | ShowStatus() | ShowHistory() | Why() | ShowDeployment() | ReadLog():
            return None
        case Deploy() | Retry() | Cancel():
            return Right.DEPLOY
        case Rollback():
            return Right.ROLLBACK
        case Approve():
            return Right.DEPLOY
        case Reopen() | Resume():
            return Right.OVERRIDE


def authorize(
    configuration: Configuration, actor: Actor, person: Person | None, command: Command, resource: Resource
) -> Because | None:
    """Return why `actor` may not do this, or None when they may; whoever is unknown may do nothing."""
    if person is None:
        return because(Reason.UNKNOWN_PERSON, actor=actor.id)
    right = right_for(command)
    if right is None:
        return None
    people = configuration.people
    if not people.people:
        return None
    if any(people.belongs(person, member) for member in resource.rights.get(right, ())):
        return None
    return because(
        Reason.NOT_PERMITTED,
        right=right.value,
        application=resource.application,
        environment=resource.environment,
    )
