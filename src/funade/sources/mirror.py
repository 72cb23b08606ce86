"""One repository's objects and refs on this machine, shared by any number of processes.

Readers need no lock. Whoever fetches holds the mirror's lock, and so does the git it started: a git that
outlives a killed Funade is waited for, and what a dead one left half done is swept away under the lock.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from funade.domain.errors import SourceError
from funade.domain.ref import BRANCHES, DEFAULT, TAGS
from funade.domain.revision import Revision, parse_revision
from funade.failpoints import effect
from funade.sources.address import Address
from funade.sources.program import NOBODY, Access, Git, Outcome

#: where the remote's names are kept; nothing of ours shares a namespace with them
KEPT = {BRANCHES: "refs/funade/heads/", TAGS: "refs/funade/tags/"}
KEPT_DEFAULT = "refs/funade/HEAD"
#: where hosts of repositories keep the heads of what is asked to be taken in
REQUESTS = ("refs/pull/*/head", "refs/merge-requests/*/head")
PINS = "refs/funade/pins/"  #: revisions that were resolved; they stay whatever is pushed

_LISTED = "--format=%(objectname) %(objecttype) %(*objectname) %(*objecttype) %(refname)"
_NAMES = [f"+{theirs}*:{ours}*" for theirs, ours in KEPT.items()]
_FETCH = ("--progress", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")

#: other names are fetched again after a power cut, a pin may lead to what nobody else has
_ON_DISK = Access(settings={"core.fsync": "committed,loose-object,reference"})

PACKS_AT_MOST = 50  #: each fetch brings one; more than these are put together
WAIT_FOR_LOCK = 1800.0  #: seconds; a first fetch may be long, a day would be a mistake
PAUSE_BETWEEN_TRIES = 0.02  #: seconds; a lock that another process holds cannot wake us


class Mirror:
    """The mirror of one address in a folder of mirrors."""

    def __init__(self, mirrors: Path, address: Address, git: Git) -> None:
        self.address = address
        self.folder = mirrors / f"{address.file_name}.git"
        self._new = mirrors / f"{address.file_name}.new"
        self._damaged = mirrors / f"{address.file_name}.damaged"
        self._lock = mirrors / f"{address.file_name}.lock"
        self._git = git

    async def run(
        self, *arguments: str, access: Access = NOBODY, asked: str = "", keep: Sequence[int] = ()
    ) -> Outcome:
        """Run git on the mirror."""
        return await self._git.run(
            f"--git-dir={self.folder}", *arguments, access=access, asked=asked, keep=keep
        )

    @property
    def exists(self) -> bool:
        """Tell whether it was ever made; it is put in its place whole."""
        return self.folder.is_dir()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[int]:
        """Hold the mirror's lock; yields its descriptor for git to inherit."""
        with effect("sources.open_lock"):
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                async with asyncio.timeout(WAIT_FOR_LOCK):
                    while not _locked(descriptor):  # noqa: ASYNC110 -- other processes set no event of ours
                        await asyncio.sleep(PAUSE_BETWEEN_TRIES)
            except TimeoutError as error:
                problem = f"`{self.folder}` is held by another fetch for too long — look for a git that hangs"
                raise SourceError(problem) from error
            yield descriptor
        finally:
            os.close(descriptor)

    async def fetch(self, access: Access, lock: int, *, with_default: bool) -> Outcome:
        """Bring every branch and tag of the remote, forget those that are gone; pins stay."""
        default = [f"+{DEFAULT}:{KEPT_DEFAULT}"] if with_default else []
        with effect("sources.fetch"):
            return await self.run(
                "fetch", *_FETCH, "--end-of-options", self.address.url, *_NAMES, *default,
                access=access, keep=[lock],
            )  # fmt: skip

    async def fetch_names(self, access: Access, lock: int, names: Sequence[str]) -> Outcome:
        """Bring what these full names of the remote mean, and nothing else but longer names that begin like them.

        A pattern, unlike a name, may fit nothing, and lets the remote tell of what fits alone.
        """
        wanted = [
            f"+{one}:{KEPT_DEFAULT}" if one == DEFAULT else f"+{one}*:{kept_name(one)}*" for one in names
        ]
        with effect("sources.fetch_names"):
            return await self.run(
                "fetch", *_FETCH, "--end-of-options", self.address.url, *wanted,
                access=access, keep=[lock],
            )  # fmt: skip

    async def fetch_commit(self, access: Access, revision: str, lock: int) -> bool:
        """Bring one commit by its SHA and pin it, where the server gives what no name leads to."""
        with effect("sources.fetch_commit"):
            outcome = await self.run(
                "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
                "--end-of-options", self.address.url, f"{revision}:{PINS}{revision}",
                access=access, keep=[lock],
            )  # fmt: skip
        return outcome.well

    async def ask(self, access: Access) -> Outcome:
        """Ask the remote for its names, without touching the mirror."""
        return await self._git.run(
            "ls-remote", "--symref", "--end-of-options", self.address.url,
            DEFAULT, f"{BRANCHES}*", f"{TAGS}*", access=access,
        )  # fmt: skip

    async def ask_for_requests(self, access: Access) -> Outcome:
        """Ask the remote for the heads of its pull requests; none of their objects is brought."""
        return await self._git.run(
            "ls-remote", "--end-of-options", self.address.url, *REQUESTS, access=access
        )

    async def make(self, lock: int, digits: int) -> None:
        """Put an empty mirror in its place, for SHAs of so many digits."""
        form = "sha256" if digits == 64 else "sha1"
        with effect("sources.clear_half_made"):
            shutil.rmtree(self._new, ignore_errors=True)
        outcome = await self._git.run(
            "init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(self._new), keep=[lock]
        )
        if not outcome.well:
            raise self.broken(outcome)
        _write_through(self._new)
        with effect("sources.make_mirror"):
            self._new.rename(self.folder)
        _write_through(self.folder.parent)

    async def is_whole(self) -> bool:
        """Tell whether everything that a name leads to is here; slow, for when something failed."""
        return (await self.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")).well

    async def set_aside(self) -> None:
        """Move a mirror that git cannot use out of the way."""
        with effect("sources.set_mirror_aside"):
            shutil.rmtree(self._damaged, ignore_errors=True)
            self.folder.rename(self._damaged)

    async def rescue_pins(self, lock: int) -> None:
        """Bring the pins of a mirror that was set aside, as far as it can be read, and remove it."""
        if not self._damaged.exists():
            return
        access = Access(environment={"GIT_ALLOW_PROTOCOL": "file"})
        # Most often only these are broken, and without them git takes the folder for no repository.
        for name in ("HEAD", "config"):
            with effect("sources.mend_damaged"):
                shutil.copy(self.folder / name, self._damaged / name)
        with effect("sources.rescue_pins"):
            await self.run(
                "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--end-of-options", str(self._damaged),
                f"+{PINS}*:{PINS}*", access=access, keep=[lock],
            )  # fmt: skip
        with effect("sources.remove_damaged"):
            shutil.rmtree(self._damaged, ignore_errors=True)

    def sweep(self) -> None:
        """Remove the lock files and half packs of a killed git; only with the mirror's lock."""
        stale = [*self.folder.glob("*.lock"), *self.folder.glob("refs/**/*.lock")]
        stale += [*self.folder.glob("objects/info/**/*.lock"), *self.folder.glob("objects/pack/tmp_*")]
        for path in stale:
            with effect("sources.sweep"):
                path.unlink(missing_ok=True)
        for path in self.folder.glob("objects/tmp_objdir-*"):
            with effect("sources.sweep_folder"):
                shutil.rmtree(path, ignore_errors=True)

    async def pin(self, revision: Revision) -> None:
        """Keep `revision` for good."""
        if (self.folder / PINS / revision).exists():
            return
        with effect("sources.pin"):
            outcome = await self.run("update-ref", f"{PINS}{revision}", revision, access=_ON_DISK)
        if not outcome.well:
            raise self.broken(outcome)

    async def put_packs_together(self, lock: int) -> None:
        """Repack when there are many packs; nothing is ever dropped, for checkouts borrow from here."""
        if len(list(self.folder.glob("objects/pack/*.pack"))) <= PACKS_AT_MOST:
            return
        with effect("sources.repack"):
            await self.run("repack", "--quiet", "-d", "--geometric=2", keep=[lock])
        await self.put_names_together(lock)

    async def put_names_together(self, lock: int) -> None:
        """Keep all names in one file: ten thousand small ones would slow every look."""
        with effect("sources.pack_refs"):
            await self.run("pack-refs", "--all", keep=[lock])

    async def look_up(self, *names: str) -> list[Revision | None]:
        """Return the commit that each name leads to, in one question; None where it leads to none."""
        outcome = await self.run(
            "cat-file", "--batch-check", asked="".join(f"{one}^{{commit}}\n" for one in names)
        )
        if not outcome.well:
            raise self.broken(outcome)
        return [_commit_in(line) for line in outcome.lines]

    async def commits_of(self, names: Sequence[str]) -> dict[str, Revision]:
        """Return the commits that these full names of the remote lead to; a name that leads to none is left out.

        Listed and compared byte for byte: asked for one by one, git would also take a name that nobody has for
        another spelling of something else (`x-g1234567`, or `MAIN` on a disk that knows no capitals).
        """
        outcome = await self.run("for-each-ref", _LISTED, *map(kept_name, names))
        if not outcome.well:
            raise self.broken(outcome)
        found: dict[bytes, tuple[bytes, bytes]] = {}
        for line in outcome.output.split(b"\n")[:-1]:
            sha, kind, inner, inner_kind, name = line.split(b" ")
            found[name] = (inner, inner_kind) if kind == b"tag" else (sha, kind)
        commits: dict[str, Revision] = {}
        for one in names:
            sha, kind = found.get(kept_name(one).encode(), (b"", b""))
            if kind == b"commit":
                commits[one] = parse_revision(sha.decode())
            elif kind == b"tag":
                # Of a tag, and perhaps that one too.
                [end] = await self.look_up(sha.decode())
                if end is not None:
                    commits[one] = end
        return commits

    async def beginning_with(self, digits: str) -> list[Revision]:
        """Return every commit whose SHA begins with these digits."""
        outcome = await self.run("rev-parse", f"--disambiguate={digits}")
        found = outcome.text.split()
        commits = await self.look_up(*found) if found else []
        return [commit for commit in commits if commit is not None]

    async def names(self) -> list[str]:
        """Return the short names of all branches and tags."""
        outcome = await self.run("for-each-ref", "--format=%(refname:lstrip=3)", *KEPT.values())
        return [one for one in dict.fromkeys(outcome.lines) if one]

    async def forget_default(self) -> None:
        """Remember that the remote has no default branch now."""
        with effect("sources.forget_default"):
            await self.run("update-ref", "-d", KEPT_DEFAULT)

    def broken(self, outcome: Outcome) -> SourceError:
        """Return the error of a mirror on which git failed."""
        said = outcome.words or f"git ended with {outcome.exit_code}"
        return SourceError(
            f"the mirror `{self.folder}` cannot be used: {said}"
            " — look at the disk; when it is well, remove that folder and it is made again"
        )


def kept_name(name: str) -> str:
    """Return where the mirror keeps a full name of the remote."""
    for theirs, ours in KEPT.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return KEPT_DEFAULT


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _commit_in(line: str) -> Revision | None:
    sha, _, rest = line.partition(" ")
    with suppress(ValueError):
        return parse_revision(sha) if rest.startswith("commit ") else None
    return None


def _write_through(folder: Path) -> None:
    # What is not on the disk before the rename could be empty files after a power cut.
    for path in (folder, folder / "HEAD", folder / "config"):
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
