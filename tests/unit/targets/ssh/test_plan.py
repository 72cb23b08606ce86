from dataclasses import replace

import pytest

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.errors import PermanentTargetError
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.domain.wire import Plain
from funade.targets.ssh.config import Hook, Hooks, Settings
from funade.targets.ssh.hosts import Host
from funade.targets.ssh.plan import made_of, path_of, plan
from funade.targets.ssh.target import open_target

WEB1, WEB2 = Host(name="web1"), Host(name="web2", port=2222)
RELEASE = Release(
    application="shop",
    environment="staging",
    revision=Revision("f5c0df1" + "0" * 33),
    repository=Repository(url="https://example.invalid/shop.git"),
    target=TargetConfiguration(kind="ssh", settings={}),
)
SETTINGS = Settings(hosts=(WEB1, WEB2), path="/srv/{application}/{environment}/")


def test_a_plan_sends_switches_and_clears_up():
    hosts: list[Plain] = ["web1", "web2:2222"]
    assert plan(SETTINGS, RELEASE) == Plan(
        steps=(
            Step(
                name="send",
                data={"revision": RELEASE.revision, "hosts": hosts, "path": "/srv/shop/staging"},
                repeatable=True,
            ),
            Step(name="switch", data={"revision": RELEASE.revision, "hosts": hosts}, repeatable=True),
            Step(name="prune", data={"keep": 5}, repeatable=True),
        )
    )


def test_a_plan_runs_hooks_before_and_after_the_switch_where_they_belong():
    settings = replace(
        SETTINGS,
        shared=("log/",),
        hooks=Hooks(
            before=(Hook(run=("bin/migrate", "{short_revision}"), on="first"),),
            after=(Hook(run=("bin/restart",)),),
        ),
    )
    steps = plan(settings, replace(RELEASE, verify=Verification(url="https://x/{revision}"))).steps
    assert [one.name for one in steps] == ["send", "share", "run_on", "switch", "run_on", "prune", "verify"]
    assert steps[2].data == {"argv": ["bin/migrate", "f5c0df1"], "hosts": ["web1"]}
    assert steps[4].data == {"argv": ["bin/restart"], "hosts": ["web1", "web2:2222"]}
    assert [one.repeatable for one in steps] == [True, True, False, True, False, True, True]


def test_the_path_is_of_the_environment_and_of_nothing_that_is_deployed():
    assert path_of(SETTINGS, "shop", "production") == "/srv/shop/production"


def test_a_release_directory_is_known_by_all_that_goes_into_it():
    with_hook = replace(SETTINGS, hooks=Hooks(before=(Hook(run=("make",), on="first"),)))
    others = [
        made_of(SETTINGS, replace(RELEASE, revision=Revision("a" * 40)), WEB1),
        made_of(replace(SETTINGS, shared=("log/",)), RELEASE, WEB1),
        made_of(with_hook, RELEASE, WEB1),
        made_of(replace(with_hook, environment={"A": "1"}), RELEASE, WEB1),
        made_of(replace(with_hook, secrets={"A": "env:A"}), RELEASE, WEB1),
    ]
    assert len({made_of(SETTINGS, RELEASE, WEB1), *others}) == 6
    assert made_of(with_hook, RELEASE, WEB2) == made_of(SETTINGS, RELEASE, WEB1)
    after = replace(SETTINGS, hooks=Hooks(after=(Hook(run=("restart",)),)), environment={"A": "1"})
    assert made_of(after, RELEASE, WEB1) == made_of(SETTINGS, RELEASE, WEB1)


def test_stored_settings_that_cannot_be_read_end_the_deployment():
    with pytest.raises(PermanentTargetError, match="missing"):
        open_target(RELEASE, None)  # type: ignore[arg-type]  # nothing of it is needed to say no
