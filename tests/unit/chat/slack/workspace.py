"""A small workspace in memory: what Slack answers, and what was asked of it; and a directory that looks into it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from funade.chat.slack.arrivals import Ourselves
from funade.chat.slack.directory import Directory
from funade.domain.application import (
    Application,
    Configuration,
    Environment,
    Repository,
    SecretReference,
    Workspace,
)
from funade.domain.people import People, Person, Right
from funade.domain.telling import Manner
from funade.testing.configurations import FakeConfigurations
from tests.unit.domain.examples import RELEASE

US = Ourselves(team="T", enterprise=None, user="UFUNADE", bot="BFUNADE")
HOUR = timedelta(hours=1)


@dataclass
class Held:
    """The `Lease` port, held for good."""

    process: str = "p1"
    machine: str = "testhost"

    def check(self) -> None:
        return


class SmallSlack:
    """Answers for accounts and channels; `answers` holds what else a method does, by its name."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Callable[..., Any]] = {}
        self.zones: dict[str, str] = {}
        self.emails: dict[str, str] = {}

    async def __call__(self, method: str, /, **arguments: Any) -> Any:
        self.asked.append((method, arguments))
        if method in self.answers:
            return self.answers[method](**arguments)
        match method:
            case "users.info":
                return {"user": self.account(arguments["user"])}
            case "users.lookupByEmail":
                user = next(one for one, email in self.emails.items() if email == arguments["email"])
                return {"user": self.account(user)}
            case "conversations.members":
                return {"members": []}
            case "conversations.list":
                return {"channels": [{"id": "C0SHOP", "name": "shop"}]}
            case "conversations.info":
                return {"channel": {"id": arguments["channel"], "name": "shop", "is_member": True}}
            case "conversations.open":
                return {"channel": {"id": f"D{arguments['users']}"}}
            case "chat.postMessage":
                return {"channel": arguments["channel"], "ts": f"{len(self.asked)}.0"}
            case _:
                raise AssertionError(method)

    async def respond(self, url: str, message: Any, /) -> None:
        raise AssertionError(url, message)

    async def open_socket(self, token: str, /) -> str:
        raise AssertionError(token)

    def account(self, user: str) -> dict[str, Any]:
        email = self.emails.get(user)
        profile = {"email": email} if email else {}
        return {
            "id": user,
            "team_id": "T",
            "name": user,
            "tz": self.zones.get(user, "UTC"),
            "profile": profile,
            "is_email_confirmed": email is not None,
        }

    def times(self, method: str) -> int:
        return len([one for one, _ in self.asked if one == method])


def configured(people: list[Person], manner: Manner | None = None, **changes: Any) -> Configuration:
    """Return a shop whose production everybody may approve."""
    rights = MappingProxyType({Right.APPROVE: ("everyone",)})
    place = Environment(name="production", target=RELEASE.target, rights=rights)
    shop = Application(
        name="shop", repository=Repository(url="/x"), environments={"production": place}, channel="#shop"
    )
    workspace = Workspace(bot_token=SecretReference(scheme="env", place="BOT"), authors=manner or Manner())
    return Configuration(
        path="x",
        applications=MappingProxyType({"shop": shop}),
        people=People(people={one.name: one for one in people}),
        slack=workspace,
        **changes,
    )


def person(name: str, **changes: Any) -> Person:
    return Person(name=name, ids=frozenset({f"slack:T/U{name.upper()}"}), **changes)


def directory_of(slack: SmallSlack, ledger: Any, clock: Any, configuration: Configuration) -> Directory:
    return Directory(
        api=slack, ledger=ledger, clock=clock, configurations=FakeConfigurations(configuration), us=US
    )
