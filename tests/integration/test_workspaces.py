"""Checkouts and their sweep, on the disk."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from funade.domain.application import Repository
from funade.runner.workspaces import FolderWorkspaces
from funade.sources import GitSources, git_sources
from tests.contracts.git_repository import GitRepository, KnownSecrets

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]

#: Writes one file after the other, as a git that fills a checkout, until told to end.
WRITER = """
import itertools, os, select, sys
for number in itertools.count():
    os.makedirs(sys.argv[1], exist_ok=True)
    os.close(os.open(f"{sys.argv[1]}/{number}", os.O_CREAT))
    if number == 5000:
        print("going on", flush=True)
    if number > 5000 and select.select([0], [], [], 0)[0]:
        break
"""


async def test_a_checkout_that_is_still_being_made_belongs_to_its_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    story = GitRepository(tmp_path / "shop.git")
    revision = story.commit("Begin", files={"a": "a"})
    story.point("refs/heads/main", revision)
    workspaces = FolderWorkspaces(tmp_path / "workspaces")
    sources, repository = GitSources(tmp_path / "sources", KnownSecrets()), Repository(url=story.url)
    await sources.resolve(repository, "main")
    seen: dict[str, Sequence[Path]] = {}

    @contextmanager
    def look(name: str) -> Iterator[None]:
        if name == "sources.hand_over":
            folders = sorted((tmp_path / "workspaces").iterdir())
            assert len(folders) == 1
            seen["folders"] = folders
        yield

    monkeypatch.setattr(git_sources, "effect", look)
    await sources.check_out(repository, revision, workspaces.folder("d1", 3))
    (partial,) = seen["folders"]
    partial.mkdir()
    assert await workspaces.leftovers(frozenset({"d1"})) == []
    # What a killed process left is nobody's once its deployment has ended.
    assert sorted(await workspaces.leftovers(frozenset())) == [partial, workspaces.folder("d1", 3)]
    await workspaces.remove(partial)
    assert not partial.exists()


async def test_with_a_checkout_goes_what_dead_claims_left_half_made(tmp_path: Path):
    root = tmp_path / "workspaces"
    dead, own, other = (root / f".d1.{epoch}.partial-0{epoch}" for epoch in (2, 3, 4))
    stranger = root / ".d2.1.partial-05"
    for one in (dead, own, other, stranger):
        (one / ".git").mkdir(parents=True)
    workspaces = FolderWorkspaces(root)
    await workspaces.remove(workspaces.folder("d1", 3))
    # Whoever has a newer claim may be making that one now.
    assert sorted(root.iterdir()) == [other, stranger]


async def test_what_a_dead_claims_git_still_fills_holds_nobody_up(tmp_path: Path):
    root = tmp_path / "workspaces"
    filled, own = root / ".d1.2.partial-02", root / "d1.3"
    for one in (filled, own):
        one.mkdir(parents=True)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, filled, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    await writer.stdout.readline()
    workspaces = FolderWorkspaces(root)
    await workspaces.remove(own)
    assert not own.exists()
    assert writer.returncode is None
    writer.stdin.close()
    await writer.wait()
    await workspaces.remove(own)
    assert list(root.iterdir()) == []
