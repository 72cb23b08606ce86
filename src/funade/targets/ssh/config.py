"""The section of a `ssh` target in funade.yaml, as its release stores it, and how that is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from funade.domain.orders import Problem
from funade.domain.wire import Plain, to_plain
from funade.targets.ssh.hosts import Access, Host
from funade.targets.ssh.reading import Reading

CONNECT_TIMEOUT_SECONDS = 10.0
TIME_LIMIT_SECONDS = 3600.0
KILL_GRACE_SECONDS = 10.0
KEEP = 5
AT_ONCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A program that hosts run in the release directory: on all of them, or on the first one only."""

    run: tuple[str, ...]
    on: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What is run before a release goes live and after it."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A `ssh` target; spans are seconds, secrets are references."""

    hosts: tuple[Host, ...]
    path: str
    user: str | None = None
    key: str | None = None
    agent: str | None = None
    known_hosts: str | None = None
    host_keys: tuple[str, ...] = ()
    jump: tuple[Host, ...] = ()
    connect_timeout: float = CONNECT_TIMEOUT_SECONDS
    at_once: int = AT_ONCE
    keep: int = KEEP
    shared: tuple[str, ...] = ()
    hooks: Hooks = field(default_factory=Hooks)
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    time_limit: float = TIME_LIMIT_SECONDS
    kill_grace: float = KILL_GRACE_SECONDS

    @property
    def access(self) -> Access:
        """Return how the hosts are reached."""
        return Access(
            user=self.user,
            key=self.key,
            agent=self.agent,
            known_hosts=self.known_hosts,
            host_keys=self.host_keys,
            jump=self.jump,
            connect_timeout=self.connect_timeout,
        )


#: What says where, how to get there and with which secrets: of today, whatever release is put there.
PLACE = (
    "hosts",
    "path",
    "user",
    "key",
    "agent",
    "known_hosts",
    "host_keys",
    "jump",
    "connect_timeout",
    "at_once",
    "keep",
    "secrets",
)


def renew(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the parameters of an old release with today's place and secrets."""
    parameters = {name: value for name, value in old.items() if name not in PLACE}
    return parameters | {name: today[name] for name in PLACE if name in today}


def parse(section: Mapping[str, Plain], where: str) -> tuple[dict[str, Plain], list[Problem]]:
    """Return the settings as plain data, defaults filled in, and all that is wrong with them."""
    reading = Reading(where)
    settings: dict[str, Plain] = {}
    readers = _readers(reading)
    for key, value in section.items():
        if key == "kind":
            continue
        reader = readers.get(key)
        if reader is None:
            reading.complain(key, f"`{key}` is no setting of a `ssh` target", meant(key, readers))
        else:
            settings[key] = reader(key, value)
    for name, remedy in (
        ("hosts", "add `hosts: [web1.example.com]`"),
        ("path", "add `path: /srv/{application}`"),
    ):
        if name not in section:
            reading.complain(name, f"`{name}` is missing", remedy)
    for name, default in _DEFAULTS.items():
        settings.setdefault(name, default)
    environment, secrets = settings["environment"], settings["secrets"]
    if isinstance(environment, dict) and isinstance(secrets, dict):
        for name in environment.keys() & secrets.keys():
            reading.complain(f"secrets.{name}", f"`{name}` is in `environment` too", "say it in one of them")
    if "known_hosts" in section and "host_keys" in section:
        reading.complain("host_keys", "`known_hosts` is given too", "say it in one of them")
    return settings, reading.problems


def meant(key: str, known: Mapping[str, object]) -> str:
    """Return what to do about a key that nobody knows."""
    near = get_close_matches(key, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(f'`{one}`' for one in known)}"


def _readers(reading: Reading) -> Mapping[str, Callable[[str, Plain], Plain]]:
    return {
        "hosts": reading.hosts,
        "path": reading.path,
        "user": reading.user,
        "key": reading.reference,
        "agent": reading.file,
        "known_hosts": reading.file,
        "host_keys": reading.fingerprints,
        "jump": reading.hosts,
        "connect_timeout": reading.span,
        "at_once": reading.count,
        "keep": reading.count,
        "shared": reading.shared,
        "hooks": reading.hooks,
        "environment": reading.environment,
        "secrets": reading.secrets,
        "time_limit": reading.span,
        "kill_grace": reading.span,
    }


def _defaults() -> dict[str, Plain]:
    plain = to_plain(Settings(hosts=(), path=""))
    assert isinstance(plain, dict)  # noqa: S101 -- a dataclass is one
    return {name: value for name, value in plain.items() if name not in ("hosts", "path")}


_DEFAULTS = _defaults()
