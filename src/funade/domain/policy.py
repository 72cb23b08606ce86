"""Who may do what: one question, one answer, pure; asked in one place only (`usecases.desk`)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from funade.domain.answers import RightShown
from funade.domain.application import Configuration, Environment
from funade.domain.commands import (
    Approve,
    Cancel,
    Command,
    Deploy,
    Hold,
    Lock,
    Override,
    PauseAll,
    PlanDeployment,
    ReadLog,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowRights,
    ShowStatus,
    Unlock,
    Why,
)
from funade.domain.deployment import Deployment
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.reason import Because, Reason, because


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a command is about. An environment that has left the configuration gives nobody any right.

    `readable` is the number of the one deployment that a link shows.
    """

    application: str | None = None
    environment: str | None = None
    has_left: bool = False
    channel: str | None = None
    rights: Mapping[Right, tuple[str, ...]] = field(default_factory=dict)
    approvals: int = 0
    readable: int | None = None


def rights_for(command: Command, resource: Resource) -> tuple[Right, ...]:
    """Return the rights that `command` needs, all of them; none for the reading verbs.

    Whoever goes past somebody else's no needs `override`, and for what comes after it the right of that: to deploy, or
    to keep others out in their turn. Who only opens another's lock needs nothing more.
    """
    match command:
        case (
            PlanDeployment()
            | ShowStatus()
            | ShowHistory()
            | Why()
            | ShowDeployment()
            | ReadLog()
            | ShowRights()
        ):
            return ()
        case Deploy() | Retry():
            return (Right.DEPLOY, Right.OVERRIDE) if command.force else (Right.DEPLOY,)
        case Rollback():
            return (Right.ROLLBACK, Right.OVERRIDE) if command.force else (Right.ROLLBACK,)
        case Cancel():
            return (Right.DEPLOY,)
        case Approve() | Reject():
            # Where no approvals are wanted, what is asked anew is for whoever may deploy.
            return (Right.APPROVE,) if resource.approvals else (Right.DEPLOY,)
        case Lock():
            return (Right.LOCK, Right.OVERRIDE) if command.steal else (Right.LOCK,)
        case Unlock():
            return (Right.OVERRIDE,) if command.force else (Right.LOCK,)
        case Hold() | PauseAll():
            return (Right.LOCK,)
        case Reopen() | Resume() | Override() | ResumeAll():
            return (Right.OVERRIDE,)


def changes_something(command: Command) -> bool:
    """Tell whether `command` is more than a question."""
    return bool(rights_for(command, Resource()))


def admit(actor: Actor, person: Person | None) -> Because | None:
    """Return why `actor` is told nothing at all, or None for somebody we know."""
    if actor.is_outsider:
        return because(Reason.OUTSIDER, actor=actor.id)
    return because(Reason.UNKNOWN_PERSON, actor=actor.id) if person is None else None


def stands_in(actor: Actor, command: Command, resource: Resource) -> bool:
    """Tell whether `actor` stands in for those whose rights have left the configuration together with its place.

    What still runs or waits there nobody else could stop: whoever owns the data folder may, at this machine's terminal.
    """
    return (
        isinstance(command, Cancel)
        and resource.has_left
        and actor.owns_store
        and actor.door is Door.TERMINAL
        and not actor.is_outsider
    )


def shows(actor: Actor, command: Command, resource: Resource) -> bool:
    """Tell whether a signed link shows this to whoever has it: its own deployment, and no further link."""
    if actor.is_outsider or actor.reads is None or resource.readable is None:
        return False
    match command:
        case ShowDeployment(number=number, link=False) | ReadLog(number=number):
            return number == resource.readable
        case _:
            return False


