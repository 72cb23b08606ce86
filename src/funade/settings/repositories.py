"""Reads `repository`: an address without credentials in it, and where the credentials are."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from funade.domain.application import Repository
from funade.settings.reading import Value
from funade.settings.shape import REPOSITORY

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
#: `git@host:path` and `host:path`
_SCP = re.compile(r"(?:[^/:@\s]+@)?[^/:@\s]+:(?!//).+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def read_repository(value: Value, folder: Path) -> Repository | None:
    """Return the repository; a path is seen from `folder`."""
    if not value.is_mapping:
        url = _url(value, folder)
        return None if url is None else Repository(url=url)
    found = value.fields(REPOSITORY, "an address, or a mapping with `url`")
    url = _url(found["url"], folder) if "url" in found else None
    repository = Repository(
        url=url or "",
        username=found["username"].text() if "username" in found else None,
        password=found["password"].reference() if "password" in found else None,
        ssh_key=found["ssh_key"].reference() if "ssh_key" in found else None,
        known_hosts=_file(found["known_hosts"], folder) if "known_hosts" in found else None,
        submodules=bool(found["submodules"].truth()) if "submodules" in found else False,
        lfs=bool(found["lfs"].truth()) if "lfs" in found else False,
    )
    if url is None:
        return None
    way = "ssh" if _goes_over_ssh(url) else "https" if url.startswith(("https://", "http://")) else "a path"
    for key, used_by in {
        "username": "https",
        "password": "https",
        "ssh_key": "ssh",
        "known_hosts": "ssh",
    }.items():
        if key in found and way != used_by:
            found[key].complain(f"is for {used_by}, and this repository is reached by {way}", "remove it")
    return repository


def place(text: str, folder: Path) -> Path:
    """Return the path that `text` means when it is written in a file of `folder`."""
    path = Path(text)
    return folder / (path.expanduser() if text == "~" or text.startswith("~/") else path)


def _goes_over_ssh(url: str) -> bool:
    return url.startswith("ssh://") or (not url.startswith("/") and "://" not in url)


def _url(value: Value, folder: Path) -> str | None:
    url = value.text()
    if url is None:
        return None
    if url.startswith("-") or url != url.strip():
        value.complain("begins with `-` or a space, or ends with a space", "write the address alone")
        return None
    if scheme := _SCHEME.match(url):
        return _checked(value, url, scheme[1])
    if _REMOTE_HELPER.match(url):
        value.complain("a git remote helper would run a program of its own", "use https, ssh or a path")
        return None
    if _SCP.fullmatch(url):
        return url
    return str(place(url, folder))


def _checked(value: Value, url: str, scheme: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        value.complain("is no address", "write it like `https://github.com/acme/shop.git`")
        return None
    if scheme == "http" and host not in _LOOPBACK:
        value.complain("http would let anybody on the way change what is deployed", "use https or ssh")
    elif scheme not in ("http", "https", "ssh", "file"):
        value.complain(f"Funade does not fetch over `{scheme}`", "use https, ssh or a path")
    elif parts.password is not None or (scheme != "ssh" and parts.username is not None):
        value.complain(
            "an address must not hold credentials",
            "write a mapping with `url`, `username` and `password: env:NAME` or `file:/path`",
        )
    elif host.startswith("-") or (scheme != "file" and not host):
        value.complain("the address names no host", "write it like `https://github.com/acme/shop.git`")
    else:
        return url
    return None


def _file(value: Value, folder: Path) -> str | None:
    text = value.text()
    return None if text is None else str(place(text, folder))
