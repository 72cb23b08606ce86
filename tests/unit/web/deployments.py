"""Deployments for tests of pages: one for every way in which one can look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.deployment import Deployment, Preview, Purpose
from funade.domain.plan import Plan, Step, digest
from funade.domain.release import Release
from funade.domain.revision import Changes, Commit, Revision

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ID = "4a3c9a52-5c0e-4b7d-9a1f-2f1f0f6f7a10"
LIVE = Revision("91c2b7e" + "0" * 33)
WANTED = Revision("f5c0df1" + "0" * 33)


def commit(subject: str, author: str, sha: str, **more: object) -> Commit:
    at = NOON - timedelta(hours=3)
    given: dict[str, object] = {"email": f"{author.lower()}@acme.example", "authored_at": at, **more}
    return Commit(revision=Revision(sha.ljust(40, "0")), subject=subject, author=author, **given)  # type: ignore[arg-type] # the tests' own


COMMITS = (
    commit("Show the basket's sum with tax", "Ada", "f5c0df1"),
    commit("Do not send a receipt twice", "Bob", "3be7a90", co_authors=("Cy",)),
    commit("Speak of a basket, not of a cart", "Ada", "77d01c4"),
)


def deployment(**more: object) -> Deployment:
    release = Release(
        application="shop",
        environment="production",
        revision=WANTED,
        repository=Repository(url="https://github.com/acme/shop.git"),
        target=TargetConfiguration(kind="command", settings={"run": ["./deploy", "{revision}"]}),
        verify=Verification(url="https://shop.acme.example/version", equals="{revision}"),
    )
    plan = Plan(
        steps=(
            Step(
                name="checkout", data={"revision": WANTED, "repository": "https://github.com/acme/shop.git"}
            ),
            Step(name="run", data={"argv": ["./deploy", WANTED]}),
            Step(name="verify", data={"url": "https://shop.acme.example/version", "equals": WANTED}),
        )
    )
    changes = Changes(base=LIVE, head=WANTED, commits=COMMITS, total=3)
    one = Deployment(
        id=ID,
        number=4,
        purpose=Purpose.DEPLOY,
        release=release,
        plan=plan,
        digest=digest(release, plan),
        ref="main",
        asked_by="ada",
        asked_by_id="local:1000",
        door="terminal",
        asked_at=NOON,
        due_at=NOON + timedelta(days=1),
        reason="the basket's sum was wrong",
        preview=Preview(live=LIVE, live_number=3, changes=changes),
    )
    return replace(one, **more)  # type: ignore[arg-type] # the tests' own
