"""Actor, place, command: everything that anybody may say, and the policy's own word about it, for every door."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from funade.domain import policy
from funade.domain.answers import PauseChanged
from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
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
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.reason import Reason
from funade.usecases.desk import Desk
from funade.usecases.ports import Configurations
from tests.unit.domain.examples import deployment

CHANNEL = "#deploy-shop"
RIGHTS = {
    Right.DEPLOY: ("dev",),
    Right.APPROVE: ("sre",),
    Right.ROLLBACK: ("sre", "ada"),
    Right.LOCK: ("dev",),
    Right.OVERRIDE: ("cy",),
}
TARGET = TargetConfiguration(kind="command", settings={})
IN_FORCE = Configuration(
    path="funade.yaml",
    applications={
        "shop": Application(
            name="shop",
            repository=Repository(url="/srv/git/shop.git"),
            channel=CHANNEL,
            environments={
                "production": Environment(name="production", target=TARGET, rights=RIGHTS, approvals=1),
                "staging": Environment(name="staging", target=TARGET, rights={Right.DEPLOY: ("everyone",)}),
                "bare": Environment(name="bare", target=TARGET),
            },
        )
    },
    people=People(
        people={
            name: Person(name=name, ids=frozenset({f"at:{name}"})) for name in ("ada", "bob", "cy", "eve")
        },
        groups={"dev": ("ada", "bob"), "sre": ("bob", "cy")},
    ),
)
#: `moon` has left the file; its deployment has not ended.
PLACES = ("production", "staging", "bare", "moon")
NUMBERS = dict(enumerate(PLACES, 1))
ACTORS = ("ada", "bob", "cy", "eve", "nobody", "the owner", "a guest")
POLICY = {
    Reason.NOT_PERMITTED,
    Reason.OUTSIDER,
    Reason.UNKNOWN_PERSON,
    Reason.CHANNEL_NOT_PERMITTED,
}
DONE = PauseChanged(pause=None)


def said_in(place: str) -> list[Command]:
    """Return everything that can be said about a place."""
    here: dict[str, Any] = {"application": "shop", "environment": place}
    one: dict[str, Any] = {"number": PLACES.index(place) + 1}
    why: dict[str, Any] = {"reason": "it burns"}
    return [
        *(PlanDeployment(**here), Deploy(**here), Deploy(**here, **why, force=True)),
        *(Rollback(**here), Rollback(**here, **why, force=True), Lock(**here, **why)),
        *(Lock(**here, **why, steal=True), Unlock(**here), Unlock(**here, **why, force=True)),
        *(Hold(**here), Resume(**here), Reopen(**here), PauseAll(), ResumeAll()),
        *(Retry(**one), Retry(**one, **why, force=True), Approve(**one), Reject(**one), Cancel(**one)),
        *(Override(**one, **why), ShowDeployment(**one), ReadLog(**one), Why(**one)),
        *(ShowStatus(**here), ShowHistory(**here), ShowRights(**here)),
    ]


class Recorded:
    """Every verb of the desk; what comes through is done, and nothing is."""

    def __getattr__(self, name: str) -> Any:
        async def verb(*_: object) -> PauseChanged:
            return DONE

        return verb


class Shelf:
    """As much of a ledger as finding a deployment takes."""

    async def read(self, work: Any) -> Any:
        def look(number: int) -> Any:
            place = NUMBERS.get(number)
            found = deployment(number)
            return place and replace(found, release=replace(found.release, environment=place))

        return work(SimpleNamespace(deployment=look))


def actor_at(door: Door, who: str, channel: str | None) -> Actor:
    return Actor(
        door=door,
        id="at:bob" if who == "a guest" else f"at:{who}",
        channel=channel,
        is_outsider=who == "a guest",
        owns_store=who == "the owner",
    )


def desk_over(configurations: Configurations) -> Desk:
    """Return a desk that decides as every desk does, and behind which nothing is done."""
    verbs: Any = Recorded()
    return Desk(configurations=configurations, ledger=Shelf(), verbs=verbs)  # type: ignore[arg-type]


def expected(actor: Actor, command: Command, place: str, in_force: Configuration = IN_FORCE) -> Reason | None:
    """Return the policy's own word, worked out without the desk."""
    environment = in_force.applications["shop"].environments.get(place)
    everywhere = isinstance(command, (PauseAll, ResumeAll, ShowDeployment, ReadLog)) or (
        isinstance(command, Why) and command.application is None
    )
    resource = policy.Resource(
        application=None if everywhere else "shop",
        environment=None if everywhere else place,
        has_left=environment is None and hasattr(command, "number"),
        channel=None if everywhere else CHANNEL,
        rights=environment.rights if environment and not everywhere else {},
        approvals=environment.approvals if environment and not everywhere else 0,
    )
    because = policy.authorize(in_force, actor, in_force.people.find(actor), command, resource)
    return because.code if because else None
