"""The JSON Schema of a `ssh` section."""

from typing import Any

from funade.domain import durations, placeholders
from funade.domain.application import SECRET_SCHEMES
from funade.targets.ssh import config

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the section."""
    known = ", ".join(f"`{{{name}}}`" for name in placeholders.NAMES)
    schemes = ", ".join(f"`{scheme}:{place}`" for scheme, place in SECRET_SCHEMES.items())
    hosts = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    scalar = {"type": ["string", "number", "boolean"]}
    argv = {"type": "array", "items": scalar, "minItems": 1}
    hook = {
        "anyOf": [
            argv,
            {
                "type": "object",
                "properties": {"run": argv, "on": {"enum": ["all", "first"]}},
                "required": ["run"],
                "additionalProperties": False,
            },
        ]
    }
    return {
        "type": "object",
        "description": "Release directories on hosts that are reached over SSH.",
        "properties": {
            "kind": {"const": "ssh"},
            "hosts": {**hosts, "description": "The hosts: `name`, `user@name`, `name:port`."},
            "path": {
                "type": "string",
                "description": "The folder on the hosts that belongs to this environment alone; `{application}` and"
                " `{environment}` are replaced.",
            },
            "user": {"type": "string", "description": "Who we are on hosts that do not say otherwise."},
            "key": {
                "type": "string",
                "description": f"The private key, by reference: {schemes}. Without it the agent and the usual files"
                " of Funade's user are asked.",
            },
            "agent": {
                "type": "string",
                "description": "The socket of the agent, instead of `SSH_AUTH_SOCK`.",
            },
            "known_hosts": {
                "type": "string",
                "description": "The file with the hosts' keys, instead of `~/.ssh/known_hosts` of Funade's user.",
            },
            "host_keys": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "description": "Fingerprints of the hosts' keys (`SHA256:…`), instead of a file.",
            },
            "jump": {**hosts, "description": "Hosts through which the others are reached, in their order."},
            "connect_timeout": _span(
                "How long a host may take to let us in.", config.CONNECT_TIMEOUT_SECONDS
            ),
            "at_once": _count("So many hosts are sent to and switched at the same time.", config.AT_ONCE),
            "keep": _count("So many release directories stay on each host.", config.KEEP),
            "shared": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Files and folders (`log/`) that all releases share, linked from `shared`.",
            },
            "hooks": {
                "type": "object",
                "properties": {
                    "before": {
                        "type": "array",
                        "items": hook,
                        "description": f"Programs in the new release before it goes live; {known} are replaced.",
                    },
                    "after": {
                        "type": "array",
                        "items": hook,
                        "description": f"Programs in the new release after it went live; {known} are replaced.",
                    },
                },
                "additionalProperties": False,
                "description": "What the hosts run, `on: all` of them or the `first` only.",
            },
            "environment": {
                "type": "object",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": scalar,
                "description": f"Variables for the hooks; {known} are replaced.",
            },
            "secrets": {
                "type": "object",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"type": "string"},
                "description": f"Variables whose values are secret, by reference: {schemes}."
                " They are masked in the log.",
            },
            "time_limit": _span("Then the hooks of a moment are ended.", config.TIME_LIMIT_SECONDS),
            "kill_grace": _span(
                "Between the request to end (TERM) and the end (KILL).", config.KILL_GRACE_SECONDS
            ),
        },
        "required": ["kind", "hosts", "path"],
        "additionalProperties": False,
    }


def _span(description: str, default: float) -> dict[str, Any]:
    either = [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": durations.PATTERN}]
    return {"anyOf": either, "default": default, "description": description}


def _count(description: str, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "default": default, "description": description}
