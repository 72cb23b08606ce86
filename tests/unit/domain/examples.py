"""One deployment, release and moment that the domain's tests start from; each test changes what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.deployment import Deployment, Purpose
from funade.domain.orders import EndedBy, Ending
from funade.domain.plan import Plan, Step, digest
from funade.domain.release import Release
from funade.domain.revision import Revision

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
OLD = Revision("a" * 40)
NEW = Revision("b" * 40)
OTHER = Revision("c" * 40)

RELEASE = Release(
    application="shop",
    environment="production",
    revision=NEW,
    repository=Repository(url="/srv/git/shop.git"),
    target=TargetConfiguration(kind="command", settings={"run": ["cap", "deploy"]}),
    verify=Verification(url="https://shop.example/version", equals="{revision}"),
)
PLAN = Plan(
    steps=(Step(name="checkout", repeatable=True), Step(name="run", data={"argv": ["cap", "deploy"]}))
)


def deployment(number: int = 1, *, revision: Revision = NEW, **changes: Any) -> Deployment:
    release = replace(RELEASE, revision=revision)
    asked = Deployment(
        id=f"id-{number}",
        number=number,
        purpose=Purpose.DEPLOY,
        release=release,
        plan=PLAN,
        digest=digest(release, PLAN),
        ref="main",
        asked_by="ada",
        asked_by_id="local:1000",
        door="terminal",
        asked_at=NOON,
        due_at=NOON + timedelta(hours=24),
    )
    return replace(asked, **changes)


def ended_by(by: EndedBy, *, exit_code: int | None = None, signal: int | None = None) -> Ending:
    return Ending(by=by, exit_code=exit_code, signal=signal, at=NOON)
