"""Where the API server is and who we are: a kubeconfig, or what a pod is given.

It is loaded with the first client and not before: loading takes 0.4 s, and only some need it (`funade[kubernetes]`).
"""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from funade import __version__
from funade.clients.kubernetes.cluster import Cluster
from funade.clients.kubernetes.credentials import (
    PROGRAM_VERSIONS,
    Credentials,
    FixedToken,
    NoToken,
    Program,
    TokenFile,
)
from funade.clients.kubernetes.errors import LibraryMissing, Misconfigured
from funade.clients.kubernetes.kubeconfig import merged, refuse_dangerous
from funade.clients.kubernetes.wire import Wire

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from lightkube.config.kubeconfig import SingleConfig
    from lightkube.config.models import User

# ruff: noqa: PLC0415 -- see the head of this file

#: what the kubelet puts into every pod that has a service account
POD_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
HOME_FILE = Path("~/.kube/config")

#: A dead peer is noticed within half a minute, on a connection that may rightly be silent for hours.
DEAD_AFTER_SECONDS, PROBE_AFTER_SECONDS, PROBES = 30, 15, 3
#: A server closes its side of an idle connection after a while; we do so earlier.
IDLE_SECONDS = 30.0

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Cluster:
    """Return the cluster of the kubeconfig, or raise LibraryMissing or Misconfigured; nothing is asked of it yet.

    Without `kubeconfig`: that of `KUBECONFIG`, else what a pod is given, else `~/.kube/config`.
    """
    try:
        import lightkube.config.kubeconfig  # noqa: F401 -- see whether it is there
    except ModuleNotFoundError as error:
        message = f"the library for Kubernetes is not installed ({error.name}) — install `funade[kubernetes]`"
        raise LibraryMissing(0, "LibraryMissing", message) from error
    named = os.environ.get("KUBECONFIG", "")
    if kubeconfig is None and context is None and not named and in_pod():
        return of_pod()
    listed = [Path(one).expanduser() for one in named.split(os.pathsep) if one]
    return _of_files([kubeconfig] if kubeconfig else listed or [HOME_FILE.expanduser()], context)


