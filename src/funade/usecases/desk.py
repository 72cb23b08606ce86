"""The one place to which every door hands a command: find what it is about, authorize, then the verb.

Doors import nothing else of the use cases, so a door without this policy cannot be written.
"""

from dataclasses import dataclass, replace
from difflib import get_close_matches

from funade.domain import limits, policy
from funade.domain.answers import Answer, DeploymentShown, Refused, RightsShown
from funade.domain.application import Application, Configuration, Environment
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
from funade.domain.errors import StoreError
from funade.domain.events import RequestRefused, asked
from funade.domain.people import Actor, Door, Person, themselves
from funade.domain.reason import Because, Reason, because
from funade.domain.wire import Plain, kind_of, to_plain
from funade.usecases.cancel_deployment import CancelDeployment
from funade.usecases.change_environment import ChangeEnvironment
from funade.usecases.decide_deployment import DecideDeployment, Decider
from funade.usecases.ledger_ports import Ledger
from funade.usecases.pause_everything import PauseEverything
from funade.usecases.plan_deployment import ShowPlan
from funade.usecases.ports import Configurations
from funade.usecases.read_log import ReadOutput
from funade.usecases.record_refusal import RecordRefusal
from funade.usecases.request_deployment import Asker, RequestDeployment, RetryDeployment, RollBack
from funade.usecases.show_deployment import ShowOneDeployment
from funade.usecases.show_history import ShowPast
from funade.usecases.show_status import ShowEverything


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a command is about, found in the configuration and the ledger; its command has canonical names."""

    command: Command
    application: Application | None = None
    environment: Environment | None = None
    deployment: Deployment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """Every verb that the desk can hand a command to."""

    plan: ShowPlan
    deploy: RequestDeployment
    retry: RetryDeployment
    roll_back: RollBack
    decide: DecideDeployment
    cancel: CancelDeployment
    change_environment: ChangeEnvironment
    pause: PauseEverything
    status: ShowEverything
    history: ShowPast
    show: ShowOneDeployment
    log: ReadOutput
    refuse: RecordRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Answers every command of every door by the same rules."""

    configurations: Configurations
    ledger: Ledger
    verbs: Verbs

    async def __call__(self, command: Command, actor: Actor, request: str) -> Answer:
        """Return the answer; `request` is the asker's own id, and the same one twice is one request."""
        configuration = self.configurations.current()
        unkeepable = limits.unkeepable(command)
        if unkeepable is not None:
            return Refused(because=unkeepable)
        try:
            if actor.door is Door.PAGE:
                return await self._show_by_link(command, actor, configuration)
            found = await self._find(command, configuration)
            person = self._recognize(configuration, actor, found)
            no = self._authorize(configuration, actor, person, found)
            if no is not None or person is None:
                refusal = no or because(Reason.UNKNOWN_PERSON, actor=actor.id)
                return await self._refuse(command, found, refusal, actor, person)
            if isinstance(found, Because):
                return await self._refuse(command, found, found, actor, person)
            if wants_reason(found.command):
                wanted = because(Reason.REASON_WANTED, asked=asked(_plain(found.command)))
                return await self._refuse(command, found, wanted, actor, person)
            # An id that somebody else has used, or overheard, is another request.
            asker = Asker(actor=actor, person=person, request=f"{actor.id} {request}")
            answer = await self._do(found, asker, configuration)
            if isinstance(answer, Refused):
                return await self._refuse(command, found, answer.because, actor, person)
        except StoreError as error:
            return Refused(because=because(Reason.STORE_UNAVAILABLE, problem=str(error)))
        return answer

    async def _show_by_link(self, command: Command, actor: Actor, configuration: Configuration) -> Answer:
        """Answer whoever has a signed link: about its own deployment, and nothing else."""
        id = actor.reads or ""
        readable = await self.ledger.read(lambda look: look.number_of(id))
        resource = policy.Resource(readable=readable)
        no = policy.authorize(configuration, actor, None, command, resource)
        if no is not None:
            return await self._refuse(command, no, no, actor, None)
        match command:
            case ShowDeployment():
                return await self.verbs.show(command, configuration)
            case ReadLog():
                return await self.verbs.log(command)
            case _:
                raise AssertionError(command)

    def _recognize(self, configuration: Configuration, actor: Actor, found: About | Because) -> Person | None:
        """Return the person behind `actor`: of the file, or the store's owner where they stand in for it."""
        known = configuration.people.find(actor)
        if known is None and isinstance(found, About):
            return themselves(actor) if policy.stands_in(actor, found.command, _resource(found)) else None
        return known

    def _authorize(
        self, configuration: Configuration, actor: Actor, person: Person | None, found: About | Because
    ) -> Because | None:
        """Return the policy's no. Whoever is a stranger learns nothing, not even which names exist."""
        if isinstance(found, Because):
            return policy.admit(actor, person)
        return policy.authorize(configuration, actor, person, found.command, _resource(found))

    async def _find(self, command: Command, configuration: Configuration) -> About | Because:
        match command:
            case PauseAll() | ResumeAll():
                return About(command=command)
            case Retry() | Approve() | Reject() | Override() | Cancel():
                return await self._find_by_number(command, configuration)
            case ShowDeployment() | ReadLog():
                return About(command=command)
            case ShowStatus() | ShowHistory() | Why() | ShowRights():
                if command.application is None:
                    return About(command=command)
                return self._find_names(command, configuration, command.application, command.environment)
            case _:
                return self._find_names(command, configuration, command.application, command.environment)

    def _find_names(
        self, command: Command, configuration: Configuration, application: str, environment: str | None
    ) -> About | Because:
        found = configuration.applications.get(application)
        if found is None:
            near = get_close_matches(application, configuration.applications, cutoff=0.5)
            return because(Reason.UNKNOWN_APPLICATION, application=application, near=list(near))
        if environment is None:
            return About(command=command, application=found)
        place = found.find_environment(environment)
        if place is None:
            near = get_close_matches(environment, found.environments, cutoff=0.4) or list(found.environments)
            return because(
                Reason.UNKNOWN_ENVIRONMENT,
                application=application,
                environment=environment,
                near=list(near),
            )
        return About(
            command=replace(command, environment=place.name),  # type: ignore[arg-type]  # it has that field
            application=found,
            environment=place,
        )

    async def _find_by_number(
        self, command: Retry | Approve | Reject | Override | Cancel, configuration: Configuration
    ) -> About | Because:
        deployment = await self.ledger.read(lambda look: look.deployment(command.number))
        if deployment is None:
            return because(Reason.UNKNOWN_DEPLOYMENT, number=command.number)
        application = configuration.applications.get(deployment.application)
        environment = application.environments.get(deployment.environment) if application else None
        if environment is None and isinstance(command, Retry):
            return because(
                Reason.UNKNOWN_ENVIRONMENT,
                application=deployment.application,
                environment=deployment.environment,
                near=[],
            )
        # What has left the configuration can still be cancelled, by whoever owns the store: its rights went with it.
        return About(command=command, application=application, environment=environment, deployment=deployment)

    async def _do(self, found: About, asker: Asker, configuration: Configuration) -> Answer:
        command, verbs = found.command, self.verbs
        match command:
            case ShowStatus():
                return await verbs.status(command, configuration)
            case ShowHistory():
                return await verbs.history(command)
            case Why() | ShowDeployment():
                shown = await verbs.show(command, configuration)
                return _for_them(shown, asker, configuration)
            case ReadLog():
                return await verbs.log(command)
            case Approve() | Reject() | Override():
                decider = Decider(actor=asker.actor, person=asker.person)
                return await verbs.decide(command, found.application, decider)
            case Cancel():
                return await verbs.cancel(command, asker.person)
            case Lock() | Unlock() | Reopen() | Hold() | Resume():
                return await verbs.change_environment(command, asker.actor, asker.person)
            case PauseAll() | ResumeAll():
                return await verbs.pause(command, asker.person)
            case ShowRights():
                return show_rights(configuration, command)
            case PlanDeployment() | Deploy() | Retry() | Rollback():
                return await self._request(found, asker)

    async def _request(self, found: About, asker: Asker) -> Answer:
        command, verbs = found.command, self.verbs
        application, environment = found.application, found.environment
        assert application is not None and environment is not None, "names were found before"  # noqa: S101, PT018 - narrows
        match command:
            case PlanDeployment():
                return await verbs.plan(command, application, environment, asker.actor)
            case Deploy():
                return await verbs.deploy(command, application, environment, asker)
            case Rollback():
                return await verbs.roll_back(command, application, environment, asker)
            case Retry():
                assert found.deployment is not None, "it was found by its number"  # noqa: S101 - narrows
                return await verbs.retry(command, found.deployment, environment, asker, application)
            case _:
                raise AssertionError(command)

    async def _refuse(
        self, command: Command, found: About | Because, reason: Because, actor: Actor, person: Person | None
    ) -> Answer:
        """Say no; a no to a changing command is part of history, and of its deployment's where it names one."""
        if policy.changes_something(command):
            plain = _plain(command)
            place = str(plain.get("application") or ""), str(plain.get("environment") or "")
            deployment = found.deployment if isinstance(found, About) else None
            told = RequestRefused(asked=asked(plain), because=reason)
            await self.verbs.refuse(told, deployment or place, actor, person)
        return Refused(because=reason)


