"""What every Sources promises: git's, and the fake that stands for it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from funade.domain.application import Repository
from funade.domain.errors import AmbiguousRef, SourceError, UnknownRef
from funade.domain.revision import Revision
from funade.sources import GitSources
from funade.testing.sources import FakeSources
from funade.usecases.ports import Sources
from tests.contracts.git_repository import GitRepository, KnownSecrets

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("git")]

UNKNOWN = Revision("1234567" + "0" * 33)


@dataclass
class Parts:
    sources: Sources
    story: FakeSources | GitRepository
    repository: Repository


@pytest.fixture(params=["git", "fake"])
def parts(request, tmp_path) -> Parts:
    if request.param == "fake":
        fake = FakeSources()
        return Parts(fake, fake, Repository(url="https://example.invalid/shop.git"))
    story = GitRepository(tmp_path / "shop.git")
    return Parts(GitSources(tmp_path / "data", KnownSecrets()), story, Repository(url=story.url))


@pytest.fixture
def sources(parts: Parts) -> Sources:
    return parts.sources


@pytest.fixture
def story(parts: Parts) -> FakeSources | GitRepository:
    return parts.story


@pytest.fixture
def repository(parts: Parts) -> Repository:
    return parts.repository


@pytest.fixture
def first(story: FakeSources | GitRepository) -> Revision:
    revision = story.commit("Begin", files={"app/main.txt": "one"})
    story.point("refs/heads/main", revision)
    return revision


@pytest.mark.parametrize("ref", ["main", "refs/heads/main"])
async def test_a_branch_means_its_last_commit_of_this_moment(ref, sources, story, repository, first):
    assert await sources.resolve(repository, ref) == first
    second = story.commit("Go on", parents=[first])
    story.point("refs/heads/main", second)
    assert await sources.resolve(repository, ref) == second


async def test_a_tag_and_a_sha_mean_their_commit(sources, story, repository, first):
    story.point("refs/tags/v1.0", first)
    story.point("refs/heads/main", story.commit("Go on", parents=[first]))
    assert await sources.resolve(repository, "v1.0") == first
    assert await sources.resolve(repository, "refs/tags/v1.0") == first
    assert await sources.resolve(repository, first) == first
    assert await sources.resolve(repository, first[:7]) == first
    assert await sources.resolve(repository, first[:12].upper()) == first


async def test_head_means_the_default_branch(sources, story, repository, first):
    story.point("HEAD", first)
    assert await sources.resolve(repository, "HEAD") == first


async def test_a_name_of_a_branch_and_a_tag_is_ambiguous_unless_they_agree(sources, story, repository, first):
    story.point("refs/tags/main", first)
    assert await sources.resolve(repository, "main") == first
    story.point("refs/heads/main", story.commit("Go on", parents=[first]))
    with pytest.raises(AmbiguousRef) as caught:
        await sources.resolve(repository, "main")
    assert caught.value.candidates == ("refs/heads/main", "refs/tags/main")
    assert await sources.resolve(repository, "refs/tags/main") == first


@pytest.mark.parametrize("digits", [7, 12, 40])
async def test_a_branch_that_looks_like_a_sha_shadows_no_commit(digits, sources, story, repository, first):
    evil = story.commit("Take over", parents=[first])
    story.point(f"refs/heads/{first[:digits]}", evil)
    with pytest.raises(AmbiguousRef) as caught:
        await sources.resolve(repository, first[:digits])
    assert caught.value.candidates == (f"refs/heads/{first[:digits]}", first)


async def test_a_name_that_is_gone_is_unknown_and_its_neighbours_are_named(sources, story, repository, first):
    story.point("refs/heads/feature/basket", first)
    assert await sources.resolve(repository, "feature/basket") == first
    story.remove("refs/heads/feature/basket")
    story.point("refs/heads/feature/baskets", first)
    with pytest.raises(UnknownRef) as caught:
        await sources.resolve(repository, "feature/basket")
    assert caught.value.near == ("feature/baskets",)


async def test_names_that_begin_alike_are_not_each_other(sources, story, repository, first):
    assert await sources.resolve(repository, "main") == first
    second = story.commit("Go on", parents=[first])
    story.point("refs/heads/main-2", second)
    story.point("refs/tags/mainly", second)
    assert await sources.resolve(repository, "main") == first
    assert await sources.resolve(repository, "main-2") == second
    story.remove("refs/heads/main")
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, "main")


async def test_neighbours_of_an_unknown_name_are_those_of_this_moment(sources, story, repository, first):
    assert await sources.resolve(repository, "main") == first
    story.point("refs/heads/feature/baskets", first)
    with pytest.raises(UnknownRef) as caught:
        await sources.resolve(repository, "feature/basket")
    assert caught.value.near == ("feature/baskets",)


@pytest.mark.parametrize(
    "ref",
    [
        *(
            "",
            "-h",
            "--upload-pack=touch x",
            "-",
            "@",
            "@{u}",
            "main@{1}",
            "main^",
            "main~1",
            "main:app",
            ":/x",
        ),
        *("a..b", "main\n", "ma\0in", "main\x7f", "ma in", "/main", "main/", "a//b", ".a", "a/.b", "a.lock"),
        *("a.lock/b", "main.", "ma*n", "ma?n", "[main", "ma\\in", "\udcff", "x" * 1000),
        *("refs/", "refs/heads/", "refs/heads/-x", "refs/pull/1/head", "refs/funade/pins/x", "refs/notes/x"),
        *("abc123", "0" * 40, "f" * 39, "HEAD~1", "FETCH_HEAD", "ORIG_HEAD"),
    ],
)
async def test_what_nothing_can_be_called_is_unknown(ref, sources, repository, first):
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, ref)


@pytest.mark.parametrize(
    "ref",
    [
        *("a;touch$IFS'x", "$(reboot)", "`id`", "a&b|c", "日本語", "#12", "x'\"y", "%41"),
        *("a\x85b", "a\u2028b", "\u2029a", "a\x85", "\u2028", "a\xa0b", "\ufffd"),
    ],
)
async def test_any_name_that_git_allows_is_just_a_name(ref, sources, story, repository, first):
    story.point(f"refs/heads/{ref}", first)
    assert await sources.resolve(repository, ref) == first
    with pytest.raises(UnknownRef) as caught:
        await sources.resolve(repository, f"{ref}-{ref}")
    assert "" not in caught.value.near
    assert set(caught.value.near) <= {"main", ref}


async def test_a_name_that_ends_like_a_description_is_just_a_name(sources, story, repository, first):
    described = f"fix-g{first[:7]}"
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, described)
    second = story.commit("Go on", parents=[first])
    story.point(f"refs/heads/{described}", second)
    assert await sources.resolve(repository, described) == second
    assert await sources.resolve(repository, f"refs/heads/{described}") == second
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, f"refs/tags/{described}")
    with pytest.raises(UnknownRef):
        await sources.resolve(repository, described.upper())


async def test_changes_are_the_commits_that_are_new_newest_first(sources, story, repository, first):
    second = story.commit("Second", parents=[first], author="Bob", co_authors=("Cy", "Dee"))
    third = story.commit("Third", parents=[second])
    story.point("refs/heads/main", third)
    changes = await sources.changes(repository, first, third, 10)
    assert [one.subject for one in changes.commits] == ["Third", "Second"]
    assert (changes.base, changes.head, changes.total, changes.dropped) == (first, third, 2, 0)
    assert changes.authors == ("Ada", "Bob", "Cy", "Dee")
    assert changes.commits[1].emails == ("bob@acme.example", "cy@acme.example", "dee@acme.example")
    few = await sources.changes(repository, first, third, 1)
    assert ([one.subject for one in few.commits], few.total) == (["Third"], 2)


async def test_nothing_is_new_between_a_revision_and_itself(sources, repository, first):
    changes = await sources.changes(repository, first, first, 10)
    assert (changes.commits, changes.total, changes.dropped) == ((), 0, 0)


async def test_a_step_back_drops_commits(sources, story, repository, first):
    second = story.commit("Second", parents=[first])
    story.point("refs/heads/main", second)
    changes = await sources.changes(repository, second, first, 10)
    assert (changes.total, changes.dropped) == (0, 1)


async def test_without_a_known_base_the_latest_commits_are_listed(sources, story, repository, first):
    second = story.commit("Second", parents=[first])
    story.point("refs/heads/main", second)
    for base in (None, UNKNOWN):
        changes = await sources.changes(repository, base, second, 10)
        assert (changes.base, changes.total, changes.dropped) == (None, 2, 0)
        assert [one.revision for one in changes.commits] == [second, first]


async def test_a_merge_brings_its_branch_and_itself(sources, story, repository, first):
    side = story.commit("On the side", parents=[first])
    ahead = story.commit("Ahead", parents=[first])
    merge = story.commit("Merge the side", parents=[ahead, side], files={})
    story.point("refs/heads/main", merge)
    changes = await sources.changes(repository, ahead, merge, 10)
    assert [one.revision for one in changes.commits] == [merge, side]
    assert changes.dropped == 0


async def test_what_was_rebased_is_neither_new_nor_dropped(sources, story, repository, first):
    before = story.commit("Basket", parents=[first], files={"basket.txt": "full"})
    story.point("refs/heads/main", before)
    aside = story.commit("Aside", parents=[first], files={"other.txt": "x"})
    again = story.commit("Basket", parents=[aside], files={"basket.txt": "full"})
    story.point("refs/heads/main", again)
    story.point("refs/heads/old", before)
    changes = await sources.changes(repository, before, again, 10)
    assert [one.revision for one in changes.commits] == [aside]
    assert (changes.total, changes.dropped) == (1, 0)


async def test_a_squash_is_one_new_commit_and_drops_what_it_squashed(sources, story, repository, first):
    one = story.commit("One", parents=[first], files={"one.txt": "1"})
    two = story.commit("Two", parents=[one], files={"two.txt": "2"}, author="Bob")
    files = {"one.txt": "1", "two.txt": "2"}
    squash = story.commit("Both", parents=[first], files=files, co_authors=("Bob",))
    story.point("refs/heads/main", squash)
    story.point("refs/heads/side", two)
    fresh = await sources.changes(repository, first, squash, 10)
    assert ([one.subject for one in fresh.commits], fresh.authors) == (["Both"], ("Ada", "Bob"))
    aside = await sources.changes(repository, two, squash, 10)
    assert (aside.total, aside.dropped) == (1, 2)


async def test_contains_tells_what_lies_before(sources, story, repository, first):
    second = story.commit("Second", parents=[first])
    side = story.commit("Side", parents=[first])
    story.point("refs/heads/main", second)
    story.point("refs/heads/side", side)
    assert await sources.contains(repository, second, first)
    assert await sources.contains(repository, second, second)
    assert not await sources.contains(repository, first, second)
    assert not await sources.contains(repository, second, side)
    assert not await sources.contains(repository, second, UNKNOWN)


async def test_a_head_that_nobody_has_is_unknown(sources, repository, first, tmp_path):
    with pytest.raises(UnknownRef):
        await sources.changes(repository, first, UNKNOWN, 10)
    with pytest.raises(UnknownRef):
        await sources.contains(repository, UNKNOWN, first)
    with pytest.raises(UnknownRef):
        await sources.check_out(repository, UNKNOWN, tmp_path / "work")
    assert not (tmp_path / "work").exists()


async def test_a_checkout_holds_the_files_of_that_revision(sources, story, repository, first, tmp_path):
    second = story.commit("Second", parents=[first], files={"app/main.txt": "two"})
    story.point("refs/heads/main", second)
    for revision, text in ((first, "one"), (second, "two")):
        await sources.check_out(repository, revision, tmp_path / text)
        assert _files(tmp_path / text) == {"app/main.txt": text}


async def test_a_checkout_without_files_is_there_for_those_who_read_objects(
    sources, repository, first, tmp_path
):
    await sources.check_out(repository, first, tmp_path / "work", files=False)
    assert (tmp_path / "work").is_dir()
    assert _files(tmp_path / "work") == {}
    with pytest.raises(UnknownRef):
        await sources.check_out(repository, UNKNOWN, tmp_path / "unknown", files=False)
    assert not (tmp_path / "unknown").exists()


async def test_a_checkout_takes_no_folder_that_holds_something(sources, repository, first, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SourceError):
        await sources.check_out(repository, first, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


async def test_a_repository_that_is_well_has_no_problems(sources, repository, first):
    assert list(await sources.check(repository)) == []


def _files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text() for path in found}
