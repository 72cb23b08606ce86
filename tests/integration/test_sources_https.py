"""Sources over a real git http-backend behind TLS and a password."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from funade.domain.application import Repository, SecretReference
from funade.domain.errors import SourceError, UnknownRef
from funade.domain.revision import Revision
from funade.sources import GitSources
from tests.contracts.git_repository import GitRepository, KnownSecrets
from tests.integration.git_web import GitWeb, make_certificate, serving

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git", "openssl")]

TOKEN = "s3cret/%+ tök'en\"$(id)"
PASSWORD = SecretReference(scheme="env", place="TOKEN")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "key.pem")


@pytest.fixture
def story(tmp_path) -> GitRepository:
    return GitRepository(tmp_path / "served" / "acme" / "shop.git")


@pytest.fixture
def first(story: GitRepository) -> Revision:
    revision = story.commit("Begin", files={"main.txt": "one"})
    story.point("refs/heads/main", revision)
    return revision


@pytest.fixture
def host(story, certificate, tmp_path, monkeypatch) -> Iterator[GitWeb]:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    with serving(tmp_path / "served", ("ada", TOKEN), certificate) as server:
        yield server


@pytest.fixture
def repository(host: GitWeb) -> Repository:
    return Repository(url=f"{host.url}/acme/shop.git", username="ada", password=PASSWORD)


@pytest.fixture
def sources(tmp_path) -> GitSources:
    return GitSources(tmp_path / "data", KnownSecrets(TOKEN=TOKEN), patience=timedelta(seconds=20))


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_the_password_lets_in_and_is_left_nowhere(sources, repository, first, tmp_path):
    assert await sources.resolve(repository, "main") == first
    await sources.check_out(repository, first, tmp_path / "work")
    assert (tmp_path / "work" / "main.txt").read_text() == "one"
    for folder in (tmp_path / "data", tmp_path / "work"):
        assert TOKEN.encode() not in everything_below(folder)
        assert b"ada" not in everything_below(folder)


async def test_the_password_is_in_no_argument(sources, repository, first, tmp_path, monkeypatch):
    real = shutil.which("git")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/arguments\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    await sources.resolve(repository, "main")
    said = (tmp_path / "arguments").read_text()
    assert "fetch" in said
    assert TOKEN not in said


async def test_a_wrong_password_is_named_by_its_reference_only(repository, first, tmp_path):
    sources = GitSources(tmp_path / "data", KnownSecrets(TOKEN="wrong-one"))
    with pytest.raises(SourceError, match="password was refused") as caught:
        await sources.resolve(repository, "main")
    assert "env:TOKEN" in str(caught.value)
    assert "wrong-one" not in str(caught.value)
    problems = await sources.check(repository)
    assert ["env:TOKEN" in one.remedy for one in problems] == [True]


async def test_a_missing_password_is_asked_for(sources, host, first):
    with pytest.raises(SourceError, match="wants a password"):
        await sources.resolve(Repository(url=f"{host.url}/acme/shop.git"), "main")


async def test_a_repository_that_is_not_there_is_told_apart(sources, repository, host, first):
    with pytest.raises(SourceError, match="no such repository"):
        await sources.resolve(
            Repository(url=f"{host.url}/acme/gone.git", username="ada", password=PASSWORD), "main"
        )


async def test_a_repository_that_vanished_is_told_although_a_mirror_is_here(
    sources, repository, story, first
):
    await sources.resolve(repository, "main")
    story.folder.rename(story.folder.with_name("elsewhere.git"))
    with pytest.raises(SourceError, match="no such repository"):
        await sources.resolve(repository, "main")
    assert await sources.contains(repository, first, first)


async def test_a_host_that_cannot_serve_now_is_told(sources, repository, host, first):
    host.status = 503
    with pytest.raises(SourceError, match="try again later"):
        await sources.resolve(repository, "main")


async def test_a_host_that_falls_silent_is_given_up(repository, host, first, tmp_path, monkeypatch):
    monkeypatch.setattr("funade.sources.diagnosis.ANSWER_WITHIN", 0.2)
    sources = GitSources(tmp_path / "data", KnownSecrets(TOKEN=TOKEN), patience=timedelta(seconds=0.5))
    host.falls_silent = True
    with pytest.raises(SourceError, match="does not answer"):
        await sources.resolve(repository, "main")


async def test_a_port_where_nobody_listens_is_told(sources, first):
    with pytest.raises(SourceError, match="cannot be reached"):
        await sources.resolve(Repository(url="https://127.0.0.1:1/acme/shop.git"), "main")


async def test_an_unknown_certificate_is_not_trusted(sources, repository, first, monkeypatch):
    monkeypatch.delenv("GIT_SSL_CAINFO")
    with pytest.raises(SourceError, match="certificate is not trusted"):
        await sources.resolve(repository, "main")


async def test_a_redirect_to_another_host_does_not_get_the_password(
    sources, host, first, certificate, tmp_path
):
    with serving(tmp_path / "served", certificate=certificate) as lure:
        lure.moved_to = host.url
        moved = Repository(url=f"{lure.url}/acme/shop.git", username="ada", password=PASSWORD)
        with pytest.raises(SourceError):
            await sources.resolve(moved, "main")
    assert host.seen
    assert {given for _, given in host.seen} == {None}


async def test_plain_http_is_for_this_machine(sources, story, first, tmp_path):
    with serving(tmp_path / "served", ("ada", TOKEN)) as server:
        plain = Repository(url=f"{server.url}/acme/shop.git", username="ada", password=PASSWORD)
        assert await sources.resolve(plain, "main") == first


async def test_a_full_sha_that_no_name_leads_to_is_not_asked_for(sources, repository, story, first):
    lost = story.commit("Lost", parents=[first])
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, lost)


@pytest.mark.needs("git-lfs")
async def test_large_files_come_with_the_same_password(sources, repository, story, host, tmp_path):
    oid = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
    stored = story.folder / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"aaa")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 3\n"
    files = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "large.bin": pointer}
    revision = story.commit("Large", files=files)
    story.point("refs/heads/main", revision)
    with_lfs = Repository(url=repository.url, username="ada", password=PASSWORD, lfs=True)
    await sources.resolve(with_lfs, "main")
    await sources.check_out(with_lfs, revision, tmp_path / "work")
    assert (tmp_path / "work" / "large.bin").read_bytes() == b"aaa"
    assert TOKEN.encode() not in everything_below(tmp_path / "work")
    await sources.check_out(repository, revision, tmp_path / "pointers")
    assert (tmp_path / "pointers" / "large.bin").read_text() == pointer
