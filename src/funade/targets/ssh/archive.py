"""A revision's files as one compressed archive: what is not in its tree cannot get in.

Straight from git, so that no file has to be written here first; only what other repositories or a store of large
files add to the tree is packed as it was checked out.
"""

import asyncio
import os
import subprocess
import tarfile
from datetime import timedelta
from pathlib import Path, PurePosixPath

from funade.domain.application import Repository
from funade.domain.errors import PermanentTargetError, TemporaryTargetError
from funade.domain.release import Release
from funade.failpoints import effect

SOON = timedelta(seconds=5)
NAME = "funade-release.tar.gz"
LINK = "120000"


def needs_files(repository: Repository) -> bool:
    """Tell whether a release of this repository is more than its own tree."""
    return repository.submodules or repository.lfs


async def make_archive(workspace: Path, release: Release) -> Path:
    """Return the file, made anew; or raise a TargetError."""
    archive = workspace / ".git" / NAME
    if needs_files(release.repository):
        with effect("ssh.pack"):
            await asyncio.to_thread(_pack, workspace, archive)
        return archive
    check_names(await _git(workspace, "ls-tree", "-r", "-z", "--full-tree", release.revision))
    with effect("ssh.archive"):
        # The same modes on every host, whoever unpacks it.
        await _git(
            workspace,
            "-c",
            "tar.umask=0022",
            "archive",
            "--format=tar.gz",
            "-1",
            f"--output={archive}",
            "--end-of-options",
            release.revision,
        )
    return archive


def _pack(workspace: Path, archive: Path) -> None:
    """Pack a checkout that is nobody else's, without what git keeps in it; git let no name lead out of it."""

    def as_git_would(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if PurePosixPath(member.name).name.lower() == ".git":
            return None
        if not member.issym():
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    try:
        with tarfile.open(archive, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as packed:
            for one in sorted(workspace.iterdir()):
                packed.add(one, one.name, filter=as_git_would)
    except OSError as error:
        message = f"the revision's files cannot be packed ({error.strerror or error})"
        raise TemporaryTargetError(message, SOON) from error


def check_names(listing: bytes) -> None:
    """Raise PermanentTargetError when a name in `git ls-tree -r -z` would lead out of the tree it stands in."""
    links: set[bytes] = set()
    names: list[bytes] = []
    for entry in listing.split(b"\0"):
        about, tab, name = entry.partition(b"\t")
        if not tab:
            continue
        parts = name.split(b"/")
        if {b"", b".", b".."} & set(parts) or b".git" in {part.lower() for part in parts}:
            raise _refused(name)
        names.append(name)
        if about.startswith(LINK.encode()):
            links.add(name)
    for name in names:
        parts = name.split(b"/")
        if any(b"/".join(parts[:length]) in links for length in range(1, len(parts))):
            raise _refused(name)


def _refused(name: bytes) -> PermanentTargetError:
    shown = name.decode(errors="replace")
    message = f"the revision's tree holds `{shown}`, which would lead out of the release: nothing was sent"
    return PermanentTargetError(message)


async def _git(workspace: Path, *arguments: str) -> bytes:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(workspace),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    with effect("ssh.run_git"):
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(workspace),
            *arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            output, errors = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
    if process.returncode != 0:
        said = errors.decode(errors="replace").strip()[-300:]
        message = f"the revision's files cannot be packed (git: {said})"
        raise TemporaryTargetError(message, SOON)
    return output
