"""The section of a `command` target in funade.yaml: its shape, and how it is read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from funade.domain import durations, placeholders, wire
from funade.domain.application import SECRET_SCHEMES, parse_reference
from funade.domain.orders import Problem
from funade.domain.wire import Plain

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
#: What the program is told by us.
OURS = "FUNADE_"

TIME_LIMIT_SECONDS = 3600.0
KILL_GRACE_SECONDS = 10.0
#: What a supervisor needs beyond the grace of its program.
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A `command` target, as its release stores it; spans are seconds, secrets are references."""

    run: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    time_limit: float = TIME_LIMIT_SECONDS
    kill_grace: float = KILL_GRACE_SECONDS
    abandoned: str = "continue"
    guard: str | None = None
    folder: str = "."


#: What says where, and with which secrets: of today, whatever release is put there.
PLACE = ("guard", "secrets", "abandoned")


def renew(old: Mapping[str, Plain], today: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the parameters of an old release with today's place and secrets."""
    parameters = {name: value for name, value in old.items() if name not in PLACE}
    return parameters | {name: today[name] for name in PLACE if name in today}


def stops_after(settings: Mapping[str, Plain], lease: timedelta) -> timedelta | None:
    """Return in what time after the last word to its supervisor a program of a release is gone; None: it goes on."""
    try:
        given = wire.from_plain(Settings, dict(settings))
    except wire.Unreadable:
        return None
    if given.abandoned != "stop":
        return None
    return lease + timedelta(seconds=given.kill_grace + PATIENCE_SECONDS)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the section."""
    span = {
        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": durations.PATTERN}]
    }
    known = ", ".join(f"`{{{name}}}`" for name in placeholders.NAMES)
    return {
        "type": "object",
        "description": "A program, run on this machine in a clean checkout of the revision.",
        "properties": {
            "kind": {"const": "command"},
            "run": {
                "type": "array",
                "items": {"type": ["string", "number", "boolean"]},
                "minItems": 1,
                "description": f"The program and its arguments, each one argument for good; {known} are replaced.",
            },
            "environment": {
                "type": "object",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"type": ["string", "number", "boolean"]},
                "description": f"Variables for the program; {known} are replaced.",
            },
            "secrets": {
                "type": "object",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"type": "string"},
                "description": "Variables whose values are secret, by reference: "
                + ", ".join(f"`{scheme}:{place}`" for scheme, place in SECRET_SCHEMES.items())
                + ". They are masked in the log.",
            },
            "time_limit": {
                **span,
                "default": TIME_LIMIT_SECONDS,
                "description": "Then the program is ended.",
            },
            "kill_grace": {
                **span,
                "default": KILL_GRACE_SECONDS,
                "description": "Between the request to end (TERM) and the end (KILL).",
            },
            "abandoned": {
                "enum": ["continue", "stop"],
                "default": "continue",
                "description": "What becomes of the program when no Funade process looks after it any more.",
            },
            "guard": {
                "type": "string",
                "description": "A folder on this machine that every Funade deploying there shares.",
            },
            "folder": {
                "type": "string",
                "default": ".",
                "description": "Where the program starts, inside the checkout.",
            },
        },
        "required": ["kind", "run"],
        "additionalProperties": False,
    }


def parse(section: Mapping[str, Plain], where: str) -> tuple[dict[str, Plain], list[Problem]]:
    """Return the settings as plain data, defaults filled in, and all that is wrong with them."""
    reading = _Reading(where)
    settings: dict[str, Plain] = {}
    for key, value in section.items():
        if key == "kind":
            continue
        read = _READERS.get(key)
        if read is None:
            reading.complain(key, f"`{key}` is no setting of a `command` target", _meant(key))
        else:
            settings[key] = read(reading, key, value)
    if "run" not in section:
        reading.complain("run", "the program to run is missing", "add `run: [program, argument]`")
    for name, value in _DEFAULTS.items():
        settings.setdefault(name, value)
    environment, secrets = settings["environment"], settings["secrets"]
    if isinstance(environment, dict) and isinstance(secrets, dict):
        for name in environment.keys() & secrets.keys():
            reading.complain(f"secrets.{name}", f"`{name}` is in `environment` too", "say it in one of them")
    return settings, reading.problems


class _Reading:
    """Reads values one by one and keeps what is wrong."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []

    def complain(self, key: str, problem: str, remedy: str = "") -> None:
        self.problems.append(Problem(where=f"{self._where}.{key}", problem=problem, remedy=remedy))

    def run(self, key: str, value: Plain) -> Plain:
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(one, str | int | float) for one in value)
        ):
            remedy = "write `run: [program, argument]`; a shell is a program too: `[sh, -c, …]`"
            self.complain(key, "a list of the program and its arguments is wanted", remedy)
            return []
        argv = [self._template(f"{key}[{at}]", _text(one)) for at, one in enumerate(value)]
        if not argv[0]:
            self.complain(f"{key}[0]", "the program has no name")
        return [*argv]

    def environment(self, key: str, value: Plain) -> Plain:
        variables: dict[str, Plain] = {}
        for name, one in self._variables(key, value):
            if isinstance(one, str | int | float):
                variables[name] = self._template(f"{key}.{name}", _text(one))
            else:
                self.complain(f"{key}.{name}", "a text or a number is wanted")
        return variables

    def secrets(self, key: str, value: Plain) -> Plain:
        references: dict[str, Plain] = {}
        for name, one in self._variables(key, value):
            try:
                references[name] = str(parse_reference(one if isinstance(one, str) else ""))
            except ValueError as error:
                self.complain(f"{key}.{name}", str(error))
        return references

    def span(self, key: str, value: Plain) -> Plain:
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                message = "a span of time is wanted: seconds, or `90s`, `10m`, `24h`"
                raise ValueError(message)
            return durations.parse_duration(_text(value)).total_seconds()
        except ValueError as error:
            self.complain(key, str(error))
            return None

    def abandoned(self, key: str, value: Plain) -> Plain:
        if value not in ("continue", "stop"):
            self.complain(key, "`continue` or `stop` is wanted")
        return value

    def guard(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not PurePosixPath(value).is_absolute():
            self.complain(key, "the whole path of a folder is wanted", "write one that begins with `/`")
        return value

    def folder(self, key: str, value: Plain) -> Plain:
        path = PurePosixPath(value) if isinstance(value, str) else None
        if path is None or path.is_absolute() or ".." in path.parts or "\0" in str(path):
            self.complain(key, "a folder inside the checkout is wanted", "write it as seen from its root")
        return value

    def _variables(self, key: str, value: Plain) -> Iterator[tuple[str, Plain]]:
        if not isinstance(value, dict):
            self.complain(key, "names with values are wanted", f"write `{key}: {{NAME: value}}`")
            return
        for name, one in value.items():
            if not (name.isascii() and name.isidentifier()):
                self.complain(f"{key}.{name}", f"`{name}` is no name of a variable")
            elif name.startswith(OURS):
                self.complain(f"{key}.{name}", f"names with `{OURS}` are given by Funade", "choose another")
            else:
                yield name, one

    def _template(self, key: str, text: str) -> str:
        try:
            if "\0" in text:
                message = "a NUL can be part of no argument"
                raise ValueError(message)
            placeholders.render(text, dict.fromkeys(placeholders.NAMES, ""))
        except ValueError as error:
            self.complain(key, str(error))
        return text


_READERS: Mapping[str, Callable[[_Reading, str, Plain], Plain]] = {
    "run": _Reading.run,
    "environment": _Reading.environment,
    "secrets": _Reading.secrets,
    "time_limit": _Reading.span,
    "kill_grace": _Reading.span,
    "abandoned": _Reading.abandoned,
    "guard": _Reading.guard,
    "folder": _Reading.folder,
}
_DEFAULTS: dict[str, Plain] = {
    "environment": {},
    "secrets": {},
    "time_limit": TIME_LIMIT_SECONDS,
    "kill_grace": KILL_GRACE_SECONDS,
    "abandoned": "continue",
    "guard": None,
    "folder": ".",
}


def _text(value: Plain) -> str:
    """Return what a person meant who wrote `80` or `true` in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _meant(key: str) -> str:
    near = get_close_matches(key, _READERS, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(f'`{one}`' for one in _READERS)}"
