"""A repository that is only a graph of commits in memory."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from funade.domain.application import Repository
from funade.domain.errors import SourceError, UnknownRef
from funade.domain.orders import Problem
from funade.domain.ref import BRANCHES, DEFAULT, TAGS, choose, parse_ref
from funade.domain.revision import Changes, Commit, Revision

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    commit: Commit
    parents: tuple[Revision, ...]
    files: Mapping[str, str]
    change: object


@dataclass
class FakeSources:
    """The Sources port without git: one graph, whatever the URL; `broken` is the problem of every call.

    `asked` keeps the refs that were resolved, `checked_out` the folders that were filled.
    """

    broken: str | None = None
    asked: list[str] = field(default_factory=list)
    checked_out: list[Path] = field(default_factory=list)
    _nodes: dict[Revision, _Node] = field(default_factory=dict)
    _names: dict[str, Revision] = field(default_factory=dict)

    # What a test puts in

    def commit(  # noqa: PLR0913 -- a commit has that many sides
        self,
        subject: str = "Change something",
        *,
        parents: Sequence[Revision] = (),
        files: Mapping[str, str] | None = None,
        author: str = "Ada",
        co_authors: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> Revision:
        """Add a commit that puts `files` on top of its parents' and return it; no name leads to it yet."""
        before = dict(self._nodes[parents[0]].files) if parents else {}
        after: dict[str, str] = {}
        for parent in parents:
            after |= self._nodes[parent].files
        after |= {f"{len(self._nodes)}.txt": subject} if files is None else files
        text = repr((len(self._nodes), subject, parents, sorted(after.items())))
        revision = Revision(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
        self._nodes[revision] = _Node(
            commit=Commit(
                revision=revision,
                subject=subject,
                author=author,
                email=f"{author.lower()}@acme.example",
                authored_at=at or BEGINNING + timedelta(minutes=len(self._nodes)),
                co_authors=co_authors,
                co_author_emails=tuple(f"{one.lower()}@acme.example" for one in co_authors),
            ),
            parents=tuple(parents),
            files=after,
            change=None if len(parents) > 1 else tuple(sorted(set(after.items()) ^ set(before.items()))),
        )
        return revision

    def point(self, name: str, revision: Revision) -> None:
        """Let `refs/heads/…`, `refs/tags/…` or `HEAD` mean this commit from now on."""
        self._names[name] = revision

    def remove(self, name: str) -> None:
        """Take a branch or tag away; its commits stay."""
        del self._names[name]

    # The port

    async def resolve(self, repository: Repository, ref: str) -> Revision:  # noqa: ARG002 -- one graph for all
        """Return what `ref` means now."""
        wanted = parse_ref(ref)
        self._fail_if_broken()
        self.asked.append(ref)
        candidates = {name: self._names[name] for name in wanted.names if name in self._names}
        if wanted.sha is not None:
            candidates |= {one: one for one in self._nodes if one.startswith(wanted.sha)}
        known = [name.removeprefix(BRANCHES).removeprefix(TAGS) for name in self._names if name != DEFAULT]
        return choose(wanted, candidates, tuple(get_close_matches(ref, known, n=3)))

    async def changes(
        self,
        repository: Repository,  # noqa: ARG002 -- one graph for all
        base: Revision | None,
        head: Revision,
        limit: int,
    ) -> Changes:
        """Return what lies between two revisions."""
        self._fail_if_broken()
        after = self._lineage(head)
        if base is None or base not in self._nodes:
            listed = tuple(self._nodes[one].commit for one in after)
            return Changes(base=None, head=head, commits=listed[:limit], total=len(listed))
        before = self._lineage(base)
        new = [self._nodes[one] for one in after if one not in set(before)]
        gone = [self._nodes[one] for one in before if one not in set(after)]
        both = {node.change for node in new} & {node.change for node in gone} - {None}
        listed = tuple(node.commit for node in new if node.change not in both)
        dropped = sum(node.change not in both for node in gone)
        return Changes(base=base, head=head, commits=listed[:limit], total=len(listed), dropped=dropped)

    async def contains(
        self,
        repository: Repository,  # noqa: ARG002 -- one graph for all
        head: Revision,
        ancestor: Revision,
    ) -> bool:
        """Tell whether `ancestor` is `head` or lies before it."""
        self._fail_if_broken()
        return ancestor in self._lineage(head)

    async def check_out(
        self,
        repository: Repository,  # noqa: ARG002 -- one graph for all
        revision: Revision,
        folder: Path,
        *,
        files: bool = True,
    ) -> None:
        """Write the revision's files, or none."""
        self._fail_if_broken()
        if revision not in self._nodes:
            raise UnknownRef(revision)
        await asyncio.to_thread(_write, folder, self._nodes[revision].files if files else {})
        self.checked_out.append(folder)

    async def check(self, repository: Repository) -> Sequence[Problem]:
        """Return the problem it was broken with."""
        if self.broken is None:
            return []
        return [Problem(where=repository.url, problem=self.broken, remedy="mend it")]

    def _fail_if_broken(self) -> None:
        if self.broken is not None:
            raise SourceError(self.broken)

    def _lineage(self, head: Revision) -> list[Revision]:
        """Return `head` and all before it, children before parents."""
        if head not in self._nodes:
            raise UnknownRef(head)
        reached: set[Revision] = set()
        waiting = [head]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += self._nodes[one].parents
        # A commit is made after its parents.
        return [one for one in reversed(self._nodes) if one in reached]


def _write(folder: Path, files: Mapping[str, str]) -> None:
    if folder.exists() and any(_entries(folder)):
        problem = f"`{folder}` is there already — a checkout needs a new folder"
        raise SourceError(problem)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(NotADirectoryError):
        yield from folder.iterdir()
