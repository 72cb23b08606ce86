"""Where the configuration of a folder lies."""

import os
from collections.abc import Mapping
from pathlib import Path

from funade.domain.errors import ConfigError

FILE = "funade.yaml"
OVERRIDDEN_BY = "FUNADE_CONFIG"


def find(start: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return FUNADE_CONFIG, else funade.yaml of `start` or the nearest folder above; or raise ConfigError.

    Nobody else's folder above is trusted: what the file names is run.
    """
    if chosen := environment.get(OVERRIDDEN_BY):
        return (start / Path(chosen).expanduser()).absolute()
    start = start.absolute()
    for folder in (start, *start.parents):
        path = folder / FILE
        if path.exists():
            _refuse_strangers(path, start)
            return path
    remedy = f"write one (docs/how-to/configure.md), or name it with `{OVERRIDDEN_BY}`"
    if (start / "funade.yml").exists():
        remedy = f"rename `funade.yml` to `{FILE}`"
    raise ConfigError(str(start), None, "", f"there is no `{FILE}` in this folder or above", remedy)


def _refuse_strangers(path: Path, start: Path) -> None:
    if path.parent == start:
        return
    owner = path.stat().st_uid
    if owner not in (0, os.geteuid(), start.stat().st_uid):
        raise ConfigError(
            str(path),
            None,
            "",
            f"lies above this folder and belongs to somebody else (user id {owner})",
            f"if you trust it: `{OVERRIDDEN_BY}={path}`",
        )
