"""Submodules and large files: only where the configuration says so."""

from dataclasses import replace
from pathlib import Path

import pygit2
import pytest

from funade.domain.application import Repository, SecretReference
from funade.domain.errors import SourceError
from funade.domain.revision import Revision
from funade.sources import GitSources
from tests.contracts.git_repository import GitRepository, KnownSecrets
from tests.integration.git_web import serving
from tests.integration.test_sources_git import git

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]

OID = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"  #: of `aaa`
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 3\n"


@pytest.fixture
def served(tmp_path: Path) -> Path:
    return tmp_path / "served"


@pytest.fixture
def sources(tmp_path) -> GitSources:
    return GitSources(tmp_path / "data", KnownSecrets(TOKEN="t0ken"))


def holding(
    outer: GitRepository, path: str, revision: Revision, url: str, *, settings: str = "", listed: bool = True
) -> Revision:
    """Commit a submodule at `path`."""
    modules = f'[submodule "it"]\n\tpath = {path}\n\turl = {url}\n{settings}'
    blobs = {".gitmodules": modules if listed else "", "main.txt": "outer"}
    index = pygit2.Index()
    for name, text in blobs.items():
        blob = outer.git.create_blob(text.encode())
        index.add(pygit2.IndexEntry(name, blob, pygit2.enums.FileMode.BLOB))
    index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=revision), pygit2.enums.FileMode.COMMIT))
    made = outer.commit_tree("Hold another", str(index.write_tree(outer.git)))
    outer.point("refs/heads/main", made)
    return made


def three_deep(served: Path) -> tuple[GitRepository, Revision]:
    deep, inner, outer = (GitRepository(served / f"{name}.git") for name in ("deep", "inner", "outer"))
    deepest = deep.commit("Deep", files={"deep.txt": "deep"})
    deep.point("refs/heads/main", deepest)
    middle = holding(inner, "vendor/deep", deepest, "../deep.git")
    return outer, holding(outer, "lib/inner", middle, "../inner.git")


async def test_submodules_come_however_deep_when_they_are_wanted(sources, served, tmp_path):
    outer, revision = three_deep(served)
    repository = Repository(url=outer.url, submodules=True)
    assert await sources.resolve(repository, "main") == revision
    work = tmp_path / "work"
    await sources.check_out(repository, revision, work)
    assert (work / "lib/inner/vendor/deep/deep.txt").read_text() == "deep"
    assert git(work, "status", "--porcelain", "--ignored") == ""
    assert git(work / "lib/inner", "rev-parse", "--show-toplevel") == str(work / "lib/inner")
    assert git(work / "lib/inner", "remote") == ""


async def test_without_the_wish_a_submodule_is_an_empty_folder(sources, served, tmp_path):
    outer, revision = three_deep(served)
    work = tmp_path / "work"
    await sources.check_out(Repository(url=outer.url), revision, work)
    assert list((work / "lib/inner").iterdir()) == []
    assert git(work, "status", "--porcelain") == ""


async def test_a_submodule_of_another_protocol_is_refused_and_nothing_stays(sources, served, tmp_path):
    outer, inner = GitRepository(served / "outer.git"), GitRepository(served / "inner.git")
    first = inner.commit("Begin")
    inner.point("refs/heads/main", first)
    for url in (
        "ext::sh -c id",
        "git://127.0.0.1/x",
        "http://example.com/x",
        "-u:x",
        "../../../../../../../../..",
    ):
        revision = holding(outer, "lib", first, url)
        with pytest.raises(SourceError):
            await sources.check_out(Repository(url=outer.url, submodules=True), revision, tmp_path / "work")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "served"]
    with serving(served) as host:
        revision = holding(outer, "lib", first, inner.url)
        away = Repository(url=f"{host.url}/outer.git", submodules=True)
        with pytest.raises(SourceError, match="may not reach"):
            await sources.check_out(away, revision, tmp_path / "work")


