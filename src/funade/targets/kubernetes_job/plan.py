"""What a `kubernetes-job` target does for a release, as data: the order is the plan, the cluster knows the rest."""

import re

from funade.domain import placeholders
from funade.domain.application import Verification
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.domain.wire import Plain
from funade.targets.kubernetes_job.config import Settings

_NAME = re.compile(r"([^/:@]+)/([^/:@]+?)(?:\.git)?/?$")
_LONGEST = 1000


def plan(settings: Settings, release: Release) -> Plan:
    """Return the steps: the order, and the look that the configuration wants."""
    steps = [
        Step(
            name="order",
            data={
                "revision": release.revision,
                "repository": repository_of(release),
                "queue": settings.orders_to.name,
            },
        )
    ]
    if release.verify is not None:
        steps.append(Step(name="verify", data=_look(release.verify, release), repeatable=True))
    return Plan(steps=tuple(steps))


def repository_of(release: Release) -> str:
    """Return the repository as orders name it: `acme/shop`, by the end of its URL."""
    found = _NAME.search(release.repository.url)
    name = f"{found[1]}/{found[2]}" if found else release.application
    return "".join(one for one in name if one >= " ")[:_LONGEST]


def _look(verify: Verification, release: Release) -> dict[str, Plain]:
    values = placeholders.values_of(release)
    seen: dict[str, Plain] = {"equals": verify.equals and placeholders.render(verify.equals, values)}
    if verify.url is not None:
        seen["url"] = placeholders.render(verify.url, values)
    if verify.run is not None:
        seen["run"] = [placeholders.render(one, values) for one in verify.run]
    return seen
