"""Reads `web`: where Funade listens for HTTP, how people reach it, and whose word about them it takes."""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from funade.domain.application import SecretReference, Site
from funade.settings.reading import Value
from funade.settings.shape import WEB

MOST_KEYS = 2
_SHORTEST_LINK, _LONGEST_LINK = timedelta(minutes=10), timedelta(days=366)
_LISTEN = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def read_web(value: Value) -> Site | None:
    """Return the site; what is wrong with it is reported."""
    fields = value.fields(WEB, "a mapping with `listen` and `url`")
    place = _listen(fields["listen"]) if "listen" in fields else None
    url = _url(fields["url"]) if "url" in fields else None
    proxies = _proxies(fields["proxies"]) if "proxies" in fields else ()
    hosts = _hosts(fields["hosts"]) if "hosts" in fields else ()
    keys = _keys(fields["signing_key"]) if "signing_key" in fields else ()
    lasts = _lasts(fields["links_last"]) if "links_last" in fields else None
    if place is None:
        return None
    host, port = place
    if "url" not in fields and not is_loopback(host):
        value.complain(
            f"`{host}` is reached from other machines, and nothing says under which address",
            "add `url`, like `https://funade.acme.example`; links are made of it",
        )
    given = {} if lasts is None else {"links_last": lasts}
    return Site(
        host=host,
        port=port,
        url=url or f"http://{f'[{host}]' if ':' in host else host}:{port}",
        proxies=proxies,
        hosts=hosts,
        signing_keys=keys,
        **given,
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches `host`."""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(value: Value) -> tuple[str, int] | None:
    text = value.text()
    if text is None:
        return None
    found = _LISTEN.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65_536:
        value.complain(
            f"`{text[:80]}` is no address to listen at",
            "write `127.0.0.1:8080`; `0.0.0.0:8080` or `[::]:8080` for every address of this machine",
        )
        return None
    return found["six"] or found["host"], int(found["port"])


def _url(value: Value) -> str | None:
    text = value.text()
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        value.complain(f"`{text[:80]}` is no address", "write it like `https://funade.acme.example`")
    elif parts.query or parts.fragment or parts.username or parts.password:
        value.complain("an address of a site is wanted, and nothing behind it", "write it up to the path")
    elif parts.scheme == "http" and not is_loopback(host):
        value.complain(
            "over http anybody on the way reads the links, and who has a link reads the deployment",
            "put a proxy with a certificate before Funade, and write `https://…`",
        )
    else:
        return text.rstrip("/")
    return None


def _proxies(value: Value) -> tuple[str, ...]:
    found = []
    for item in value.items("[10.0.0.0/8]"):
        text = item.text()
        if text is None:
            continue
        try:
            network = ip_network(text)
        except ValueError:
            item.complain(f"`{text[:80]}` is no network", "write an address, or a network like `10.0.0.0/8`")
        else:
            if network.prefixlen == 0:
                item.complain("would believe everybody", "name the addresses of your proxies")
            found.append(str(network))
    return tuple(found)


def _hosts(value: Value) -> tuple[str, ...]:
    found = []
    for item in value.items("[funade.internal]"):
        text = item.text()
        if text is not None and not _HOST.fullmatch(text):
            item.complain(f"`{text[:80]}` is no name of a host", "write it without `https://` and port")
        elif text is not None:
            found.append(text.lower())
    return tuple(found)


def _keys(value: Value) -> tuple[SecretReference, ...]:
    if not value.is_list:
        found = value.reference()
        return () if found is None else (found,)
    items = value.items("[env:FUNADE_LINK_KEY]")
    if not 1 <= len(items) <= MOST_KEYS:
        value.complain(
            "one key is wanted, or two while the first replaces the second", "name the others nowhere"
        )
    return tuple(one for item in items if (one := item.reference()) is not None)


def _lasts(value: Value) -> timedelta | None:
    lasts = value.duration()
    if lasts is not None and not _SHORTEST_LINK <= lasts <= _LONGEST_LINK:
        value.complain("is shorter than ten minutes or longer than a year", "write something like `14d`")
        return None
    return lasts
