"""How each thing is said, in one line: for help, and for what is still missing from a command."""

from typing import Any

from funade.chat.names import Names
from funade.chat.spelling import spell_values
from funade.chat.verbs import Verb


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
        said.append(
            "[NUMBER | APPLICATION [ENVIRONMENT]]" if verb.has("number") else "[APPLICATION [ENVIRONMENT]]"
        )
    if not values:
        said += ["[to #NUMBER]"] if verb.has("to") else []
        said += ["[because REASON]"] if verb.has("reason") else []
    return " ".join(said)


def _known_or_named(name: str, value: str | None) -> list[str]:
    return [value] if value else [f"[{name}]"]
