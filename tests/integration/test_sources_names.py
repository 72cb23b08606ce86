"""The names that are offered to somebody who types one."""

from pathlib import Path

import pytest

from funade.domain.application import Repository
from funade.sources import GitSources, RefIndex
from funade.usecases.ports import KnownRef
from tests.contracts.git_repository import GitRepository, KnownSecrets

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]


async def test_names_are_offered_whole_whatever_they_hold(tmp_path: Path):
    story = GitRepository(tmp_path / "shop.git")
    first = story.commit("Begin")
    names = ["main", "a\x85b", "\u2028", "c\u2029", "日本語"]
    for name in names:
        story.point(f"refs/heads/{name}", first)
    story.point("refs/tags/v\u20281", first)
    sources, repository = GitSources(tmp_path / "data", KnownSecrets()), Repository(url=story.url)
    await sources.refresh(repository)
    found = await RefIndex(tmp_path / "data", sources).find(repository, "", 25)
    assert {one.name for one in found if not one.is_tag} == set(names)
    assert [one for one in found if one.is_tag] == [KnownRef(name="v\u20281", is_tag=True)]


async def test_while_the_mirror_cannot_be_looked_into_nothing_is_offered(tmp_path: Path):
    # Nothing is forbidden to root, but such a name is no disk's.
    folder = tmp_path / ("x" * 300)
    refs = RefIndex(folder, GitSources(folder, KnownSecrets()))
    assert list(await refs.find(Repository(url=str(tmp_path)), "", 25)) == []
    # What fails behind somebody's back is seen nowhere else.
    known = refs._known[str(tmp_path)]
    for task in (known.reading, known.fetching):
        assert task is not None
        await task
