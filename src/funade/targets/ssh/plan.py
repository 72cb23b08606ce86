"""What a `ssh` target does for a release, as data."""

import hashlib
import json

from funade.domain import placeholders
from funade.domain.application import Verification
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.domain.wire import Plain
from funade.targets.ssh.config import Hook, Settings
from funade.targets.ssh.hosts import Host


def plan(settings: Settings, release: Release) -> Plan:
    """Return the steps: the files, what runs before, the switch, what runs after, and what is cleared away.

    Files that a host has and a switch that was made are dropped when it comes to it.
    """
    hosts: list[Plain] = [str(host) for host in settings.hosts]
    path = path_of(settings, release.application, release.environment)
    steps = [
        Step(name="send", data={"revision": release.revision, "hosts": hosts, "path": path}, repeatable=True)
    ]
    if settings.shared:
        steps.append(Step(name="share", data={"items": [*settings.shared]}, repeatable=True))
    steps += [_hook_step(hook, settings, release) for hook in settings.hooks.before]
    steps.append(Step(name="switch", data={"revision": release.revision, "hosts": hosts}, repeatable=True))
    steps += [_hook_step(hook, settings, release) for hook in settings.hooks.after]
    steps.append(Step(name="prune", data={"keep": settings.keep}, repeatable=True))
    if release.verify is not None:
        steps.append(Step(name="verify", data=_look(release.verify, release), repeatable=True))
    return Plan(steps=tuple(steps))


def _look(verify: Verification, release: Release) -> dict[str, Plain]:
    values = placeholders.values_of(release)
    seen: dict[str, Plain] = {"equals": verify.equals and placeholders.render(verify.equals, values)}
    if verify.url is not None:
        seen["url"] = placeholders.render(verify.url, values)
    if verify.run is not None:
        seen["run"] = [placeholders.render(one, values) for one in verify.run]
    return seen


def _hook_step(hook: Hook, settings: Settings, release: Release) -> Step:
    hosts = [str(host) for host in settings.hosts if runs_on(hook, host, settings)]
    return Step(name="run_on", data={"argv": [*argv(hook, release)], "hosts": [*hosts]})


def runs_on(hook: Hook, host: Host, settings: Settings) -> bool:
    """Tell whether a host runs a hook."""
    return hook.on == "all" or host == settings.hosts[0]


def argv(hook: Hook, release: Release) -> tuple[str, ...]:
    """Return the program and its arguments; a placeholder's value stays inside its argument."""
    values = placeholders.values_of(release)
    return tuple(placeholders.render(one, values) for one in hook.run)


def variables(settings: Settings, release: Release) -> dict[str, str]:
    """Return the configured variables that are no secrets."""
    values = placeholders.values_of(release)
    return {name: placeholders.render(one, values) for name, one in settings.environment.items()}


def path_of(settings: Settings, application: str, environment: str) -> str:
    """Return the environment's folder on the hosts."""
    values = {"application": application, "environment": environment}
    return placeholders.render(settings.path, values).rstrip("/")


def made_of(settings: Settings, release: Release, host: Host) -> str:
    """Return what names all that goes into a release directory of a host; the same again is the same directory."""
    before = [argv(hook, release) for hook in settings.hooks.before if runs_on(hook, host, settings)]
    content = [
        release.repository.url,
        release.revision,
        settings.shared,
        before,
        sorted(variables(settings, release).items()) if before else [],
        sorted(settings.secrets.items()) if before else [],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
