"""The Sources port on git."""

import asyncio
import errno
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from glob import escape
from pathlib import Path
from uuid import uuid4

from funade.domain.application import Repository
from funade.domain.errors import SourceError, UnknownRef
from funade.domain.orders import Problem
from funade.domain.ref import Wanted, choose, parse_ref
from funade.domain.revision import Changes, Revision, parse_revision
from funade.failpoints import effect
from funade.sources import history
from funade.sources.access import Doorkeeper
from funade.sources.address import Kind, parse_address, resolve_relative
from funade.sources.mirror import Mirror
from funade.sources.program import OLDEST, Git
from funade.sources.refresh import Remote
from funade.sources.workspace import Workspace
from funade.usecases.ports import Secrets

_REQUEST = re.compile(
    r"(?P<sha>[0-9a-f]{40}|[0-9a-f]{64})\trefs/(?:pull|merge-requests)/(?P<number>[0-9]{1,9})/head"
)
PATIENCE = timedelta(seconds=60)
DEEPEST = 10  #: submodules within submodules; more is a circle


class GitSources:
    """Git repositories, through mirrors kept under one folder that any number of processes may share.

    A remote that says nothing for `patience` is given up.
    """

    def __init__(self, folder: Path, secrets: Secrets, *, patience: timedelta = PATIENCE) -> None:
        self._folder = folder.absolute()
        self._doorkeeper = Doorkeeper(self._folder, secrets)
        self._git = Git(patience.total_seconds())

    async def resolve(self, repository: Repository, ref: str) -> Revision:
        """Return the one commit that `ref` means now, and keep it for good."""
        wanted = parse_ref(ref)
        async with self._remote(repository) as remote, remote.mirror.alone() as lock:
            revision = await _find(remote, wanted, lock)
            await remote.mirror.pin(revision)
            return revision

    async def refresh(self, repository: Repository) -> None:
        """Bring every branch and tag there is now, for whoever shows them."""
        async with self._remote(repository) as remote, remote.mirror.alone() as lock:
            await remote.refresh(lock)

    async def pull_requests(self, repository: Repository) -> dict[int, str]:
        """Return the SHAs of the heads of pull requests by number, as the remote has them; whatever they hold."""
        async with self._remote(repository) as remote:
            outcome = await remote.mirror.ask_for_requests(remote.access)
        found = (_REQUEST.fullmatch(line) for line in outcome.lines if outcome.well)
        return {int(one["number"]): one["sha"] for one in found if one is not None}

    async def changes(
        self, repository: Repository, base: Revision | None, head: Revision, limit: int
    ) -> Changes:
        """Return what lies between two revisions; a base that was never seen here counts as none."""
        bases = [base] if base is not None else []
        mirror = self._mirror(repository)
        with _as_ours(f"`{self._folder}`"):
            if mirror.exists:
                # Most often both are here, and one question is enough; what is amiss shows below.
                with suppress(SourceError):
                    return await history.list_changes(mirror, base, head, limit)
        mirror, known = await self._mirror_with(repository, head, *bases)
        return await history.list_changes(mirror, base if all(known) else None, head, limit)

    async def contains(self, repository: Repository, head: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `head` or lies before it."""
        mirror, _ = await self._mirror_with(repository, head)
        return await history.is_ancestor(mirror, head, ancestor)

    async def check_out(
        self, repository: Repository, revision: Revision, folder: Path, *, files: bool = True
    ) -> None:
        """Fill the new `folder` with exactly that revision, wholly or not at all; or with its objects alone."""
        folder = folder.absolute()  # noqa: ASYNC240 -- looks at no disk
        with _as_ours(f"`{folder}`"):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                problem = f"`{folder}` is there already — a checkout needs a new folder"
                raise SourceError(problem)
            for left in folder.parent.glob(f".{escape(folder.name)}.partial-*"):
                await _remove(left)
            partial = folder.with_name(f".{folder.name}.partial-{uuid4().hex}")
            try:
                if files:
                    await self._fill(repository, parse_revision(revision), partial, depth=0)
                else:
                    mirror, _ = await self._mirror_with(repository, parse_revision(revision))
                    Workspace(partial, mirror, revision, self._git).lay_out()
                with effect("sources.hand_over"):
                    partial.rename(folder)
            finally:
                if partial.exists():
                    await _remove(partial)

    async def check(self, repository: Repository) -> Sequence[Problem]:
        """Return why the repository cannot be used; asks the remote and changes nothing."""
        try:
            return [*await self._check_git(), *await self._check_remote(repository)]
        except SourceError as error:
            said = str(error).removeprefix(f"`{repository.url}` cannot be read: ")
            problem, _, remedy = said.partition(" — ")
            return [Problem(where=repository.url, problem=problem, remedy=remedy)]

    # Reaching a repository

    @asynccontextmanager
    async def _remote(self, repository: Repository) -> AsyncIterator[Remote]:
        address = parse_address(repository.url)
        mirror = self._mirror(repository)
        with _as_ours(f"`{self._folder}`"):
            async with self._doorkeeper.opened(repository, address) as access:
                yield Remote(repository=repository, mirror=mirror, access=access, folder=self._folder)

    def _mirror(self, repository: Repository) -> Mirror:
        return Mirror(self._folder / "mirrors", parse_address(repository.url), self._git)

    async def _mirror_with(
        self, repository: Repository, revision: Revision, *others: Revision
    ) -> tuple[Mirror, list[bool]]:
        """Return the mirror, holding `revision`, and which of the others it holds.

        Most often it does already, and nobody is asked.
        """
        mirror = self._mirror(repository)
        with _as_ours(f"`{self._folder}`"):
            if mirror.exists:
                found, *more = await mirror.look_up(revision, *others)
                if found is not None:
                    return mirror, [one is not None for one in more]
        async with self._remote(repository) as remote, mirror.alone() as lock:
            await remote.refresh(lock)
            if await mirror.look_up(revision) == [None] and not await mirror.fetch_commit(
                remote.access, revision, lock
            ):
                raise UnknownRef(revision)
            await mirror.pin(revision)
            return mirror, [one is not None for one in (await mirror.look_up(revision, *others))[1:]]

    # Checking out

    async def _fill(self, repository: Repository, revision: Revision, folder: Path, depth: int) -> None:
        mirror = self._mirror(repository)
        workspace = Workspace(folder, mirror, revision, self._git)
        workspace.lay_out()
        outcome = await workspace.fill()
        if not outcome.well:
            await self._mirror_with(repository, revision)
            outcome = await workspace.fill()
        if not outcome.well:
            raise workspace.failed(outcome)
        await workspace.make_sure()
        if repository.lfs:
            async with self._remote(repository) as remote:
                await workspace.bring_large_files(remote.access)
        if repository.submodules:
            await self._fill_submodules(repository, workspace, depth)

    async def _fill_submodules(self, repository: Repository, workspace: Workspace, depth: int) -> None:
        revisions = await workspace.submodule_revisions()
        if not revisions:
            return
        if depth == DEEPEST:
            problem = f"`{repository.url}` has submodules within submodules, {DEEPEST} deep — untangle them"
            raise SourceError(problem)
        settings = await workspace.submodule_settings()
        for path, sha in revisions.items():
            about = settings.get(path, {})
            if about.get("update") == "none":
                continue
            if "url" not in about:
                problem = (
                    f"`{repository.url}` gives no `url` for its submodule `{path}` — add it to `.gitmodules`"
                )
                raise SourceError(problem)
            folder = workspace.folder / path
            # On a file system that takes `A` for `a` a link could lead elsewhere.
            if not folder.resolve().is_relative_to(workspace.folder.resolve()):
                problem = f"`{repository.url}` has a submodule at `{path}`, which leads out of it"
                raise SourceError(problem)
            inner = _submodule(repository, about["url"])
            await self._fill(inner, parse_revision(sha), folder, depth + 1)

    # Checking

    async def _check_git(self) -> Sequence[Problem]:
        outcome = await self._git.run("version")
        found = re.search(r"(\d+)\.(\d+)", outcome.text)
        if found and (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            problem = f"git {found[0]} is too old"
            return [Problem(where="git", problem=problem, remedy=f"install git {oldest} or newer")]
        return []

    async def _check_remote(self, repository: Repository) -> Sequence[Problem]:
        problems = []
        if repository.lfs and shutil.which("git-lfs") is None:
            remedy = "install it (Debian: `apt-get install git-lfs`)"
            problems.append(Problem(where=repository.url, problem="git-lfs is not on PATH", remedy=remedy))
        async with self._remote(repository) as remote:
            await remote.ask()
        return problems


async def _find(remote: Remote, wanted: Wanted, lock: int) -> Revision:
    """Return what is wanted as the remote has it now. A SHA may be anywhere, and who is lost is told of all names."""
    if wanted.sha is None:
        await remote.refresh(lock, wanted.names)
        candidates = await _candidates(remote.mirror, wanted)
        if candidates:
            return choose(wanted, candidates)
    await remote.refresh(lock)
    return await _choose(remote.mirror, wanted)


async def _choose(mirror: Mirror, wanted: Wanted) -> Revision:
    candidates = await _candidates(mirror, wanted)
    if wanted.sha is not None:
        # Never asked of the host by its SHA: some hosts give commits of forks, which nobody here has merged.
        commits = await mirror.beginning_with(wanted.sha)
        # What a tag's own SHA leads to is another commit's.
        candidates |= {one: one for one in commits if one.startswith(wanted.sha)}
    near: tuple[str, ...] = ()
    if not candidates:
        near = tuple(get_close_matches(wanted.text, await mirror.names(), n=3))
    return choose(wanted, candidates, near)


async def _candidates(mirror: Mirror, wanted: Wanted) -> dict[str, Revision]:
    return await mirror.commits_of(wanted.names)


def _submodule(parent: Repository, url: str) -> Repository:
    """Return a submodule as a repository; it gets the password only on the host that the password is for."""
    ours = parse_address(parent.url)
    theirs = parse_address(resolve_relative(url, ours.url))
    if theirs.kind not in (ours.kind, Kind.HTTPS, Kind.SSH):
        problem = f"`{parent.url}` has a submodule at `{theirs.url}`, which it may not reach"
        raise SourceError(problem)
    if (theirs.kind, theirs.authority) == (ours.kind, ours.authority):
        return replace(parent, url=theirs.url)
    return replace(parent, url=theirs.url, username=None, password=None)


async def _remove(folder: Path) -> None:
    with effect("sources.remove_partial"):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def _as_ours(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "make room" if error.errno == errno.ENOSPC else "look at the disk and at who may write there"
        problem = f"{where} cannot be used: {reason} — {remedy}, then try again"
        raise SourceError(problem) from error
