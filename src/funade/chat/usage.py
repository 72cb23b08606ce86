"""How each thing is said, in one line: for help, and for what is still missing from a command."""

from typing import Any

from funade.chat.names import Names
from funade.chat.spelling import spell_reason, spell_values
from funade.chat.verbs import Verb

_MORE = (
    ("to", "[to #NUMBER]"),
    ("revision", "[COMMIT]"),
    ("right", "[RIGHT]"),
    ("lasts", "[for 2h]"),
    ("steal", "[--steal]"),
    ("force", "[--force]"),
)


def usage(verb: Verb, values: dict[str, Any], names: Names | None) -> str:
    """Return a verb's line with what is known in its place and the rest in capitals."""
    said = [
        spell_values(
            verb, {name: values[name] for name in ("number", "application") if name in values}, names
        )
    ]
    for name in ("number", "application"):
        if name in verb.needed and name not in values:
            said.append(name.upper())
    if verb.has("ref"):
        said += _known_or_named("REF", values.get("ref"))
    if "environment" in verb.needed:
        environment = values.get("environment", "ENVIRONMENT")
        said += [*([verb.joins_environment] if verb.joins_environment else []), environment]
    elif not values and verb.has("environment"):
        said += ["[of PERSON]"] if verb.has("person") else []
        said.append(
            "[NUMBER | APPLICATION [ENVIRONMENT]]" if verb.has("number") else "[APPLICATION [ENVIRONMENT]]"
        )
    if not values:
        said += [shown for name, shown in _MORE if verb.has(name)]
        if verb.has("reason"):
            said.append("because REASON" if verb.wants_reason else "[because REASON]")
    return " ".join([*said, *spell_reason(values.get("reason"))])


def _known_or_named(name: str, value: str | None) -> list[str]:
    return [value] if value else [f"[{name}]"]
