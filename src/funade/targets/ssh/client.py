"""Connections to hosts: the only file that knows asyncssh. Host keys are always checked; unknown is an error.

A host that does not answer is worth another try; one whose key or whose door is wrong waits for a person.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import asyncssh

from funade.domain.application import parse_reference
from funade.domain.errors import PermanentTargetError, TemporaryTargetError
from funade.targets.ssh.hosts import Access, Host
from funade.targets.ssh.request import END_OF_ANSWER, REMOTE_COMMAND, Program, Request, line_of
from funade.usecases.ports import Secrets

#: A peer that is silent for three of these is gone.
KEEPALIVE_SECONDS = 5
SOON = timedelta(seconds=2)
CHUNK = 1 << 18

#: What a person has to set right; everything else of the protocol may be the network.
FOR_A_PERSON = (
    asyncssh.HostKeyNotVerifiable,
    asyncssh.IllegalUserName,
    asyncssh.PermissionDenied,
    asyncssh.ProtocolNotSupported,
)


class Connection:
    """One connection to one host, and over it one program that answers, one request after the other."""

    def __init__(self, host: Host, connection: asyncssh.SSHClientConnection) -> None:
        self.host, self._raw = host, connection
        self._answering: asyncssh.SSHClientProcess[bytes] | None = None
        self._turn = asyncio.Lock()

    @property
    def raw(self) -> asyncssh.SSHClientConnection:
        return self._raw

    @property
    def is_open(self) -> bool:
        """Tell whether more can be asked over it."""
        return not self._raw.is_closed()

    async def ask(self, request: Request) -> bytes:
        """Return what the host answers."""
        async with self._turn:
            with _worded(self.host):
                process = self._answering
                if process is None or process.stdout.at_eof():
                    process = await self._run(Program.ANSWERS)
                # Until it has answered, what it would say next is nobody's answer.
                self._answering = None
                try:
                    process.stdin.write(request.encoded())
                    answer = await process.stdout.readuntil(END_OF_ANSWER)
                except asyncio.IncompleteReadError as error:
                    raise await self._silence(process) from error
                except BaseException:
                    process.close()
                    raise
                self._answering = process
                return answer.removesuffix(END_OF_ANSWER[1:])

    async def send(self, request: Request, payload: Path) -> bytes:
        """Send a file; return what the host says of it."""
        async with self._process(Program.SEND, request) as process:
            with payload.open("rb") as file:
                while (chunk := file.read(CHUNK)) and not process.stdin.is_closing():
                    process.stdin.write(chunk)
                    # A host that has said no reads no further; its answer tells why.
                    with suppress(BrokenPipeError):
                        await process.stdin.drain()
            with suppress(OSError):
                process.stdin.write_eof()
            return await process.stdout.read()

    async def stream(self, request: Request) -> AsyncIterator[bytes]:
        """Yield what the host answers, as it comes."""
        async with self._process(Program.FOLLOW, request) as process:
            while piece := await process.stdout.read(CHUNK):
                yield piece

    def close(self) -> None:
        """End it. What runs on the host goes on."""
        self._raw.close()

    @asynccontextmanager
    async def _process(
        self, program: Program, request: Request
    ) -> AsyncIterator[asyncssh.SSHClientProcess[bytes]]:
        with _worded(self.host):
            process = await self._run(program)
            try:
                process.stdin.write(request.encoded())
                yield process
            finally:
                process.close()

    async def _run(self, program: Program) -> asyncssh.SSHClientProcess[bytes]:
        process = await self._raw.create_process(REMOTE_COMMAND, encoding=None)
        process.stdin.write(line_of(program))
        return process

    async def _silence(self, process: asyncssh.SSHClientProcess[bytes]) -> TemporaryTargetError:
        said = (await process.stderr.read()).decode(errors="replace").strip()
        process.close()
        return TemporaryTargetError(f"{self.host} gave no answer{f' ({said[:300]})' if said else ''}", SOON)


class _Door(asyncssh.SSHClient):
    """Looks at the host's key, when it is told by fingerprint, and remembers it for people."""

    def __init__(self, fingerprints: tuple[str, ...]) -> None:
        self._fingerprints = fingerprints
        self.shown = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 -- theirs
        self.shown = key.get_fingerprint()
        return self.shown in self._fingerprints


