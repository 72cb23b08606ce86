"""What a `command` target does for a release, as data."""

from funade.domain import placeholders
from funade.domain.application import Verification
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.domain.wire import Plain
from funade.targets.command.config import Settings


def plan(settings: Settings, release: Release) -> Plan:
    """Return the steps: a clean checkout, the program, and a look at what runs where there is a way to look."""
    steps = [
        Step(name="checkout", data={"revision": release.revision}, repeatable=True),
        Step(name="run", data={"argv": [*argv(settings, release)], "folder": settings.folder}),
    ]
    if release.verify is not None:
        steps.append(Step(name="verify", data=_look(release.verify, release), repeatable=True))
    return Plan(steps=tuple(steps))


def _look(verify: Verification, release: Release) -> dict[str, Plain]:
    values = placeholders.values_of(release)
    seen: dict[str, Plain] = {
        "equals": None if verify.equals is None else placeholders.render(verify.equals, values)
    }
    if verify.url is not None:
        seen["url"] = placeholders.render(verify.url, values)
    if verify.run is not None:
        seen["run"] = [placeholders.render(one, values) for one in verify.run]
    return seen


def argv(settings: Settings, release: Release) -> tuple[str, ...]:
    """Return the program and its arguments; a placeholder's value stays inside its argument."""
    values = placeholders.values_of(release)
    return tuple(placeholders.render(one, values) for one in settings.run)


def variables(settings: Settings, release: Release) -> dict[str, str]:
    """Return the configured variables that are no secrets."""
    values = placeholders.values_of(release)
    return {name: placeholders.render(one, values) for name, one in settings.environment.items()}
