"""Hosts and how they are reached, as data."""

import re
from dataclasses import dataclass

_HOST = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._-]{0,63})@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
SSH_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host: its name or address, and whoever we are there."""

    name: str
    user: str | None = None
    port: int = SSH_PORT

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == SSH_PORT else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How hosts are reached; the key by reference, host keys by file or fingerprint. Nothing is trusted unseen."""

    user: str | None = None
    key: str | None = None
    agent: str | None = None
    known_hosts: str | None = None
    host_keys: tuple[str, ...] = ()
    jump: tuple[Host, ...] = ()
    connect_timeout: float = 10.0


def parse_host(text: str) -> Host:
    """Return the host that `user@name:port` means, or raise ValueError."""
    match = _HOST.fullmatch(text)
    if match is None:
        message = "a host is wanted: `name`, `user@name`, `name:port`, `[2001:db8::1]:port`"
        raise ValueError(message)
    port = int(match["port"] or SSH_PORT)
    if not 0 < port < 65536:
        message = f"{port} is no port"
        raise ValueError(message)
    return Host(name=match["six"] or match["name"], user=match["user"], port=port)
