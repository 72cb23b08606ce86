"""Why a repository could not be reached: looked up in the world, not read out of git's words."""

import asyncio
import os
import shutil
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from funade.domain.application import Repository
from funade.domain.errors import SourceError
from funade.failpoints import effect
from funade.sources.access import DEFAULT_USERNAME
from funade.sources.address import Address, Kind
from funade.sources.program import Access, Outcome

ANSWER_WITHIN = 10.0  #: seconds
LONGEST_WORDS = 120  #: characters of what git said that people read
FULL_DISK = 1 << 20  #: bytes; with less free nothing can be fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a repository cannot be read, and what to do about it."""

    problem: str
    remedy: str

    def as_error(self, address: Address) -> SourceError:
        """Return it as what the caller gets."""
        return SourceError(f"`{address.url}` cannot be read: {self.problem} — {self.remedy}")


EMPTY = Trouble(problem="it has no commits yet", remedy="push a first one")


async def find_trouble(
    repository: Repository, address: Address, access: Access, outcome: Outcome, folder: Path
) -> Trouble:
    """Look for the reason of a failed `outcome`; what git itself said is the last resort."""
    if (full := full_disk(folder)) is not None:
        return full
    found: Trouble | None = None
    match address.kind:
        case Kind.PATH:
            found = _trouble_with_path(Path(address.path))
        case Kind.SSH:
            found = await _trouble_with_ssh(repository, address)
        case Kind.HTTPS | Kind.HTTP:
            found = await asyncio.to_thread(_trouble_with_web, repository, address, access)
    if found is not None and (address.kind is Kind.PATH or not outcome.words):
        return found
    if found is not None:
        # We looked a moment later than git did: its first words stay beside ours.
        first = outcome.words.partition(";")[0][:LONGEST_WORDS]
        return Trouble(problem=f"{found.problem} (git: {first})", remedy=found.remedy)
    if outcome.silent:
        remedy = "look at the network, the proxy and the host, then try again"
        return Trouble(problem="nothing was heard of it for too long", remedy=remedy)
    said = outcome.words or f"git ended with {outcome.exit_code}"
    return Trouble(problem=said, remedy="try `git ls-remote` on it as the same person")


def full_disk(folder: Path) -> Trouble | None:
    """Return what keeps `folder` from being written to."""
    with suppress(OSError):
        if shutil.disk_usage(folder).free < FULL_DISK:
            return Trouble(problem=f"the disk of `{folder}` is full", remedy="make room, then try again")
        if not os.access(folder, os.W_OK):
            return Trouble(problem=f"`{folder}` cannot be written", remedy="let Funade's user write there")
    return None


def _trouble_with_path(path: Path) -> Trouble | None:
    try:
        owner = path.stat().st_uid
    except FileNotFoundError:
        return Trouble(problem="there is no such folder", remedy="put it back or correct `repository`")
    except OSError as error:
        return Trouble(problem=error.strerror or "it cannot be looked at", remedy="let Funade's user read it")
    if not os.access(path, os.R_OK | os.X_OK):
        return Trouble(problem="its folder may not be read", remedy="let Funade's user read it")
    if not (path / "HEAD").exists() and not (path / ".git").exists():
        return Trouble(problem="its folder is no git repository", remedy="correct `repository`")
    if owner != os.geteuid():
        remedy = "give it to Funade's user, or let that user read it over ssh or https"
        return Trouble(problem="its folder belongs to somebody else, so git does not trust it", remedy=remedy)
    return None