def authorize(
    configuration: Configuration, actor: Actor, person: Person | None, command: Command, resource: Resource
) -> Because | None:
    """Return why `actor` may not do this, or None when they may; whoever is unknown may do nothing."""
    if stands_in(actor, command, resource):
        return None
    if actor.door is Door.PAGE:
        # A link has no person behind it: what it does not show is refused as to a stranger.
        return None if shows(actor, command, resource) else because(Reason.UNKNOWN_PERSON, actor=actor.id)
    no = admit(actor, person)
    if no is not None or person is None:
        return no
    wanted = rights_for(command, resource)
    if wanted and actor.door is Door.SLACK and resource.channel not in (None, actor.channel):
        return because(
            Reason.CHANNEL_NOT_PERMITTED,
            application=resource.application,
            channel=actor.channel,
            wanted=resource.channel,
        )
    people = configuration.people
    if not people.people:
        return None
    for right in wanted:
        match command:
            case PauseAll():
                held = any(_holders_include(configuration, person, right))
            case ResumeAll():
                # What anybody may stop, only whoever may override everywhere lets go on everywhere.
                held = all(_holders_include(configuration, person, right))
            case _:
                held = rule_for(people, person, resource.rights.get(right, ())) is not None
        if not held:
            return because(
                Reason.NOT_PERMITTED,
                right=right.value,
                application=resource.application,
                environment=resource.environment,
            )
    return None


def rule_for(people: People, person: Person, members: Iterable[str]) -> str | None:
    """Return the member (a name, a group, `everyone`) through which `person` has a right; None when they have not."""
    return next((member for member in members if people.belongs(person, member)), None)


def _holders_include(configuration: Configuration, person: Person, right: Right) -> Iterator[bool]:
    """Tell for each environment in which anybody has `right` whether `person` does; once False where nobody has it."""
    holders = [
        environment.rights[right]
        for application in configuration.applications.values()
        for environment in application.environments.values()
        if environment.rights.get(right)
    ]
    for members in holders or [()]:
        yield rule_for(configuration.people, person, members) is not None


def may_now(
    configuration: Configuration, environment: Environment | None, actor_id: str, right: Right
) -> bool:
    """Tell whether the person behind an actor's id has `right` now; what left the configuration nobody has.

    In a file without people that is the store's owner alone: whoever was somebody in an older file is nobody now.
    """
    if environment is None:
        return False
    people = configuration.people
    if not people.people:
        return actor_id == people.owner
    person = people.find_by_id(actor_id)
    return person is not None and rule_for(people, person, environment.rights.get(right, ())) is not None


def approvers(configuration: Configuration, environment: Environment, asker_id: str) -> tuple[str, ...]:
    """Return the people and groups who may approve there what that actor asked for: never the asker themselves."""
    asker = configuration.people.find_by_id(asker_id)
    members = environment.rights.get(Right.APPROVE, ())
    return tuple(one for one in members if asker is None or one != asker.name)


def open_to(
    configuration: Configuration, actor: Actor, person: Person, deployment: Deployment, resource: Resource
) -> tuple[type, ...]:
    """Return the commands about a deployment that this person has the right to give."""
    number = deployment.number
    about: tuple[Command, ...] = (
        *(kind(number=number) for kind in (Approve, Reject, Override, Retry, Cancel)),
        Rollback(application=deployment.application, environment=deployment.environment),
    )
    own = resource.approvals > 0 and (
        deployment.asked_by_id in person.ids or any(one.by_id in person.ids for one in deployment.approvals)
    )
    return tuple(
        type(one)
        for one in about
        if not (own and isinstance(one, Approve))
        and authorize(configuration, actor, person, one, resource) is None
    )


def rights_of(
    configuration: Configuration, person: Person | None, wanted: ShowRights
) -> tuple[RightShown, ...]:
    """Return who holds which right where; with a person, whether they do and by which rule."""
    found = []
    for application in configuration.applications.values():
        for environment in application.environments.values():
            here = wanted.application in (None, application.name) and wanted.environment in (
                None,
                environment.name,
            )
            for right in Right if here else ():
                members = environment.rights.get(right, ())
                rule = rule_for(configuration.people, person, members) if person else None
                if wanted.right not in (None, right.value):
                    continue
                shown = RightShown(
                    application=application.name,
                    environment=environment.name,
                    right=right.value,
                    members=tuple(members),
                    may=None if person is None else rule is not None or not configuration.people.people,
                    by_rule=rule,
                )
                found.append(shown)
    return tuple(found)