def in_pod(account: Path = POD_ACCOUNT) -> bool:
    """Tell whether this process is in a pod that has a service account."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and (account / "token").exists()


def of_pod(account: Path = POD_ACCOUNT) -> Cluster:
    """Return the cluster whose pod this is, or raise Misconfigured."""
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError

    try:
        chosen = cast("SingleConfig", KubeConfig.from_service_account(account).get())
    except (ConfigError, OSError, KeyError) as error:
        message = f"the service account in `{account}` cannot be used: {error}"
        raise Misconfigured(message) from error
    return _open(chosen, TokenFile(account / "token"), _base(chosen.cluster.server), proxy=None)


def _of_files(files: list[Path], context: str | None) -> Cluster:
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError
    from msgspec import ValidationError

    document = merged(files)
    where = ", ".join(f"`{file}`" for file in files)
    try:
        # Without a default it finds one or raises.
        chosen = cast("SingleConfig", KubeConfig.from_dict(document).get(context))
    except ConfigError as error:
        message = f"the kubeconfig {where}: {error} — there are {_names(document)}"
        raise Misconfigured(message) from error
    except KeyError as error:
        message = f"the kubeconfig {where}: {error} is named and not there"
        raise Misconfigured(message) from error
    except (ValidationError, TypeError) as error:
        # The error may quote what is there: a token.
        message = f"the kubeconfig {where} is no kubeconfig: {type(error).__name__}"
        raise Misconfigured(message) from None
    proxy = refuse_dangerous(document, chosen.context.cluster, chosen.context.user)
    base = _base(chosen.cluster.server)
    return _open(chosen, _credentials(chosen.user), base, proxy=proxy or _proxy_of(base))


def _credentials(user: "User | None") -> Credentials:
    if user is None:
        return NoToken()
    if user.token_file is not None:
        return TokenFile(Path(user.token_file))
    if user.token is not None:
        return FixedToken(user.token)
    if user.exec is None:
        return NoToken()
    if user.exec.apiVersion not in PROGRAM_VERSIONS:
        message = (
            f"`{user.exec.command}`, which the kubeconfig names to fetch our token, speaks "
            f"{user.exec.apiVersion}, and only {' and '.join(PROGRAM_VERSIONS)} are understood — renew it"
        )
        raise Misconfigured(message)
    return Program(
        version=user.exec.apiVersion,
        command=[user.exec.command, *(user.exec.args or ())],
        variables={one.name: one.value for one in user.exec.env or ()},
        hint=user.exec.installHint or "",
    )


def _open(chosen: "SingleConfig", credentials: Credentials, base: str, *, proxy: str | None) -> Cluster:
    from lightkube.config.client_adapter import verify_cluster
    from lightkube.config.models import User

    server = chosen.cluster.server
    _refuse_proxy(proxy)
    try:
        authorities = verify_cluster(chosen.cluster, chosen.user or User(), chosen.abs_file)
    except (OSError, ValueError) as error:
        # A certificate that cannot be read; its key is not quoted, and its file not kept by the trace of the error.
        message = f"a certificate for `{server}` cannot be used: {error}"
        raise Misconfigured(message) from error.with_traceback(None)
    wire = Wire(lambda: _session(authorities, proxy), base, credentials)
    return Cluster(wire, server=server, namespace=chosen.namespace)


def _base(server: str) -> str:
    """Return the address that all others begin with, or raise Misconfigured."""
    from yarl import URL

    try:
        url = URL(server)
    except ValueError as error:
        message = f"the address of the API server is none: {error}"
        raise Misconfigured(message) from error
    if url.user is not None or url.password is not None:
        message = (
            f"the address of the API server `{url.host}` holds a name or a password, which are not understood"
        )
        raise Misconfigured(message)
    if not url.host or (url.scheme != "https" and not (url.scheme == "http" and url.host in LOOPBACK)):
        message = (
            f"the API server `{url.host}` is not asked without TLS: its address must begin with https://"
        )
        raise Misconfigured(message)
    return f"{url.origin()}{url.raw_path}".rstrip("/")


def _refuse_proxy(proxy: str | None) -> None:
    scheme = None if proxy is None else urlsplit(proxy).scheme
    if scheme not in (None, "http", "https"):
        # The rest of it may be a password.
        message = (
            f"the proxy to the API server is asked by `{scheme}`, and only http and https are understood"
        )
        raise Misconfigured(message)


def _session(authorities: "ssl.SSLContext", proxy: str | None) -> "aiohttp.ClientSession":
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=authorities,
            # Each watch and each log that is followed holds one for itself.
            limit=0,
            keepalive_timeout=IDLE_SECONDS,
            resolver=aiohttp.ThreadedResolver(),  # the system's own, whatever else is installed
            socket_factory=_socket,
        ),
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"funade/{__version__}"},
    )


def _proxy_of(server: str) -> str | None:
    """Return the proxy that this machine's variables name for that address."""
    parts = urlsplit(server)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _socket(address: "aiohttp.AddrInfoType") -> socket.socket:
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    values = {
        "TCP_KEEPIDLE": PROBE_AFTER_SECONDS,
        "TCP_KEEPINTVL": (DEAD_AFTER_SECONDS - PROBE_AFTER_SECONDS) // PROBES,
        "TCP_KEEPCNT": PROBES,
        "TCP_USER_TIMEOUT": DEAD_AFTER_SECONDS * 1000,
    }
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in values.items():
        # Not every system has all of them.
        if (option := getattr(socket, name, None)) is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _names(document: dict[str, list[dict[str, str]]]) -> str:
    return ", ".join(f"`{one.get('name')}`" for one in document["contexts"]) or "none"
