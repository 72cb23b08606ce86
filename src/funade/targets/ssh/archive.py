"""A revision's files as one compressed archive, straight from git: what is not in the tree cannot get in."""

import asyncio
import os
import subprocess
from datetime import timedelta
from pathlib import Path

from funade.domain.errors import PermanentTargetError, TemporaryTargetError
from funade.domain.revision import Revision
from funade.failpoints import effect

SOON = timedelta(seconds=5)
NAME = "funade-release.tar.gz"
LINK, SUBMODULE = "120000", "160000"


async def make_archive(workspace: Path, revision: Revision) -> Path:
    """Return the file, made anew; or raise a TargetError."""
    names = await _git(workspace, "ls-tree", "-r", "-z", "--full-tree", revision)
    check_names(names)
    archive = workspace / ".git" / NAME
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
            revision,
        )
    return archive


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
