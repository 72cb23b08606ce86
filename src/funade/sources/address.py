"""Where a repository is: a URL or path, read once, and the one protocol that git may speak to reach it."""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from funade.domain.errors import SourceError

_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x1f\x7f]")
_SCP_LIKE = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[^@/:]+|\[[0-9a-fA-F:.]+\]):(?P<path>[^:].*)")
_NOT_FOR_FILES = re.compile(r"[^A-Za-z0-9._-]+")

_WANTED = "expected `https://…`, `ssh://…`, `user@host:path`, `file:///…` or a path"


class Kind(StrEnum):
    """How a repository is reached; the value is git's own name of the protocol."""

    HTTPS = "https"
    HTTP = "http"  #: to this machine only
    SSH = "ssh"
    PATH = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One repository's place; `url` is what git is given and holds no secret."""

    kind: Kind
    url: str
    host: str = ""
    port: int | None = None
    path: str = ""

    @property
    def authority(self) -> str:
        """Return host and port as they stand in the URL; git asks for a password under this name."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def file_name(self) -> str:
        """Return a name for a folder: readable, and its own for good."""
        words = "-".join(part for part in self.path.removesuffix(".git").split("/") if part)
        readable = _NOT_FOR_FILES.sub("-", words).strip("-.")[-40:].strip("-.") or "repository"
        return f"{readable}-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"


def parse_address(url: str) -> Address:
    """Read `url`, or raise SourceError when Funade would not or must not follow it."""
    if "://" not in url:
        return _parse_scp_like(url) or _parse_path(url)
    if _UNSAFE.search(url):
        raise _refused(url, "it holds blanks or control characters")
    scheme = url.partition("://")[0].lower()
    if scheme == "file":
        rest = url.partition("://")[2].removeprefix("localhost")
        if not rest.startswith("/"):
            raise _refused(url, _WANTED)
        return _parse_path(unquote(rest))
    match scheme:
        case "https" | "http":
            return _parse_web(url)
        case "ssh":
            return _parse_ssh(url)
        case _:
            raise _refused(url, f"`{scheme}` is not allowed; {_WANTED}")


def resolve_relative(url: str, base: str) -> str:
    """Return a submodule's `url` seen from its parent's `base`, as git does: `../other.git` lies beside."""
    if not url.startswith(("./", "../")):
        return url
    base, joint = base.rstrip("/"), "/"
    while url.startswith(("./", "../")):
        step, _, url = url.partition("/")
        if step == "..":
            base, joint = _parent(base)
    return f"{base}{joint}{url}".rstrip("/")


def _parent(base: str) -> tuple[str, str]:
    slash = base.rpartition("/")
    if slash[1] and not slash[0].endswith(":/"):
        return slash[0], "/"
    colon = base.rpartition(":")
    if colon[1] and not slash[1]:
        return colon[0], ":"
    raise _refused(base, "a submodule's relative URL leads above it")


def _parse_web(url: str) -> Address:
    parts = urlsplit(url)
    host, port = _host_and_port(url)
    if "@" in parts.netloc:
        raise _refused(url, "credentials do not belong into a URL; use `username` and `password`")
    if parts.query or parts.fragment:
        raise _refused(url, "a repository's URL has no `?` and no `#`")
    kind = Kind.HTTPS if parts.scheme == "https" else Kind.HTTP
    if kind is Kind.HTTP and not _is_this_machine(host):
        raise _refused(url, "plain `http` is for this machine only; use `https`")
    return Address(kind=kind, url=url, host=host, port=port, path=parts.path)


def _parse_ssh(url: str) -> Address:
    parts = urlsplit(url)
    host, port = _host_and_port(url)
    if parts.password is not None:
        raise _refused(url, "credentials do not belong into a URL; use `ssh_key`")
    if (parts.username or "").startswith("-"):
        raise _refused(url, "a user cannot begin with `-`")
    return Address(kind=Kind.SSH, url=url, host=host, port=port, path=parts.path)


def _parse_scp_like(text: str) -> Address | None:
    # Like git: a colon before the first slash makes it a host; `./odd:name` is such a path.
    if "::" in text.partition("/")[0] and "[" not in text:
        raise _refused(text, f"remote helpers are not allowed; {_WANTED}")
    found = _SCP_LIKE.fullmatch(text)
    if found is None or text.startswith(("/", ".")):
        return None
    host = found["host"].strip("[]")
    if _UNSAFE.search(text) or host.startswith("-") or (found["user"] or "").startswith("-"):
        raise _refused(text, "user and host cannot begin with `-`, nor hold blanks")
    return Address(kind=Kind.SSH, url=text, host=host, path=found["path"])


def _parse_path(text: str) -> Address:
    if not text or _UNSAFE_IN_PATH.search(text):
        raise _refused(text, _WANTED)
    path = str(Path(text).absolute())
    return Address(kind=Kind.PATH, url=path, path=path)


def _host_and_port(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(url, str(error)) from error
    if not host or host.startswith("-"):
        raise _refused(url, "it names no host")
    return host, port


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(url: str, why: str) -> SourceError:
    return SourceError(f"`{without_credentials(url)}` cannot be used as a repository: {why}")


def without_credentials(text: str) -> str:
    """Return `text` with what stands before the `@` of any URL in it masked."""
    return re.sub(r"(?<=://)[^/\s]*@", "***@", text)
