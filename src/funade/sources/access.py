"""Being let in: credentials go to git's question programs through git's environment, and nowhere else.

No secret stands in a URL, an argument, a file of the mirror or of a checkout.
"""

import asyncio
import fcntl
import os
import re
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path

from funade.domain.application import Repository, SecretReference
from funade.domain.errors import SourceError
from funade.failpoints import effect
from funade.sources.address import Address, Kind
from funade.sources.program import Access
from funade.usecases.ports import Secrets

#: what a host that knows tokens only is told; GitHub and GitLab accept any name
DEFAULT_USERNAME = "x-access-token"

# Git asks `Username for 'https://host': `, git-lfs `Username for "https://host"`. The end of the question is
# compared, so that a redirect or a submodule on another host learns nothing, whatever its URL looks like.
ASKPASS = """#!/bin/sh
case $1 in
  "Username for '$FUNADE_GIT_SCHEME://$FUNADE_GIT_AUTHORITY': " | \\
  "Username for \\"$FUNADE_GIT_SCHEME://$FUNADE_GIT_AUTHORITY\\"")
    printf '%s\\n' "$FUNADE_GIT_USERNAME" ;;
  "Password for '$FUNADE_GIT_SCHEME://"*"@$FUNADE_GIT_AUTHORITY': " | \\
  "Password for \\"$FUNADE_GIT_SCHEME://"*"@$FUNADE_GIT_AUTHORITY\\"")
    printf '%s\\n' "$FUNADE_GIT_PASSWORD" ;;
  *) exit 1 ;;
esac
"""

SSH = """#!/bin/sh
if [ -n "$FUNADE_GIT_KNOWN_HOSTS" ]; then
  set -- -o "UserKnownHostsFile=$FUNADE_GIT_KNOWN_HOSTS" -o GlobalKnownHostsFile=/dev/null "$@"
fi
if [ -n "$FUNADE_GIT_KEY" ]; then
  set -- -F none -o IdentitiesOnly=yes -o IdentityAgent=none -i "$FUNADE_GIT_KEY" "$@"
fi
exec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ConnectTimeout=20 \\
  -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o ControlMaster=no -o ControlPath=none \\
  -o ForwardAgent=no -o ForwardX11=no -o ClearAllForwardings=yes -o PermitLocalCommand=no "$@"
"""


class Programs:
    """The two small programs that git asks; made anew whenever they are not as they should be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def askpass(self) -> str:
        return self._made("askpass", ASKPASS)

    def ssh(self) -> str:
        return self._made("ssh", SSH)

    def _made(self, name: str, text: str) -> str:
        path = self.folder / name
        with suppress(OSError):
            if path.read_text() == text and path.stat().st_mode & stat.S_IXUSR:
                return str(path)
        with effect("sources.write_program"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as file:
                file.write(text)
                os.fchmod(file.fileno(), 0o700)
            os.replace(file.name, path)  # noqa: PTH105 -- a string on both sides
        return str(path)


class Doorkeeper:
    """Turns a repository's references into what one run of git needs, for as long as it runs."""

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self._programs = Programs(folder / "programs")
        self._keys = folder / "keys"
        self._secrets = secrets

    @asynccontextmanager
    async def opened(self, repository: Repository, address: Address) -> AsyncIterator[Access]:
        """Lend what git needs to reach `address`, or raise SecretError or SourceError."""
        allowed = {"GIT_ALLOW_PROTOCOL": address.kind.value}
        match address.kind:
            case Kind.PATH:
                yield Access(environment=allowed)
            case Kind.HTTPS | Kind.HTTP:
                password = await self._reveal(repository.password)
                yield self._by_password(repository, address, allowed, password)
            case Kind.SSH:
                reference = repository.ssh_key
                if reference is None:
                    yield self._by_key(repository, "", allowed)
                elif reference.scheme == "file":
                    yield self._by_key(repository, _usable_key_file(reference), allowed)
                else:
                    key = (await self._reveal(reference)).rstrip("\n") + "\n"
                    with _lent_key(self._keys, key) as path:
                        yield self._by_key(repository, path, allowed)

    async def _reveal(self, reference: SecretReference | None) -> str:
        return "" if reference is None else await asyncio.to_thread(self._secrets.reveal, reference)

    def _by_password(
        self, repository: Repository, address: Address, allowed: dict[str, str], value: str
    ) -> Access:
        if repository.password is None:
            return Access(environment=allowed)
        value = value.rstrip("\r\n")
        if not value or re.search(r"[\r\n\0]", value):
            problem = f"the password `{repository.password}` is not one line — store it as one"
            raise SourceError(problem)
        username = repository.username or DEFAULT_USERNAME
        return Access(
            environment={
                **allowed,
                "GIT_ASKPASS": self._programs.askpass(),
                "FUNADE_GIT_SCHEME": address.kind.value,
                "FUNADE_GIT_AUTHORITY": address.authority,
                "FUNADE_GIT_USERNAME": username,
                "FUNADE_GIT_PASSWORD": value,
            },
            values=(f"{username}:{value}", value),
        )

    def _by_key(self, repository: Repository, path: str, allowed: dict[str, str]) -> Access:
        # Without a key of its own the repository is read as the person who runs Funade would read it.
        own = () if path else ("SSH_AUTH_SOCK",)
        known_hosts = str(Path(repository.known_hosts).expanduser()) if repository.known_hosts else ""
        return Access(
            environment={
                **allowed,
                **{name: os.environ[name] for name in own if name in os.environ},
                "GIT_SSH": self._programs.ssh(),
                "GIT_SSH_VARIANT": "ssh",
                "FUNADE_GIT_KEY": _ssh_path(path) if path else "",
                "FUNADE_GIT_KNOWN_HOSTS": f'"{_ssh_path(known_hosts)}"' if known_hosts else "",
            },
        )


def _usable_key_file(reference: SecretReference) -> str:
    path = Path(reference.place).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        problem = f"the ssh key `{reference}` cannot be read: {error.strerror}"
        raise SourceError(problem) from error
    if mode & 0o077:
        problem = f"the ssh key `{reference}` may be read by others, so ssh refuses it — `chmod 600 {path}`"
        raise SourceError(problem)
    return str(path)


def _lent_key(folder: Path, key: str) -> AbstractContextManager[str]:
    return _key_in_memory(key) if sys.platform == "linux" else _key_in_file(folder, key)


@contextmanager
def _key_in_memory(key: str) -> Iterator[str]:
    # Never on a disk, and gone with this process however it ends; ssh closes what it inherits.
    descriptor = os.memfd_create("ssh-key")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, key.encode())
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def _key_in_file(folder: Path, key: str) -> Iterator[str]:
    _remove_forgotten(folder)
    with effect("sources.lend_key"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = tempfile.NamedTemporaryFile("w", dir=folder)  # noqa: SIM115 -- closed below
    with file:
        # The lock tells a key in use from one that a killed process left.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(key)
        file.flush()
        yield file.name


def _remove_forgotten(folder: Path) -> None:
    for path in folder.glob("*"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with effect("sources.remove_forgotten_key"):
                path.unlink()


def _ssh_path(path: str) -> str:
    if '"' in path or "${" in path:
        problem = f'ssh cannot use the path `{path}` — rename it without `"` and `${{`'
        raise SourceError(problem)
    return path.replace("%", "%%")