def _resource(found: About) -> policy.Resource:
    """Return what a command is about, as policy needs it."""
    # What has left the configuration is named by its deployment; nobody has a right to it any more.
    left = found.deployment
    application = left.application if left else None
    environment = left.environment if left else None
    return policy.Resource(
        application=found.application.name if found.application else application,
        environment=found.environment.name if found.environment else environment,
        has_left=left is not None and found.environment is None,
        channel=found.application.channel if found.application else None,
        rights=found.environment.rights if found.environment else {},
        approvals=found.environment.approvals if found.environment else 0,
    )


def _for_them(answer: Answer, asker: Asker, configuration: Configuration) -> Answer:
    """Return what is shown of a deployment with what whoever asked may do about it."""
    if not isinstance(answer, DeploymentShown):
        return answer
    shown = answer.deployment
    application = configuration.applications.get(shown.application)
    environment = application.environments.get(shown.environment) if application else None
    about = About(command=ShowDeployment(number=shown.number), application=application, deployment=shown)
    resource = _resource(replace(about, environment=environment))
    may = policy.open_to(configuration, asker.actor, asker.person, shown, resource)
    return replace(answer, may=tuple(kind_of(one) for one in may))


def wants_reason(command: Command) -> bool:
    """Tell whether `command` keeps others out, or breaks a rule, and does not say why."""
    match command:
        case Lock() | Override():
            return _says_nothing(command.reason)
        case Deploy() | Retry() | Rollback() | Unlock():
            return command.force and _says_nothing(command.reason)
        case _:
            return False


def _says_nothing(reason: str | None) -> bool:
    """Tell whether nobody could read anything there: blanks and invisible signs are no reason."""
    return not any(sign.isprintable() and not sign.isspace() for sign in reason or "")


def show_rights(configuration: Configuration, command: ShowRights) -> Answer:
    """Return who may do what where, from the configuration in force."""
    people = configuration.people
    person = None
    if command.person is not None:
        person = people.people.get(command.person) or people.find_by_id(command.person)
        if person is None and people.people:
            return Refused(because=because(Reason.UNKNOWN_PERSON, actor=command.person))
    rights = policy.rights_of(configuration, person, command)
    return RightsShown(person=command.person, rights=rights, owner_alone=not people.people)


def _plain(command: Command) -> dict[str, Plain]:
    plain = to_plain(command, tagged=True)
    assert isinstance(plain, dict), "a command is an object"  # noqa: S101 - narrows
    return plain
