"""The data folder is for its owner alone: logs, checkouts and the store hold what others must not read."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from funade.domain.errors import StoreError
from funade.failpoints import effect

OTHERS = 0o077
#: the folders that Funade makes there
OURS = frozenset({"attempts", "cache", "guards", "run", "sources", "workspaces"})


def make_private(data: Path) -> None:
    """Make the data folder, and close what was left open to others; or raise StoreError.

    What belongs to somebody else, root's most often, cannot be closed and is no folder to keep secrets in.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Where people keep their file in the same folder, only what is inside and ours is closed.
        own = [] if any(data.glob("*.yaml")) else [data]
        for folder in (*own, *_folders(data)):
            found = folder.lstat()
            if not stat.S_IMODE(found.st_mode) & OTHERS:
                continue
            if found.st_uid != os.geteuid():
                message = (
                    f"`{folder}` is open to others and belongs to somebody else — `chmod 700` it as its owner"
                )
                raise StoreError(message)
            with effect("wiring.close_folder"):
                folder.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except OSError as error:
        message = f"`{data}` cannot be made or looked at: {error.strerror} — choose another `data`"
        raise StoreError(message) from error


def _folders(data: Path) -> Iterator[Path]:
    with os.scandir(data) as found:
        for one in found:
            with suppress(FileNotFoundError):
                if one.name in OURS and one.is_dir(follow_symlinks=False):
                    yield Path(one.path)
