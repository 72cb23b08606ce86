"""Who we are for an API server: a token, a file that holds one and is renewed, or a program that fetches one.

A token is in no message and no log; a program's complaints are not repeated, since nobody knows what they hold.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from funade.clients.kubernetes.errors import Misconfigured, Unreachable

#: The kubelet renews a token well before its end, and the API server accepts the old one until then.
REREAD_AFTER_SECONDS = 60
#: A program may ask its cloud, but not a person.
PROGRAM_SECONDS = 60
#: A token that ends while its request is on its way is refused.
EARLY = timedelta(seconds=30)
PROGRAM_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class Credentials(Protocol):
    """What proves who we are."""

    async def token(self) -> str | None:
        """Return the token to send, None for none, or raise Misconfigured or Unreachable."""

    def doubt(self) -> bool:
        """Hear that the last token was refused; tell whether asking again may give another one."""


class NoToken:
    """Nothing to send: a client certificate says who we are, if anything does."""

    async def token(self) -> None:
        return None

    def doubt(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that was written down."""

    value: str = field(repr=False)

    async def token(self) -> str:
        return _checked(self.value, "the token of the kubeconfig")

    def doubt(self) -> bool:
        return False


@dataclass(slots=True)
class TokenFile:
    """A token that somebody else keeps renewing in a file: a pod's own."""

    path: Path
    _read: str | None = field(default=None, repr=False)
    _read_at: float = 0.0

    async def token(self) -> str:
        now = monotonic()
        if self._read is None or now - self._read_at > REREAD_AFTER_SECONDS:
            self._read, self._read_at = self._from_file(), now
        return self._read

    def doubt(self) -> bool:
        self._read = None
        return True

    def _from_file(self) -> str:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"the token in `{self.path}` cannot be read: {type(error).__name__}"
            raise Misconfigured(message) from None
        return _checked(text.strip(), f"the token in `{self.path}`")


@dataclass(slots=True)
class Program:
    """A program that the kubeconfig names (`exec`): `aws eks get-token`, `gke-gcloud-auth-plugin`."""

    version: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    hint: str = ""
    _token: str | None = field(default=None, repr=False)
    _until: datetime | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self) -> str:
        async with self._asking:
            if self._token is None or (self._until is not None and datetime.now(UTC) > self._until - EARLY):
                self._token, self._until = self._read(await self._ask())
            return self._token

    def doubt(self) -> bool:
        self._token = None
        return True

    async def _ask(self) -> bytes:
        asked = {"apiVersion": self.version, "kind": "ExecCredential", "spec": {"interactive": False}}
        try:
            running = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.variables, "KUBERNETES_EXEC_INFO": json.dumps(asked)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            hint = f" — {self.hint.strip()}" if self.hint else ""
            problem = f"does not start ({type(error).__name__}){hint}"
            raise self._wrong(problem) from error
        try:
            output, _ = await asyncio.wait_for(running.communicate(), PROGRAM_SECONDS)
        except TimeoutError:
            message = f"`{self.command[0]}`, which fetches our token, took more than {PROGRAM_SECONDS} s"
            raise Unreachable(0, "Timeout", message) from None
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        if running.returncode:
            # It asks a cloud: another try may do.
            message = f"`{self.command[0]}`, which fetches our token, ended with {running.returncode}"
            raise Unreachable(0, "ExecFailed", message)
        return output

    def _read(self, output: bytes) -> tuple[str, datetime | None]:
        try:
            said: dict[str, Any] = json.loads(output)
            status = said["status"]
            token, until = status.get("token"), status.get("expirationTimestamp")
            if not token and status.get("clientCertificateData"):
                problem = "gives a certificate, and only tokens are understood here"
                raise self._wrong(problem)
            return (
                _checked(token, f"the token of `{self.command[0]}`"),
                None if until is None else datetime.fromisoformat(until),
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            # What it printed may hold a token; so may the error that quotes it.
            problem = f"printed no ExecCredential of {self.version}"
            raise self._wrong(problem) from None

    def _wrong(self, problem: str) -> Misconfigured:
        return Misconfigured(f"`{self.command[0]}`, which the kubeconfig names to fetch our token, {problem}")


def _checked(token: object, what: str) -> str:
    # It becomes a header: a line break in it would be quoted by the error of whoever refuses it.
    if (
        not isinstance(token, str)
        or not token.isascii()
        or not token.isprintable()
        or " " in token
        or not token
    ):
        message = f"{what} is empty or no token"
        raise Misconfigured(message)
    return token
