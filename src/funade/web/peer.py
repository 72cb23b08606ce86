"""Who is at the other end of a Unix socket: the kernel says it, nothing in the request can."""

import os
import pwd
import socket
import struct
import sys
from pathlib import Path

from funade.domain.people import Actor, Door

#: a header with the person in whose name the store's owner speaks, percent-encoded; a demo's server alone believes it
SPEAKS_AS = "funade-as"


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process that connected, or raise OSError."""
    if sys.platform == "darwin":
        # struct xucred { u_int cr_version; uid_t cr_uid; … }; SOL_LOCAL 0, LOCAL_PEERCRED 1
        credentials = connection.getsockopt(0, 1, struct.calcsize("=II"))
        return int(struct.unpack("=II", credentials)[1])
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("=iII"))
    return int(struct.unpack("=iII", credentials)[1])


def actor_at_terminal(uid: int, data: Path) -> Actor:
    """Return the person of this machine with that user id; whoever owns the data folder owns the store."""
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        owner = os.geteuid()  # it will be made by this process
    return Actor(door=Door.TERMINAL, id=f"local:{uid}", name=login_name(uid), owns_store=uid == owner)


def login_name(uid: int) -> str:
    """Return the login name, or the number itself where nobody has it: common in containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