async def test_a_submodule_gets_the_password_of_its_own_host_only(sources, served, tmp_path):
    outer, inner = GitRepository(served / "outer.git"), GitRepository(served / "inner.git")
    first = inner.commit("Begin")
    inner.point("refs/heads/main", first)
    password = SecretReference(scheme="env", place="TOKEN")
    with serving(served, ("ada", "t0ken")) as host, serving(served, ("ada", "t0ken")) as stranger:
        repository = Repository(
            url=f"{host.url}/outer.git", username="ada", password=password, submodules=True
        )
        near = holding(outer, "lib", first, "../inner.git")
        await sources.check_out(repository, near, tmp_path / "near")
        assert (tmp_path / "near" / "lib" / "0.txt").exists()
        far = holding(outer, "lib", first, f"{stranger.url}/inner.git")
        with pytest.raises(SourceError, match="wants a password"):
            await sources.check_out(repository, far, tmp_path / "far")
        assert {given for _, given in stranger.seen} == {None}


async def test_a_submodule_that_is_told_to_stay_out_stays_out(sources, served, tmp_path):
    outer = GitRepository(served / "outer.git")
    revision = holding(outer, "lib", Revision("1" * 40), "../gone.git", settings="\tupdate = none\n")
    await sources.check_out(Repository(url=outer.url, submodules=True), revision, tmp_path / "work")
    assert list((tmp_path / "work" / "lib").iterdir()) == []


async def test_a_submodule_without_a_url_is_a_clear_error(sources, served, tmp_path):
    outer = GitRepository(served / "outer.git")
    revision = holding(outer, "lib", Revision("1" * 40), "x", listed=False)
    with pytest.raises(SourceError, match="gives no `url`"):
        await sources.check_out(Repository(url=outer.url, submodules=True), revision, tmp_path / "work")


async def test_a_circle_of_submodules_ends(sources, served, tmp_path, monkeypatch):
    monkeypatch.setattr("funade.sources.git_sources.DEEPEST", 2)
    _, revision = three_deep(served)
    top = GitRepository(served / "top.git")
    highest = holding(top, "outer", revision, "../outer.git")
    with pytest.raises(SourceError, match="deep"):
        await sources.check_out(Repository(url=top.url, submodules=True), highest, tmp_path / "work")
    assert not (tmp_path / "work").exists()


@pytest.fixture
def large(served: Path) -> tuple[GitRepository, Revision]:
    story = GitRepository(served / "large.git")
    stored = story.folder / "lfs" / "objects" / OID[:2] / OID[2:4] / OID
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"aaa")
    files = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "large.bin": POINTER}
    revision = story.commit("Large", files=files)
    story.point("refs/heads/main", revision)
    return story, revision


@pytest.mark.needs("git-lfs")
async def test_large_files_come_when_they_are_wanted(sources, large, tmp_path):
    story, revision = large
    repository = Repository(url=story.url, lfs=True)
    for name in ("one", "two"):
        await sources.check_out(repository, revision, tmp_path / name)
        assert (tmp_path / name / "large.bin").read_bytes() == b"aaa"
        # Whoever looks closer finds them unchanged too.
        (tmp_path / name / "large.bin").touch()
        assert git(tmp_path / name, "status", "--porcelain") == ""
        assert git(tmp_path / name, "remote") == ""
        (story.folder / "lfs").rename(story.folder / f"lfs-{name}")
        (story.folder / f"lfs-{name}").rename(story.folder / "lfs")
    await sources.check_out(replace(repository, lfs=False), revision, tmp_path / "pointers")
    assert (tmp_path / "pointers" / "large.bin").read_text() == POINTER


@pytest.mark.needs("git-lfs")
async def test_a_large_file_that_is_gone_is_an_error_and_leaves_nothing(sources, large, tmp_path):
    story, revision = large
    (story.folder / "lfs").rename(story.folder / "gone")
    with pytest.raises(SourceError, match="git-lfs"):
        await sources.check_out(Repository(url=story.url, lfs=True), revision, tmp_path / "work")
    assert not (tmp_path / "work").exists()


async def test_a_missing_git_lfs_is_told_by_the_check(sources, large, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None)
    story, _ = large
    problems = await sources.check(Repository(url=story.url, lfs=True))
    assert [one.problem for one in problems] == ["git-lfs is not on PATH"]
