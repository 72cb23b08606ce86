"""What can be deployed and where: the configuration's nouns, parsed and complete."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.freeze import Freeze
from funade.domain.people import People, Right
from funade.domain.reminders import USUAL, Reminders
from funade.domain.telling import Manner
from funade.domain.wire import Plain

#: where a secret can come from, and what stands behind the colon
SECRET_SCHEMES: Mapping[str, str] = {"env": "NAME", "file": "/path"}

_PLACES = {"env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "file": re.compile(r"/[^\x00-\x1f\x7f]+")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where a value that must never be shown comes from: `env:NAME`, `file:/path`; later `kms:`, `ssm:` …"""

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"


def parse_reference(text: str) -> SecretReference:
    """Return the reference that `text` is, or raise ValueError, which never repeats `text`: it may be a secret."""
    scheme, _, place = text.partition(":")
    if scheme not in _PLACES or not _PLACES[scheme].fullmatch(place):
        known = " or ".join(f"`{scheme}:{place}`" for scheme, place in SECRET_SCHEMES.items())
        message = f"a secret is given by reference only: {known}"
        raise ValueError(message)
    return SecretReference(scheme=scheme, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One git repository and how to be let in; credentials by reference only."""

    url: str
    username: str | None = None
    password: SecretReference | None = None
    ssh_key: SecretReference | None = None
    known_hosts: str | None = None
    submodules: bool = False
    lfs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The database that several processes share, and how to be let in; the password by reference only."""

    url: str
    password: SecretReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How to see what runs: a URL or a program whose answer is compared; no answer is no success.

    `equals` may hold placeholders; without it the URL must answer 2xx, the program end with 0.
    """

    url: str | None = None
    run: tuple[str, ...] | None = None
    equals: str | None = None
    within: timedelta = timedelta(seconds=60)
    every: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfiguration:
    """One target's section: its kind, and settings that the target itself has parsed and found good."""

    kind: str
    settings: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A named place in people's minds: staging, production. It has exactly one target."""

    name: str
    target: TargetConfiguration
    aliases: tuple[str, ...] = ()
    rights: Mapping[Right, tuple[str, ...]] = field(default_factory=dict)
    verify: Verification | None = None
    default_ref: str | None = None
    waits_at_most: timedelta = timedelta(hours=24)
    approvals: int = 0
    freezes: tuple[Freeze, ...] = ()
    tell_authors: bool = True
    reminders: Reminders = field(default_factory=Reminders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A named thing that is deployed; has one repository."""

    name: str
    repository: Repository
    environments: Mapping[str, Environment]
    default_ref: str = "HEAD"
    channel: str | None = None

    def find_environment(self, name: str) -> Environment | None:
        """Return the environment of that name or alias."""
        if name in self.environments:
            return self.environments[name]
        return next((one for one in self.environments.values() if name in one.aliases), None)


SLACK_URL = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """How to reach a Slack workspace and how it reaches us; secrets by reference only.

    With `app_token` Funade opens sockets to Slack; with `signing_secrets` (two while one replaces the other) Slack may
    call Funade over HTTPS. `channel` is where applications without a channel of their own are told of.
    """

    bot_token: SecretReference
    app_token: SecretReference | None = None
    signing_secrets: tuple[SecretReference, ...] = ()
    channel: str | None = None
    language: str = "en"
    command: str = "/funade"
    url: str = SLACK_URL
    authors: Manner = field(default_factory=Manner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The HTTP side of a server: pages, health, and the doors of other rooms.

    `url` is what people and links use. Only `proxies` (networks) are believed when they say for whom they ask.
    `hosts` are further names under which it answers. `signing_keys` sign links, the first of them; all are believed.
    """

    host: str
    port: int
    url: str
    proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    signing_keys: tuple[SecretReference, ...] = ()
    links_last: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long output and events are kept; None for good. Each environment's latest `at_least` lose nothing."""

    logs: timedelta | None = None
    events: timedelta | None = None
    at_least: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The whole of funade.yaml at one moment; `problem` is set while a newer file is broken and this one goes on."""

    path: str
    applications: Mapping[str, Application]
    people: People = field(default_factory=People)
    data: str = ".funade"
    database: Database | None = None
    keep: Keep = field(default_factory=Keep)
    slack: Workspace | None = None
    web: Site | None = None
    reminders: Reminders = field(default_factory=Reminders)
    problem: str | None = None

    def reminders_of(self, application: str, environment: str) -> Reminders:
        """Return when people are reminded of what concerns an environment."""
        found = self.applications.get(application)
        place = found.environments.get(environment) if found is not None else None
        own = Reminders() if place is None else place.reminders
        return own.over(self.reminders).over(USUAL)
