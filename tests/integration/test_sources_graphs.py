"""Sources on graphs that nobody would draw: what they say equals what follows from the graph."""

import asyncio
import itertools
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funade.domain.application import Repository
from funade.domain.ref import is_name
from funade.domain.revision import Revision
from funade.sources import GitSources
from funade.testing.sources import FakeSources
from funade.usecases.ports import Sources
from tests.contracts.git_repository import GitRepository, KnownSecrets

pytestmark = pytest.mark.needs("git")

folders = itertools.count()

ONE_REPOSITORY_EACH = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    text=st.text(alphabet=st.sampled_from("abAB019-_./@{}~^:?*[]\\ $;'\"\u00e9\u65e5\x01\x7f"), max_size=9)
)
def test_what_we_take_for_a_name_git_takes_too(text):
    command = ["git", "check-ref-format", f"refs/heads/{text}"]
    allowed = subprocess.run(command, check=False).returncode == 0
    assert is_name(text) == (allowed and not text.startswith("-") and text not in ("", "@"))


@dataclass(frozen=True)
class Grown:
    """One commit of a graph: the places of its parents, the file it writes, what it writes there."""

    parents: tuple[int, ...]
    file: int
    text: int


@st.composite
def graphs(draw: st.DrawFn) -> list[Grown]:
    grown: list[Grown] = []
    for number in range(draw(st.integers(2, 12))):
        earlier = st.integers(0, number - 1)
        parents = draw(st.lists(earlier, max_size=3, unique=True)) if number else []
        # Few files and texts: the same change is often made on both sides.
        grown.append(Grown(tuple(parents), draw(st.integers(0, 3)), draw(st.integers(0, 2))))
    return grown


@dataclass
class Known:
    """What follows from a graph: who comes before whom, and what each commit changed."""

    before: list[set[int]]
    changes: list[object]

    @classmethod
    def of(cls, graph: list[Grown]) -> "Known":
        before: list[set[int]] = []
        trees: list[Mapping[int, int]] = []
        changes: list[object] = []
        for number, one in enumerate(graph):
            before.append({number}.union(*(before[parent] for parent in one.parents)))
            tree: dict[int, int] = {}
            for parent in one.parents:
                tree.update(trees[parent])
            tree[one.file] = one.text
            old = trees[one.parents[0]] if one.parents else {}
            trees.append(tree)
            change = tuple(
                sorted((f, old.get(f), tree.get(f)) for f in {*old, *tree} if old.get(f) != tree.get(f))
            )
            changes.append(number if len(one.parents) > 1 else (change,))
        return cls(before, changes)

    def only_at(self, one: int, other: int) -> set[int]:
        """Return what lies before `one` and not before `other`, by what it changes."""
        ours, theirs = self.before[one] - self.before[other], self.before[other] - self.before[one]
        both = {self.changes[number] for number in theirs}
        return {number for number in ours if self.changes[number] not in both}


def plant(graph: list[Grown], story: GitRepository | FakeSources) -> list[Revision]:
    revisions: list[Revision] = []
    for number, one in enumerate(graph):
        parents = [revisions[parent] for parent in one.parents]
        files = {f"{one.file}.txt": f"{one.text}\n"}
        revisions.append(story.commit(f"#{number}", parents=parents, files=files))
        story.point(f"refs/heads/at-{number}", revisions[-1])
    return revisions


@ONE_REPOSITORY_EACH
@given(graph=graphs(), data=st.data())
def test_changes_are_what_follows_from_the_graph(graph, data, tmp_path):
    folder: Path = tmp_path / str(next(folders))
    story, fake = GitRepository(folder / "shop.git"), FakeSources()
    planted: list[tuple[Sources, list[Revision]]] = [
        (GitSources(folder / "data", KnownSecrets()), plant(graph, story)),
        (fake, plant(graph, fake)),
    ]
    repository, known = Repository(url=story.url), Known.of(graph)
    places = st.integers(0, len(graph) - 1)
    pairs = data.draw(st.lists(st.tuples(places, places), min_size=1, max_size=4))

    async def compare() -> None:
        for sources, revisions in planted:
            for base, head in pairs:
                new, dropped = known.only_at(head, base), known.only_at(base, head)
                changes = await sources.changes(repository, revisions[base], revisions[head], 100)
                listed = [revisions.index(one.revision) for one in changes.commits]
                assert set(listed) == new
                assert (len(listed), changes.total, changes.dropped) == (len(new), len(new), len(dropped))
                for earlier, later in itertools.combinations(listed, 2):
                    assert earlier not in known.before[later]
                contained = await sources.contains(repository, revisions[head], revisions[base])
                assert contained == (base in known.before[head])

    asyncio.run(compare())