async def _trouble_with_ssh(repository: Repository, address: Address) -> Trouble | None:
    if shutil.which("ssh") is None:
        return Trouble(
            problem="ssh is not on PATH", remedy="install it (Debian: `apt-get install openssh-client`)"
        )
    known_hosts = repository.known_hosts
    if known_hosts is not None:
        path = Path(os.path.expanduser(known_hosts))  # noqa: ASYNC240, PTH111 -- looks into nothing slow
        if not os.access(path, os.R_OK):
            return Trouble(problem=f"`known_hosts` cannot be read: `{path}`", remedy="correct `known_hosts`")
        port = address.port or 22
        host = address.host if port == 22 else f"[{address.host}]:{port}"
        if not await _knows(path, host):
            scan = f"ssh-keyscan -p {port} {address.host}" if port != 22 else f"ssh-keyscan {address.host}"
            remedy = f"compare what `{scan}` prints with what the host's owner says, then add it"
            return Trouble(problem=f"the key of `{host}` is not in `{path}`", remedy=remedy)
    if repository.ssh_key is None:
        # The user's own ssh configuration may lead anywhere: only ssh itself can tell.
        return None
    if (refused := await _trouble_with_connecting(address.host, address.port or 22)) is not None:
        return refused
    remedy = "see that the host's key is the known one, the key is let in, and the path is right"
    return Trouble(problem=f"ssh reached `{address.authority}` and was turned away", remedy=remedy)


async def _knows(path: Path, host: str) -> bool:
    with effect("sources.look_for_host_key"):
        process = await asyncio.create_subprocess_exec(
            "ssh-keygen",
            *("-F", host, "-f", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    return await process.wait() == 0


async def _trouble_with_connecting(host: str, port: int) -> Trouble | None:
    remedy = "look at the name, the network and the host, then try again"
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            with effect("sources.knock"):
                _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return Trouble(problem=f"`{host}` port {port} does not answer", remedy=remedy)
    except OSError as error:
        problem = f"`{host}` port {port} cannot be reached: {error.strerror or error}"
        return Trouble(problem=problem, remedy=remedy)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


def _opener(context: ssl.SSLContext) -> urllib.request.OpenerDirector:
    # No handler of redirects among them: one would carry the password to wherever it leads.
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler(context=context))
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    return opener


def _trouble_with_web(repository: Repository, address: Address, access: Access) -> Trouble | None:
    request = urllib.request.Request(f"{address.url}/info/refs?service=git-upload-pack")  # noqa: S310 -- parsed
    password = access.environment.get("FUNADE_GIT_PASSWORD")
    if password is not None:
        user = access.environment.get("FUNADE_GIT_USERNAME", DEFAULT_USERNAME)
        basic = b64encode(f"{user}:{password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")
    authority = os.environ.get("GIT_SSL_CAINFO")
    try:
        context = ssl.create_default_context(cafile=authority)
        opener = _opener(context)
        with effect("sources.knock_at_web"), opener.open(request, timeout=ANSWER_WITHIN):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return _trouble_with_status(error.code, repository)
    except urllib.error.URLError as error:
        return _trouble_with_reaching(address, error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return _trouble_with_reaching(address, error)


def _trouble_with_reaching(address: Address, reason: object) -> Trouble:
    if isinstance(reason, ssl.SSLCertVerificationError):
        remedy = "correct the host's certificate, or name its authority's file in `GIT_SSL_CAINFO`"
        return Trouble(problem=f"its certificate is not trusted: {reason.verify_message}", remedy=remedy)
    if isinstance(reason, TimeoutError):
        said = "does not answer"
    else:
        said = f"cannot be reached: {getattr(reason, 'strerror', None) or reason}"
    remedy = "look at the name, the network and the proxy, then try again"
    return Trouble(problem=f"`{address.authority}` {said}", remedy=remedy)


def _trouble_with_status(status: int, repository: Repository) -> Trouble | None:
    given = repository.password
    match status:
        case 401 if given is None:
            return Trouble(problem="it wants a password", remedy="set `username` and `password` by reference")
        case 401 | 403:
            remedy = f"see that `{given}` is right, has not run out and may read it"
            return Trouble(problem=f"the password was refused (HTTP {status})", remedy=remedy)
        case 404 | 410:
            remedy = "correct `repository`; hosts also say this of what the password may not see"
            return Trouble(problem=f"there is no such repository (HTTP {status})", remedy=remedy)
        case _ if status >= 500 or status == 429:
            return Trouble(problem=f"the host cannot serve it now (HTTP {status})", remedy="try again later")
        case _:
            return None
