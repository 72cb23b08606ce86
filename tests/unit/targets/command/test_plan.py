from dataclasses import replace

import pytest

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.errors import PermanentTargetError
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.targets.command.config import Settings
from funade.targets.command.plan import plan
from funade.targets.command.target import open_target

RELEASE = Release(
    application="shop",
    environment="staging",
    revision=Revision("f5c0df1" + "0" * 33),
    repository=Repository(url="https://example.invalid/shop.git"),
    target=TargetConfiguration(kind="command", settings={}),
)


def test_a_plan_checks_out_and_runs():
    assert plan(Settings(run=("deploy", "{application}@{short_revision}"), folder="app"), RELEASE) == Plan(
        steps=(
            Step(name="checkout", data={"revision": RELEASE.revision}, repeatable=True),
            Step(name="run", data={"argv": ["deploy", "shop@f5c0df1"], "folder": "app"}),
        )
    )


@pytest.mark.parametrize(
    ("verification", "data"),
    [
        (Verification(url="https://x/version", equals="{revision}"), {"url": "https://x/version"}),
        (Verification(run=("curl", "x"), equals="{revision}"), {"run": ["curl", "x"]}),
    ],
)
def test_a_plan_looks_at_what_runs_where_there_is_a_way(verification, data):
    steps = plan(Settings(run=("deploy",)), replace(RELEASE, verify=verification)).steps
    assert steps[-1] == Step(name="verify", data={"equals": RELEASE.revision, **data}, repeatable=True)


def test_stored_settings_that_cannot_be_read_end_the_deployment():
    with pytest.raises(PermanentTargetError, match="missing"):
        open_target(RELEASE, None)  # type: ignore[arg-type]  # nothing of it is needed to say no
