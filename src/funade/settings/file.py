"""The bytes of a configuration's file."""

import os
import stat
from pathlib import Path

from funade.domain.errors import ConfigError

MAXIMUM_BYTES = 1 << 20


def read(path: Path) -> bytes:
    """Return the bytes of the file, or raise ConfigError; a folder, a device or a huge file is none."""
    try:
        # A named pipe would make this wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _refuse_all_but_files(path, os.fstat(descriptor).st_mode)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MAXIMUM_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise ConfigError(str(path), None, "", "does not exist") from error
    except OSError as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error.strerror}") from error
    if len(content) > MAXIMUM_BYTES:
        raise ConfigError(
            str(path), None, "", f"is larger than {MAXIMUM_BYTES >> 20} MiB: no configuration is"
        )
    return content


def _refuse_all_but_files(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a file"
        raise ConfigError(str(path), None, "", f"is {kind}", "name the file itself")
