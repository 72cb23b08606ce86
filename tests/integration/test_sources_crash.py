"""Sources whose process is killed at every point: the next one goes on as if nothing had been."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from funade.domain.application import Repository
from funade.domain.revision import Revision
from funade.sources import GitSources
from tests.contracts.git_repository import GitRepository, KnownSecrets
from tests.integration.test_sources_git import git

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]

WORK = """
import asyncio, sys
from pathlib import Path
from funade.domain.application import Repository
from funade.sources import GitSources, mirror
mirror.PACKS_AT_MOST = 1
data, url, work = sys.argv[1:]

async def main():
    sources, repository = GitSources(Path(data), None), Repository(url=url)
    revision = await sources.resolve(repository, "main")
    await sources.check_out(repository, revision, Path(work))

asyncio.run(main())
"""


async def run_until(failpoints: str, log: Path, *arguments: str) -> int:
    environment = {**os.environ, "FUNADE_FAILPOINTS": failpoints, "FUNADE_FAILPOINTS_LOG": str(log)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORK, *arguments, env=environment, stderr=subprocess.DEVNULL
    )
    return await process.wait()


def points(log: Path) -> list[str]:
    """Return each point that was passed, with the number of its hit."""
    seen: dict[str, int] = {}
    named = []
    for line in log.read_text().splitlines():
        name = line.split()[1]
        seen[name] = seen.get(name, 0) + 1
        named.append(f"{name}=kill@{seen[name]}")
    return named


@pytest.mark.parametrize("state", ["new", "used", "damaged"])
@pytest.mark.slow
async def test_a_kill_at_any_point_is_forgotten_by_the_next_process(state, tmp_path):
    story = GitRepository(tmp_path / "shop.git")
    first = story.commit("Begin", files={f"{number}.txt": "x" for number in range(20)})
    story.point("refs/heads/main", first)

    async def prepare(data: Path) -> Revision:
        story.point("refs/heads/main", first)
        if state == "new":
            return first
        sources, repository = GitSources(data, KnownSecrets()), Repository(url=story.url)
        await sources.resolve(repository, "main")
        second = story.commit("Second", parents=[])
        story.point("refs/heads/main", second)
        if state == "damaged":
            next((data / "mirrors").glob("*.git")).joinpath("HEAD").write_text("")
        return second

    await prepare(tmp_path / "data")
    log = tmp_path / "log"
    assert await run_until("", log, str(tmp_path / "data"), story.url, str(tmp_path / "work")) == 0
    named = points(log)
    assert len(named) > 20
    for number, point in enumerate(named):
        place = tmp_path / f"{number}"
        data, work = place / "data", place / "work"
        wanted = await prepare(data)
        died = await run_until(point, tmp_path / "unread", str(data), story.url, str(work))
        assert died == -signal.SIGKILL, point
        sources, repository = GitSources(data, KnownSecrets()), Repository(url=story.url)
        assert await sources.resolve(repository, "main") == wanted, point
        if not work.exists():
            await sources.check_out(repository, wanted, work)
        # Whole when it is there at all, whoever made it.
        assert git(work, "rev-parse", "HEAD") == wanted, point
        assert git(work, "status", "--porcelain") == "", point
        assert {path.name for path in place.iterdir()} <= {"data", "work"}, point
        mirrors = data / "mirrors"
        assert {path.suffix for path in mirrors.iterdir()} == {".git", ".lock"}, point
        git(next(mirrors.glob("*.git")), "fsck", "--connectivity-only")
        pins = git(next(mirrors.glob("*.git")), "for-each-ref", "refs/funade/pins").split()
        assert {first, wanted} <= set(pins), point


@pytest.mark.slow
async def test_a_full_disk_is_a_clear_error_and_passes(tmp_path):
    story = GitRepository(tmp_path / "shop.git")
    story.point("refs/heads/main", story.commit("Begin"))
    log = tmp_path / "log"
    await run_until("", log, str(tmp_path / "data"), story.url, str(tmp_path / "work"))
    code = WORK.replace(
        "asyncio.run(main())",
        "from funade.domain.errors import SourceError\n"
        "try: asyncio.run(main())\nexcept SourceError as error: print(error); sys.exit(3)",
    )
    for number, point in enumerate(points(log)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path / f"data-{number}"), story.url, str(tmp_path / f"work-{number}"),
            env={**os.environ, "FUNADE_FAILPOINTS": point.replace("kill", "error")}, stdout=subprocess.PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 3, point
        assert " — " in said.decode(), point
