"""Where secret values come from: the environment of this process, and files.

A value is in no error, no representation and no traceback of this room; an error names its reference.
"""

import os
import stat
from collections.abc import Mapping, Sequence

from funade.domain.application import SECRET_SCHEMES, SecretReference
from funade.domain.errors import SecretError
from funade.domain.orders import Problem

MAXIMUM_BYTES = 64 << 10

__all__ = ["MAXIMUM_BYTES", "OpenSecrets"]


class OpenSecrets:
    """Reveals a secret each time anew, so that one that was changed is used at once."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def __repr__(self) -> str:
        return "OpenSecrets(***)"

    def reveal(self, reference: SecretReference) -> str:
        """Return the value, or raise SecretError naming the reference."""
        match reference.scheme:
            case "env":
                value = self._environment.get(reference.place)
                if value is None:
                    raise _error(reference, "is not set where Funade runs")
            case "file":
                value = _read(reference)
            case _:
                raise _unknown_scheme(reference)
        if not value:
            raise _error(reference, "is empty")
        if "\0" in value:
            raise _error(reference, "holds a NUL, which no program can be given")
        return value

    def check(self, reference: SecretReference) -> Sequence[Problem]:
        """Return why it cannot be revealed, or what lets others read it."""
        try:
            self.reveal(reference)
        except SecretError as error:
            return (Problem(where=str(reference), problem=str(error)),)
        if reference.scheme == "file" and os.stat(reference.place).st_mode & stat.S_IROTH:  # noqa: PTH116 -- as written
            remedy = f"chmod o-rwx {reference.place}"
            return (
                Problem(where=str(reference), problem="everybody on this machine can read it", remedy=remedy),
            )
        return ()


def _read(reference: SecretReference) -> str:
    """Return the file's text without the newline that editors put at its end."""
    if not reference.place.startswith("/"):
        raise _error(reference, "is not a whole path; write one that begins with `/`")
    try:
        # A named pipe would make this wait for a writer.
        descriptor = os.open(reference.place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _error(reference, f"cannot be read: {error.strerror}") from error
    except ValueError:
        raise _error(reference, "is no path") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _error(reference, "is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = _content(file.read(MAXIMUM_BYTES + 1))
    finally:
        os.close(descriptor)
    if content is None:
        raise _error(reference, "is not UTF-8")
    if len(content.encode()) > MAXIMUM_BYTES:
        raise _error(reference, f"is larger than {MAXIMUM_BYTES >> 10} KiB")
    return content.removesuffix("\n").removesuffix("\r")


def _content(raw: bytes) -> str | None:
    # A UnicodeDecodeError would carry the value into whatever prints the error that follows it.
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _error(reference: SecretReference, problem: str) -> SecretError:
    return SecretError(f"the secret `{reference}` {problem}")


def _unknown_scheme(reference: SecretReference) -> SecretError:
    known = ", ".join(f"`{scheme}:{place}`" for scheme, place in SECRET_SCHEMES.items())
    return _error(reference, f"comes from where this release cannot look; known are {known}")
