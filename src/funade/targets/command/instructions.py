"""What a supervisor is told about its program: arguments, environment, limits, and what to mask."""

import os
from pathlib import Path

from funade.domain import masking
from funade.domain.application import parse_reference
from funade.domain.errors import PermanentTargetError, SecretError
from funade.domain.orders import StartOrder
from funade.targets.command.config import Settings
from funade.targets.command.plan import argv, variables
from funade.usecases.ports import Secrets

#: All that a program gets of the server's environment, and what it gets where the server has none.
INHERITED = {"PATH": os.defpath, "LANG": "C.UTF-8"}


def instructions(order: StartOrder, settings: Settings, secrets: Secrets, cache: Path) -> dict[str, object]:
    """Return them; or raise SecretError or PermanentTargetError when it cannot begin like this."""
    revealed = reveal(settings, secrets)
    execution = order.execution
    environment = {name: os.environ.get(name, usual) for name, usual in INHERITED.items()}
    environment["HOME"] = str(Path.home())
    environment |= variables(settings, order.release) | revealed
    environment |= {
        "FUNADE_APPLICATION": execution.application,
        "FUNADE_ATTEMPT": str(execution.attempt),
        "FUNADE_CACHE": str(cache),
        "FUNADE_DEPLOYMENT": execution.deployment,
        "FUNADE_ENVIRONMENT": execution.environment,
        "FUNADE_FENCE": str(execution.fence),
        "FUNADE_REVISION": order.release.revision,
    }
    return {
        "argv": argv(settings, order.release),
        "cwd": str(_folder(Path(order.workspace), settings.folder)),
        "environment": environment,
        "fence": execution.fence,
        "kill_grace": settings.kill_grace,
        "masks": [one.decode("latin-1") for one in masking.patterns(revealed.values())],
        "not_after": order.not_after.timestamp(),
        "time_limit": settings.time_limit,
    }


def reveal(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Return the secret variables; or raise SecretError, also for a value that the log could not be cleaned of."""
    revealed = {}
    for name, reference in settings.secrets.items():
        value = secrets.reveal(parse_reference(reference))
        if not masking.can_be_masked(value):
            message = (
                f"the value of `{reference}` is shorter than {masking.SHORTEST} bytes and could not be masked in"
                " the log: use a longer one, or give it under `environment` if it is no secret"
            )
            raise SecretError(message)
        if "\0" in value:
            message = f"the value of `{reference}` holds a NUL, which no variable can"
            raise SecretError(message)
        revealed[name] = value
    return revealed


def _folder(workspace: Path, folder: str) -> Path:
    """Return where the program starts; or raise PermanentTargetError when a link leads out of the checkout."""
    inside = (workspace / folder).resolve()
    if not inside.is_relative_to(workspace.resolve()):
        message = f"`folder: {folder}` leads out of the checkout"
        raise PermanentTargetError(message)
    return inside
