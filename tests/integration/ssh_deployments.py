"""Deployments to real hosts, for tests that start, cut and kill them."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from funade.domain.application import Repository, TargetConfiguration
from funade.domain.orders import Execution, Observed, Sighting, StartOrder
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.domain.wire import Plain
from funade.runner.machine import SystemClock
from funade.secrets import OpenSecrets
from funade.store.attempt_logs import AttemptLogs
from funade.targets import KINDS, OpenTargets, Surroundings
from funade.usecases.ports import Target
from tests.integration.programs import execution
from tests.integration.ssh_hosts import Fleet

SECRET = "s3cr3t/+token value"


@dataclass
class Source:
    """A repository whose work tree is the checkout of whatever was committed last."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        command = [
            "git",
            "-C",
            str(self.folder),
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=a@b.invalid",
            *arguments,
        ]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        return subprocess.run(
            command, check=True, env=environment, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, files: Mapping[str, str] | None = None) -> Revision:
        for name, text in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if text.startswith("#!"):
                path.chmod(0o755)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change something")
        return Revision(self.git("rev-parse", "HEAD"))


@dataclass
class Deployments:
    """One environment on a fleet, deployed by one process, whose data folder is `data`."""

    fleet: Fleet
    source: Source
    data: Path
    secrets: dict[str, str] = field(default_factory=dict)
    store: str = "store-1"
    repository: Repository = field(default_factory=lambda: Repository(url="https://example.invalid/shop.git"))

    def __post_init__(self) -> None:
        self.surroundings = Surroundings(
            data=self.data,
            store=self.store,
            secrets=OpenSecrets(self.secrets),
            lease=timedelta(seconds=15),
            clock=SystemClock(),
        )

    def release(self, revision: Revision, **settings: Any) -> Release:
        section: dict[str, Plain] = self.fleet.section(**{"kill_grace": 1, **settings})
        parsed, problems = KINDS["ssh"].parse(section, "target")
        assert not problems
        return Release(
            application="shop",
            environment="staging",
            revision=revision,
            repository=self.repository,
            target=TargetConfiguration(kind="ssh", settings=parsed),
        )

    def open(self, release: Release) -> Target:
        return OpenTargets(self.surroundings).open(release)

    async def start(self, it: Execution, revision: Revision, **settings: Any) -> Target:
        release = self.release(revision, **settings)
        target = self.open(release)
        plan = target.plan(release)
        order = StartOrder(
            execution=it,
            release=release,
            plan=plan,
            digest=digest(release, plan),
            not_after=SystemClock().now() + timedelta(minutes=5),
            workspace=str(self.source.folder),
        )
        await target.place.start(order)
        return target

    async def deploy(self, number: int, revision: Revision, **settings: Any) -> Sighting:
        it = execution(number, fence=number)
        target = await self.start(it, revision, **settings)
        return await target.place.wait(it)

    async def observe(self, revision: Revision, **settings: Any) -> Observed:
        release = self.release(revision, **settings)
        return await self.open(release).observe(release)

    def log(self, number: int, attempt: int = 1) -> str:
        it = execution(number)
        return AttemptLogs(self.data).read(it.deployment, attempt, 0, 1 << 30).decode()