async def connect(host: Host, access: Access, secrets: Secrets, tunnel: Connection | None) -> Connection:
    """Return a connection to a host whose key is known; or raise a TargetError, or SecretError about our key."""
    door = _Door(access.host_keys)
    options: dict[str, object] = {}
    if access.key is not None:
        options |= {"client_keys": [_private_key(access.key, secrets)], "agent_path": None}
    elif access.agent is not None:
        options["agent_path"] = access.agent
    user = host.user or access.user
    if user is not None:
        options["username"] = user
    with _worded(host, access, door):
        async with asyncio.timeout(access.connect_timeout):
            raw, _ = await asyncssh.create_connection(
                lambda: door,
                host.name,
                host.port,
                # What a person keeps for their own use is no rule for deployments.
                config=None,
                tunnel=None if tunnel is None else tunnel.raw,
                known_hosts=_believed(access),
                password=None,
                preferred_auth="publickey",
                keepalive_interval=KEEPALIVE_SECONDS,
                connect_timeout=access.connect_timeout,
                login_timeout=access.connect_timeout,
                **options,
            )
    return Connection(host, raw)


def _believed(access: Access) -> bytes | str:
    """Return the keys to believe: never None, which would mean all of them."""
    file = known_hosts_of(access)
    return b"" if access.host_keys or not file.exists() else str(file)


def proof_of(access: Access, secrets: Secrets) -> bytes:
    """Return what tells whether the same key would be shown and the same hosts believed; empty where nobody knows."""
    if access.key is None:
        # Agents and files of a person come and go.
        return b""
    file = known_hosts_of(access)
    known = b"" if access.host_keys or not file.exists() else file.read_bytes()
    return hashlib.sha256(secrets.reveal(parse_reference(access.key)).encode() + b"\0" + known).digest()


def known_hosts_of(access: Access) -> Path:
    """Return the file that says which keys hosts have."""
    return Path(access.known_hosts) if access.known_hosts else Path.home() / ".ssh" / "known_hosts"


def _private_key(reference: str, secrets: Secrets) -> asyncssh.SSHKey:
    text = secrets.reveal(parse_reference(reference))
    try:
        return asyncssh.import_private_key(text if text.endswith("\n") else f"{text}\n")
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        # Its own words may repeat what it could not read.
        kind = (
            "is locked by a passphrase"
            if isinstance(error, asyncssh.KeyEncryptionError)
            else "is no private key"
        )
        message = f"`key: {reference}` {kind}: name a key without a passphrase, or use an agent"
        raise PermanentTargetError(message) from None


@contextmanager
def _worded(host: Host, access: Access | None = None, door: _Door | None = None) -> Iterator[None]:
    """Turn what goes wrong between us and a host into our words."""
    try:
        yield
    except FOR_A_PERSON as error:
        raise PermanentTargetError(_why_not(host, error, access, door)) from error
    except (TimeoutError, asyncssh.TimeoutError) as error:
        message = f"{host} does not answer"
        raise TemporaryTargetError(message, SOON) from error
    except asyncssh.Error as error:
        message = f"the connection to {host} broke: {error.reason}"
        raise TemporaryTargetError(message, SOON) from error
    except OSError as error:
        message = f"{host} cannot be reached: {_system_word(error)}"
        raise TemporaryTargetError(message, SOON) from error


def _system_word(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)


def _why_not(host: Host, error: asyncssh.Error, access: Access | None, door: _Door | None) -> str:
    if isinstance(error, asyncssh.PermissionDenied):
        return (
            f"{host} does not let us in: is our public key in its `authorized_keys`, and is the user right?"
        )
    if not isinstance(error, asyncssh.HostKeyNotVerifiable) or access is None or door is None:
        return f"{host} cannot be talked to: {error.reason}"
    shown = f" It shows {door.shown}." if door.shown else ""
    if access.host_keys:
        return (
            f"the key of {host} is not among `host_keys`.{shown} Compare it with the host's own, then add it"
        )
    file = known_hosts_of(access)
    name = host.name if host.port == 22 else f"[{host.name}]:{host.port}"
    if _is_known(host, file):
        return (
            f"{host} shows another key than `{file}` knows: somebody may be in between.{shown} Compare it with the"
            f" host's own; if it is right, `ssh-keygen -R '{name}' -f {file}` and add the new one"
        )
    return f"the key of {host} is not in `{file}`.{shown} Compare it with the host's own, then add it as `{name}`"


def _is_known(host: Host, file: Path) -> bool:
    try:
        keys = asyncssh.read_known_hosts(str(file)).match(host.name, "", host.port)
    except (OSError, ValueError):
        return False
    return bool(keys[0])
