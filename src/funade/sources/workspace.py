"""A checkout: a git work tree at exactly one revision, that borrows its objects from the mirror.

It has no remote, no branch, no hook and no credential; what it holds is what git would write, byte for byte.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from funade.domain.errors import SourceError
from funade.domain.revision import Revision
from funade.failpoints import effect
from funade.sources.address import Kind
from funade.sources.diagnosis import full_disk
from funade.sources.mirror import Mirror
from funade.sources.program import Access, Git, Outcome

_CONFIG = """\
[core]
\trepositoryformatversion = {version}
\tbare = false
\tlogallrefupdates = false
\thooksPath = /dev/null
[gc]
\tauto = 0
"""
_SHA256 = """\
[extensions]
\tobjectformat = sha256
"""
# Without it `git status` would take the files for changed as soon as it looked into them.
_LFS = """\
[filter "lfs"]
\tclean = git-lfs clean -- %f
\tsmudge = git-lfs smudge -- %f
\tprocess = git-lfs filter-process
\trequired = true
"""
#: many files are written side by side; for fewer the helpers would cost more than they bring
_FAST = {"checkout.workers": "0", "checkout.thresholdForParallelism": "1000"}


class Workspace:
    """One work tree that is being made in `folder`."""

    def __init__(self, folder: Path, mirror: Mirror, revision: Revision, git: Git) -> None:
        self.folder = folder
        self._mirror = mirror
        self._revision = revision
        self._git = git

    def lay_out(self) -> None:
        """Write a git folder that has the mirror's objects and nothing else."""
        own = self.folder / ".git"
        sha256 = len(self._revision) == 64
        with effect("sources.lay_out"):
            # Files have the modes that git gives them: nobody else comes as far as the folder of all checkouts.
            if not self.folder.parent.exists():
                self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
            (own / "refs").mkdir(exist_ok=True)
            (own / "config").write_text(_CONFIG.format(version=int(sha256)) + (_SHA256 if sha256 else ""))
            (own / "objects" / "info" / "alternates").write_text(f"{self._mirror.folder / 'objects'}\n")
            (own / "HEAD").write_text("ref: refs/heads/none\n")

    async def fill(self) -> Outcome:
        """Write every file of the revision."""
        access = Access(settings=_FAST)
        with effect("sources.check_out"):
            return await self._run(
                "checkout",
                "--quiet",
                "--force",
                "--detach",
                "--no-guess",
                self._revision,
                "--",
                access=access,
            )

    async def make_sure(self) -> None:
        """Raise SourceError unless git says that this is the revision."""
        outcome = await self._run("rev-parse", "--verify", "HEAD^{commit}")
        if outcome.text.strip() != self._revision:
            raise self.failed(outcome, f"it is at `{outcome.text.strip()}`")

    async def bring_large_files(self, access: Access) -> None:
        """Put the real files where git-lfs keeps pointers; what was brought is kept beside the mirror."""
        address = self._mirror.address
        url = f"file://{quote(address.url)}" if address.kind is Kind.PATH else address.url
        own = replace(
            access,
            settings={**access.settings, "remote.origin.url": url},
            environment={**access.environment, "GIT_LFS_FORCE_PROGRESS": "1"},
        )
        shared = self._mirror.folder / "lfs"
        with effect("sources.share_large_files"):
            shared.mkdir(exist_ok=True)
            (self.folder / ".git" / "lfs").symlink_to(shared)
        with effect("sources.add_lfs_filter"), (self.folder / ".git" / "config").open("a") as config:
            config.write(_LFS)
        with effect("sources.bring_large_files"):
            outcome = await self._run("lfs", "pull", "origin", access=own)
        if not outcome.well:
            if shutil.which("git-lfs") is None:
                problem = "git-lfs is not on PATH — install it (Debian: `apt-get install git-lfs`)"
                raise SourceError(problem)
            raise self.failed(outcome, "git-lfs could not bring its files")

    async def submodule_settings(self) -> dict[str, dict[str, str]]:
        """Return what `.gitmodules` says, by the path of each submodule."""
        outcome = await self._mirror.run("config", f"--blob={self._revision}:.gitmodules", "-z", "--list")
        sections: dict[str, dict[str, str]] = {}
        for entry in outcome.text.split("\0") if outcome.well else ():
            key, _, value = entry.partition("\n")
            section, _, name = key.rpartition(".")
            sections.setdefault(section, {})[name] = value
        return {one["path"]: one for one in sections.values() if "path" in one}

    async def submodule_revisions(self) -> dict[str, str]:
        """Return the commit of each submodule, by its path."""
        outcome = await self._mirror.run("ls-tree", "-r", "-z", "--full-tree", self._revision)
        if not outcome.well:
            raise self._mirror.broken(outcome)
        found = {}
        for entry in outcome.text.split("\0"):
            about, _, path = entry.partition("\t")
            if about.startswith("160000 "):
                found[path] = about.split()[2]
        return found

    def failed(self, outcome: Outcome, why: str = "") -> SourceError:
        """Return the error of a checkout that did not come about."""
        if (full := full_disk(self.folder)) is not None:
            why = full.problem
        said = " ".join(one for one in (why, f"(git: {outcome.words})" if outcome.words else "") if one)
        said = said or f"git ended with {outcome.exit_code}"
        return SourceError(
            f"`{self._revision}` of `{self._mirror.address.url}` cannot be checked out: {said}"
        )

    async def _run(self, *arguments: str, access: Access | None = None) -> Outcome:
        if access is None:
            return await self._git.run("-C", str(self.folder), *arguments)
        return await self._git.run("-C", str(self.folder), *arguments, access=access)
