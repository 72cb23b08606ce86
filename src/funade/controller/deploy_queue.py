"""A `DeployQueue` as somebody wrote it, read into what we need; what is wrong with it is said in words."""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from funade.domain.durations import parse_duration
from funade.domain.placeholders import render
from funade.domain.revision import short

DEFAULT_TIME_LIMIT = timedelta(hours=1)
DEFAULT_START = timedelta(minutes=10)
DEFAULT_AGE = timedelta(days=7)
DEFAULT_AT_ONCE, MOST_AT_ONCE = 10, 1000
#: Kubernetes counts seconds of a Job in 32 bits, and a queue keeps a message for two weeks.
LONGEST = timedelta(days=14)

#: what arguments and variables may name
PLACEHOLDERS = (
    "application",
    "environment",
    "repository",
    "ref",
    "revision",
    "short_revision",
    "deployment",
    "attempt",
    "number",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How many ended Jobs are kept to be looked at, and how long."""

    succeeded: int = 3
    failed: int = 5
    age: timedelta = DEFAULT_AGE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployQueue:
    """One queue and what becomes of its orders."""

    name: str
    uid: str
    generation: int
    queue: str
    facts: str
    region: str
    repository: str
    template: Mapping[str, Any] = field(repr=False)
    container: str
    arguments: tuple[str, ...] | None
    variables: Mapping[str, str]
    revision_variable: str
    time_limit: timedelta = DEFAULT_TIME_LIMIT
    start_within: timedelta = DEFAULT_START
    history: History = History()
    accepts_foreign: bool = False  #: whether messages of other programs become Jobs
    foreign_at_once: int = DEFAULT_AT_ONCE
    is_leaving: bool = False

    @property
    def template_hash(self) -> str:
        """Return what tells one version of the pod's template from another."""
        parts = [self.template, self.container, self.arguments, dict(self.variables), self.revision_variable]
        text = json.dumps(parts, sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Flawed:
    """A DeployQueue that cannot be used; each problem names its field, and says what to do."""

    name: str
    generation: int
    problems: tuple[str, ...]
    is_leaving: bool = False


def parse(raw: Mapping[str, Any]) -> DeployQueue | Flawed:
    """Return the DeployQueue that the API server gave, or everything that is wrong with it; never raises."""
    reading = _Reading(raw.get("spec"))
    metadata = raw.get("metadata") or {}
    name, generation = str(metadata.get("name", "")), int(metadata.get("generation") or 0)
    is_leaving = bool(metadata.get("deletionTimestamp"))
    template = reading.template()
    container = reading.container(template)
    arguments = reading.arguments()
    history = reading.history()
    parsed = DeployQueue(
        name=name,
        uid=str(metadata.get("uid", "")),
        generation=generation,
        queue=reading.text("queue", is_needed=True),
        facts=reading.text("factsQueue"),
        region=reading.text("region"),
        repository=reading.text("repository"),
        template=template,
        container=container,
        arguments=arguments,
        variables=reading.variables(),
        revision_variable=reading.text("revisionVariable"),
        time_limit=reading.span("timeLimit", DEFAULT_TIME_LIMIT),
        start_within=reading.span("startWithin", DEFAULT_START),
        history=history,
        accepts_foreign=reading.accepts_foreign,
        foreign_at_once=reading.at_once(),
        is_leaving=is_leaving,
    )
    if not parsed.facts and not parsed.accepts_foreign:
        reading.complain("factsQueue", "is missing — name the queue that takes what the Jobs tell")
    if parsed.facts and parsed.facts == parsed.queue:
        reading.complain("factsQueue", "is the queue of the orders — facts need a queue of their own")
    if reading.problems:
        return Flawed(name, generation, tuple(reading.problems), is_leaving)
    return parsed


class _Reading:
    """Reads a spec field by field and goes on after each problem."""

    def __init__(self, spec: object) -> None:
        self.problems: list[str] = []
        self._spec: Mapping[str, Any] = spec if isinstance(spec, dict) else {}
        self.accepts_foreign = self._spec.get("acceptForeign") is True
        if not isinstance(self._spec.get("acceptForeign", False), bool):
            self.complain("acceptForeign", "must be `true` or `false`")

    def complain(self, key: str, problem: str) -> None:
        self.problems.append(f"`spec.{key}` {problem}")

    def text(self, key: str, *, is_needed: bool = False) -> str:
        value = self._spec.get(key, "")
        if not isinstance(value, str) or (is_needed and not value):
            self.complain(key, "must be text" if value else "is missing")
            return ""
        return value

    def span(self, key: str, default: timedelta, spec: Mapping[str, Any] | None = None) -> timedelta:
        text = (self._spec if spec is None else spec).get(key.rpartition(".")[2])
        if text is None:
            return default
        if not isinstance(text, str):
            self.complain(key, "must be a span of time such as `30m`")
            return default
        try:
            return min(parse_duration(text), LONGEST)
        except ValueError as error:
            self.complain(key, f"is wrong: {error}")
            return default

    def template(self) -> Mapping[str, Any]:
        template = self._spec.get("template")
        containers = _at(template, "spec", "containers")
        if not isinstance(template, dict) or not isinstance(containers, list) or not containers:
            self.complain("template", "must be a Pod's template with at least one container")
            return {}
        if not all(isinstance(one, dict) and one.get("name") for one in containers):
            self.complain("template.spec.containers", "holds a container without a name")
            return {}
        return copy.deepcopy(template)

    def container(self, template: Mapping[str, Any]) -> str:
        names = [str(one["name"]) for one in _at(template, "spec", "containers") or []]
        wanted = self.text("container")
        if not names:
            return ""
        if not wanted and len(names) > 1:
            self.complain("container", f"is missing — say which of {_listed(names)} deploys")
        elif wanted and wanted not in names:
            self.complain("container", f"names none of the template's containers: {_listed(names)}")
        return wanted or names[0]

    def arguments(self) -> tuple[str, ...] | None:
        given = self._spec.get("arguments")
        if given is None:
            return None
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self.complain("arguments", "must be a list of texts")
            return None
        for number, one in enumerate(given):
            self._try_placeholders(f"arguments[{number}]", one)
        return tuple(given)

    def variables(self) -> Mapping[str, str]:
        given = self._spec.get("variables") or {}
        if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
            self.complain("variables", "must be names with texts")
            return {}
        for name, one in given.items():
            self._try_placeholders(f"variables.{name}", one)
        return dict(given)

    def history(self) -> History:
        given = self._spec.get("history") or {}
        if not isinstance(given, dict):
            self.complain("history", "must hold `succeeded`, `failed` and `age`")
            return History()
        counts = {}
        for key, default in (("succeeded", 3), ("failed", 5)):
            value = given.get(key, default)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                self.complain(f"history.{key}", "must be a whole number from 0 on")
                value = default
            counts[key] = value
        return History(
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            age=self.span("history.age", DEFAULT_AGE, given),
        )

    def at_once(self) -> int:
        value = self._spec.get("foreignAtOnce", DEFAULT_AT_ONCE)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_AT_ONCE:
            self.complain("foreignAtOnce", f"must be a whole number from 1 to {MOST_AT_ONCE}")
            return DEFAULT_AT_ONCE
        return value

    def _try_placeholders(self, key: str, text: str) -> None:
        try:
            render(text, _AnyName() if self.accepts_foreign else dict.fromkeys(PLACEHOLDERS, ""))
        except ValueError as error:
            self.complain(key, f"is wrong: {error}")


class _AnyName(dict[str, str]):
    """Placeholders of every name: a message of another program may have any field."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


def values_for(plain: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each placeholder; `plain` holds all but the short revision."""
    return {**plain, "short_revision": short(plain["revision"])}


def rendered(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders replaced; a value is data to Kubernetes too, or raise ValueError."""
    # Kubernetes replaces `$(NAME)` in arguments and variables: a ref must not ask for a secret that way.
    return render(template, {name: value.replace("$", "$$") for name, value in values.items()})


def _at(raw: object, *path: str) -> Any:
    for step in path:
        raw = raw.get(step) if isinstance(raw, dict) else None
    return raw


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)
