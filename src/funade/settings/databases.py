"""Reads `database`: an address without a password in it, and where the password is."""

from urllib.parse import parse_qsl, urlsplit

from funade.domain.application import Database
from funade.settings.reading import Value
from funade.settings.shape import DATABASE

_EXAMPLE = "write it like `postgresql://funade@db.example/funade`"
#: What libpq would take from an address, and nobody should read in a file.
_SECRET = ("password", "sslpassword", "passfile", "service")
_REMEDY = "write a mapping with `url` and `password: env:NAME` or `file:/path`"


def read_database(value: Value) -> Database | None:
    """Return the database; None when something is wrong with it."""
    if not value.is_mapping:
        url = _url(value)
        return None if url is None else Database(url=url)
    found = value.fields(DATABASE, "an address, or a mapping with `url`")
    url = _url(found["url"]) if "url" in found else None
    password = found["password"].reference() if "password" in found else None
    return None if url is None else Database(url=url, password=password)


def _url(value: Value) -> str | None:
    url = value.text()
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        value.complain("is no address", _EXAMPLE)
        return None
    if parts.scheme not in ("postgresql", "postgres"):
        value.complain("Funade keeps its store in SQLite or PostgreSQL", _EXAMPLE)
    elif parts.password is not None or ":" in parts.netloc.rpartition("@")[0]:
        value.complain("an address must not hold a password", _REMEDY)
    elif forbidden := [name for name in options if name in _SECRET]:
        value.complain(f"an address must not hold `{forbidden[0]}`", _REMEDY)
    elif not (parts.netloc.rpartition("@")[2] or options.get("host")) or not parts.path.strip("/"):
        value.complain("the address names no host or no database", _EXAMPLE)
    else:
        return url
    return None
