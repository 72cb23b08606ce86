"""Folders for checkouts, one for each claim of a deployment, named so that a sweep knows whose they are."""

import asyncio
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from funade.failpoints import effect


class FolderWorkspaces:
    """The `Workspaces` port below one folder: `<deployment>.<epoch>`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, deployment: str, epoch: int) -> Path:
        """Return where the checkout of that claim is, whether it exists or not."""
        return self._root / f"{deployment}.{epoch}"

    async def remove(self, folder: Path) -> None:
        """Remove it with everything in it; gone already is fine. Raises OSError when something stays.

        What a claim up to that one left half made goes with it, as far as it can: the git of a dead claim may still
        write there, and whoever comes next meets it again.
        """
        if folder.parent != self._root:
            problem = f"{folder} is no workspace"
            raise OSError(problem)
        with effect("workspace.remove"):
            if folder.exists():  # noqa: ASYNC240 -- nearly always nothing is there, and a thread takes far longer
                await asyncio.to_thread(_remove, folder)
            for one in _half_made(folder):
                with suppress(OSError):
                    await asyncio.to_thread(_remove, one)

    async def leftovers(self, living: frozenset[str]) -> Sequence[Path]:
        """Return the folders of deployments that are not among the living."""
        if not self._root.is_dir():
            return []
        return [one for one in self._root.iterdir() if _owner(one) not in living]


def _owner(folder: Path) -> str:
    """Return whose checkout lies there; one that is still being made has a dot before its name."""
    return folder.name.lstrip(".").partition(".")[0]


def _half_made(folder: Path) -> list[Path]:
    """Return the unfinished checkouts of this deployment by this claim and those before it."""
    deployment, _, epoch = folder.name.rpartition(".")
    found = folder.parent.glob(f".{deployment}.*.partial-*")
    return [one for one in found if int(one.name.split(".")[2]) <= int(epoch)]


def _remove(folder: Path) -> None:
    if not folder.exists():
        return

    def make_writable(_function: object, path: str, _error: object) -> None:
        # A program may have left folders that even their owner may not write.
        parent = Path(path).parent
        parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
        if Path(path).is_dir() and not Path(path).is_symlink():
            Path(path).chmod(stat.S_IRWXU)
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)

    shutil.rmtree(folder, onerror=make_writable)
