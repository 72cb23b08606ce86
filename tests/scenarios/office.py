"""An office with rules: who is who, who may do what in production, and how that changes under a running Funade."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from funade.domain.answers import DeploymentShown, HistoryShown
from funade.domain.commands import Approve, Command, Deploy, Lock, Override, Rollback, ShowHistory, Why
from funade.domain.deployment import Deployment
from funade.domain.freeze import Freeze
from funade.domain.people import People, Person, Right
from funade.domain.wire import kind_of
from tests.scenarios.funade import Funade
from tests.scenarios.process import Process
from tests.scenarios.world import NAMES, World

HERE: dict[str, Any] = {"application": "shop", "environment": "production"}
ADA_AT_SLACK = "slack:T0ACME/U0ADA"
BOB_AT_SLACK = "slack:T0ACME/U0BOB"
IDS = {name: {id} for name, id in NAMES.items()}
IDS["ada"].add(ADA_AT_SLACK)
IDS["bob"].add(BOB_AT_SLACK)
#: Ada and Dee deploy; Bob and Cy look after production; Eve only reads.
RIGHTS = {
    Right.DEPLOY: ("ada", "dee", "sre"),
    Right.APPROVE: ("sre",),
    Right.ROLLBACK: ("sre", "ada"),
    Right.LOCK: ("ada", "sre"),
    Right.OVERRIDE: ("sre",),
}
SRE = ("bob", "cy")
SALE = Freeze(cron="sale", lasts=timedelta(hours=2), reason="sale")


def move_in(world: World, *, approvals: int = 0) -> None:
    """Let the office's people and rights be in force, in production."""
    set_people(world, IDS)
    set_group(world, SRE)
    for name in ("staging", "preview"):
        world.change_environment(name, rights={Right.DEPLOY: ("everyone",)})
    world.change_environment("production", rights=RIGHTS, approvals=approvals, freezes=(SALE,))


def set_people(world: World, ids: dict[str, set[str]]) -> None:
    """Write other people into the configuration."""
    before = world.configurations.configuration
    people = {name: Person(name=name, ids=frozenset(some)) for name, some in ids.items()}
    world.configurations.configuration = replace(
        before, people=People(people=people, groups=before.people.groups)
    )


def set_group(world: World, members: tuple[str, ...]) -> None:
    """Let these be those who look after production."""
    before = world.configurations.configuration
    people = People(people=before.people.people, groups={"sre": members})
    world.configurations.configuration = replace(before, people=people)


def want_approvals(world: World, count: int) -> None:
    """Let production want so many approvals from now on."""
    world.change_environment("production", approvals=count)


def take_right(world: World, right: Right, *holders: str) -> None:
    """Leave that right in production to these alone."""
    world.change_environment("production", rights={**RIGHTS, right: holders})


def open_sale(world: World) -> None:
    """Freeze production for two hours from now."""
    world.calendar.openings = {"sale": [world.clock.now()]}


def somebody_else_asks(funade: Funade, who: str, command: Command) -> Any:
    """Return the answer of another process of the same store; the first one may stand still just now."""
    return funade.world.loop.answer(Process(funade.world).ask(who, command, f"other-{who}-{command}"))


# What people say


def deploy(ref: str = "first", **more: Any) -> Deploy:
    return Deploy(**HERE, ref=ref, **more)


def back(**more: Any) -> Rollback:
    return Rollback(**HERE, **more)


def lock(reason: str | None = "migrating", **more: Any) -> Lock:
    return Lock(**HERE, reason=reason, **more)


def approve(number: int, **more: Any) -> Approve:
    return Approve(number=number, **more)


def override(number: int, reason: str | None = "the shop is down") -> Override:
    return Override(number=number, reason=reason)


# What is seen


def row(funade: Funade, number: int) -> Deployment:
    """Return #number as it is stored, whether anybody can be asked or not."""
    found = funade.world.loop.answer(funade.world.ledger.read(lambda look: look.deployment(number)))
    assert found is not None
    return found


def waiting(funade: Funade, number: int) -> tuple[Any, ...]:
    """Return what #number waits for."""
    answer = funade.hears("ada", Why(number=number))
    assert isinstance(answer, DeploymentShown), answer
    return answer.waiting


def events(funade: Funade, kind: str) -> list[Any]:
    """Return what happened of that kind, oldest first."""
    answer = funade.hears("ada", ShowHistory(limit=1000))
    assert isinstance(answer, HistoryShown), answer
    return [one for one in reversed(answer.events) if kind_of(type(one.happening)) == kind]
