"""Sources over a real OpenSSH server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from funade.domain.application import Repository, SecretReference
from funade.domain.errors import SourceError
from funade.domain.revision import Revision
from funade.sources import GitSources
from tests.contracts.git_repository import GitRepository, KnownSecrets
from tests.integration.git_sshd import Sshd, make_key, sshd

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git", "ssh", "sshd", "ssh-keygen")]


@pytest.fixture(scope="module")
def host(tmp_path_factory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def story(tmp_path) -> GitRepository:
    return GitRepository(tmp_path / "served shop.git")


@pytest.fixture
def first(story: GitRepository) -> Revision:
    revision = story.commit("Begin", files={"main.txt": "one"})
    story.point("refs/heads/main", revision)
    return revision


@pytest.fixture
def repository(host: Sshd, story: GitRepository, tmp_path: Path) -> Repository:
    # The server's own shell would part the path at its blank.
    (tmp_path / "link").symlink_to(story.folder)
    key = SecretReference(scheme="file", place=str(host.key))
    return Repository(url=host.url(tmp_path / "link"), ssh_key=key, known_hosts=str(host.known_hosts))


@pytest.fixture
def sources(tmp_path) -> GitSources:
    return GitSources(tmp_path / "data", KnownSecrets())


def public(key: Path) -> str:
    return Path(f"{key}.pub").read_text()


async def test_a_key_in_a_file_lets_in(sources, repository, first, tmp_path):
    assert await sources.resolve(repository, "main") == first
    await sources.check_out(repository, first, tmp_path / "work")
    assert (tmp_path / "work" / "main.txt").read_text() == "one"
    assert list(await sources.check(repository)) == []


async def test_a_key_that_is_no_file_never_touches_the_disk(host, repository, first, tmp_path):
    text = host.key.read_text()
    sources = GitSources(tmp_path / "data", KnownSecrets(KEY=text.rstrip()))
    by_value = replace(repository, ssh_key=SecretReference(scheme="env", place="KEY"))
    assert await sources.resolve(by_value, "main") == first
    kept = [path.read_text() for path in (tmp_path / "data").rglob("*") if path.name in ("ssh", "askpass")]
    assert text.splitlines()[1] not in "".join(kept)
    assert not (tmp_path / "data" / "keys").exists()


async def test_where_there_is_no_memory_file_the_key_is_a_file_for_a_moment(
    host, repository, first, tmp_path, monkeypatch
):
    monkeypatch.setattr("sys.platform", "darwin")
    forgotten = tmp_path / "data" / "keys" / "forgotten"
    forgotten.parent.mkdir(parents=True)
    forgotten.write_text("left by a killed process")
    sources = GitSources(tmp_path / "data", KnownSecrets(KEY=host.key.read_text()))
    by_value = replace(repository, ssh_key=SecretReference(scheme="env", place="KEY"))
    assert await sources.resolve(by_value, "main") == first
    assert list(forgotten.parent.iterdir()) == []


async def test_an_unknown_host_is_not_trusted(sources, repository, first, tmp_path):
    (tmp_path / "nobody").write_text("")
    with pytest.raises(SourceError, match="is not in") as caught:
        await sources.resolve(replace(repository, known_hosts=str(tmp_path / "nobody")), "main")
    assert "ssh-keyscan" in str(caught.value)


async def test_a_host_with_another_key_than_the_known_one_is_not_trusted(
    host, sources, repository, first, tmp_path
):
    other = make_key(tmp_path / "other")
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{host.port} {public(other)}")
    with pytest.raises(SourceError, match="turned away"):
        await sources.resolve(replace(repository, known_hosts=str(known)), "main")


async def test_a_key_that_is_not_let_in_is_told(sources, repository, first, tmp_path):
    other = SecretReference(scheme="file", place=str(make_key(tmp_path / "other")))
    with pytest.raises(SourceError, match="turned away"):
        await sources.resolve(replace(repository, ssh_key=other), "main")


async def test_a_key_that_others_may_read_is_told_before_ssh_is_asked(
    host, sources, repository, first, tmp_path
):
    open_key = tmp_path / "open"
    open_key.write_text(host.key.read_text())
    open_key.chmod(0o644)
    key = SecretReference(scheme="file", place=str(open_key))
    with pytest.raises(SourceError, match="chmod 600"):
        await sources.resolve(replace(repository, ssh_key=key), "main")
    gone = SecretReference(scheme="file", place=str(tmp_path / "gone"))
    assert len(await sources.check(replace(repository, ssh_key=gone))) == 1


async def test_a_host_that_is_not_there_is_told(host, sources, repository, first, tmp_path):
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:1 {public(host.key.with_name('host'))}")
    dead = replace(repository, url="ssh://git@127.0.0.1:1/shop.git", known_hosts=str(known))
    with pytest.raises(SourceError, match="cannot be reached"):
        await sources.resolve(dead, "main")


async def test_a_missing_known_hosts_is_told(sources, repository, first, tmp_path):
    with pytest.raises(SourceError, match="known_hosts"):
        await sources.resolve(replace(repository, known_hosts=str(tmp_path / "gone")), "main")
