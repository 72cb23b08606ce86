"""The keys that sign links: those of the configuration, or one that is made once in the data folder."""

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from funade.domain.application import SecretReference, Site
from funade.domain.errors import FunadeError, SecretError
from funade.failpoints import effect
from funade.web.links import Keys

FILE = "link.key"
SHORTEST = 32  #: characters of a key that a person has chosen; `openssl rand -hex 32` gives 64
_MADE_BYTES = 32


def link_keys(site: Site, data: Path, reveal: Callable[[SecretReference], str]) -> Keys:
    """Return the keys, the signing one first, or raise FunadeError saying which cannot be had."""
    if not site.signing_keys:
        return (own_key(data),)
    return tuple(_revealed(one, reveal) for one in site.signing_keys)


def _revealed(reference: SecretReference, reveal: Callable[[SecretReference], str]) -> bytes:
    value = reveal(reference)
    if len(value) < SHORTEST:
        message = (
            f"the secret `{reference}` is too short to sign links: {SHORTEST} characters at least"
            " — make one with `openssl rand -hex 32`"
        )
        raise SecretError(message)
    return value.encode()


def own_key(data: Path) -> bytes:
    """Return the data folder's own key, made when there is none, or raise FunadeError."""
    path = data / FILE
    try:
        with effect("web.make_key"):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                return _read_or_make(descriptor, path)
            finally:
                os.close(descriptor)
    except OSError as error:
        message = f"the key of links `{path}` cannot be used: {error.strerror or error}"
        raise FunadeError(message) from error


def _read_or_make(descriptor: int, path: Path) -> bytes:
    # Several processes may come first; who finds it empty or cut short makes it.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.fstat(descriptor).st_mode & 0o077:
        message = f"others can read `{path}`, and with it make links — `chmod 600 {path}`, or remove it"
        raise FunadeError(message)
    there = os.pread(descriptor, 4 * _MADE_BYTES, 0).strip()
    if len(there) == 2 * _MADE_BYTES:
        return there
    made = secrets.token_hex(_MADE_BYTES).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, made + b"\n", 0)
    os.fsync(descriptor)
    return made
