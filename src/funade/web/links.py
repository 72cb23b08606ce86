"""Signed links: whoever has one reads one deployment until it ends; nothing in it can be changed or guessed.

`URL/d/NUMBER/SEAL`. The seal is the deployment's UUID, the second at which the link ends, and an HMAC-SHA256 over
both and the number. Nothing is stored: a link ends by its time, or all at once when its key is taken away.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from funade.domain.application import Site
from funade.domain.deployment import Deployment

PATH = "/d"
#: what is signed begins with its purpose, so that no other signature of the same key is one of these
_PURPOSE = b"funade: a link to a deployment's page, 1\0"
_UUID, _SECONDS, _SIGNATURE = 16, 5, 32
LENGTH = 4 * (_UUID + _SECONDS + _SIGNATURE + 1) // 3  #: characters of a seal at most
_LARGEST_NUMBER = 2**63 - 1

Keys = Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link that one of our keys has signed; it may have ended."""

    deployment: str
    number: int
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLinks:
    """Makes the links of a site; the first of its keys signs."""

    site: Site
    keys: Callable[[], Keys]
    now: Callable[[], datetime]

    def link_to(self, deployment: Deployment) -> str | None:
        """Return an address that shows it to whoever has it, for a while; None where its key cannot be had."""
        keys = self.keys()
        if not keys:
            return None
        ends = end_of(deployment.asked_at, self.now(), self.site.links_last)
        sealed = seal(keys[0], deployment.id, deployment.number, ends)
        return f"{self.site.url}{PATH}/{deployment.number}/{sealed}"


def end_of(asked_at: datetime, now: datetime, lasts: timedelta) -> datetime:
    """Return when a link made now ends: in half of `lasts` at least, in all of it at most.

    For half of `lasts` it is the same moment, so that what holds the link need not change whenever it is looked at.
    """
    half = lasts / 2
    gone = max(timedelta(0), now - asked_at) // half
    return (asked_at + (gone + 2) * half).replace(microsecond=0)


def seal(key: bytes, deployment: str, number: int, ends: datetime) -> str:
    """Return what opens the page of a deployment until `ends`."""
    body = UUID(deployment).bytes + int(ends.timestamp()).to_bytes(_SECONDS, "big")
    return urlsafe_b64encode(body + _sign(key, body, number)).rstrip(b"=").decode()


def unseal(keys: Keys, number: int, sealed: str) -> Opened | None:
    """Return the link when one of `keys` has signed it, ended or not; None tells nothing of what is wrong."""
    raw = _decode(sealed)
    if raw is None or not 0 < number <= _LARGEST_NUMBER:
        return None
    body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    # Every key is tried, whichever fits: time tells nothing either.
    fits = [hmac.compare_digest(_sign(key, body, number), signature) for key in keys]
    if not any(fits):
        return None
    ends = datetime.fromtimestamp(int.from_bytes(body[_UUID:], "big"), UTC)
    return Opened(deployment=str(UUID(bytes=body[:_UUID])), number=number, ends=ends)


def _sign(key: bytes, body: bytes, number: int) -> bytes:
    return hmac.digest(key, _PURPOSE + number.to_bytes(8, "big") + body, "sha256")


def _decode(sealed: str) -> bytes | None:
    if len(sealed) > LENGTH or not sealed.isascii():
        return None
    try:
        raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except (binascii.Error, ValueError):
        return None
    # One link has one spelling: base64 forgives signs that mean nothing.
    same = urlsafe_b64encode(raw).rstrip(b"=").decode() == sealed
    return raw if same and len(raw) == _UUID + _SECONDS + _SIGNATURE else None
