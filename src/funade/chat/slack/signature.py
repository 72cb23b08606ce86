"""Whether a request over HTTPS is Slack's: its own signature over the raw bytes, its age, and that it came once.

Everything here is bytes and never raises for what a stranger sends.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from funade.failpoints import effect
from funade.usecases.door_ports import Received
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock

TOLERANCE = timedelta(seconds=300)
#: Seconds since 1970, as Slack writes them.
_SECONDS = re.compile(rb"[0-9]{1,12}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")


class Verdict(StrEnum):
    """What became of a signature."""

    GOOD = "good"
    WRONG = "wrong"
    STALE = "stale"  #: older or newer than five minutes: a repetition, or a clock that is off


def judge(
    body: bytes, timestamps: Sequence[bytes], signatures: Sequence[bytes], secrets: Sequence[str], now: float
) -> Verdict:
    """Return whether one of `secrets` has signed these bytes just now; each header has to be there exactly once."""
    if len(timestamps) != 1 or len(signatures) != 1 or not secrets:
        return Verdict.WRONG
    timestamp, signature = timestamps[0], signatures[0]
    if not _SECONDS.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return Verdict.WRONG
    signed = b"v0:" + timestamp + b":" + body
    matches = False
    for secret in secrets:
        wanted = b"v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        # Every secret is compared, so that nobody can time which one came close.
        matches |= hmac.compare_digest(wanted, signature)
    if not matches:
        return Verdict.WRONG
    return Verdict.GOOD if abs(now - int(timestamp)) <= TOLERANCE.total_seconds() else Verdict.STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """The secrets in force, and the memory of signatures that came already."""

    secrets: Callable[[], Sequence[str]]
    ledger: Ledger
    clock: Clock

    def judge(self, body: bytes, timestamps: Sequence[bytes], signatures: Sequence[bytes]) -> Verdict:
        """Return whether this is Slack's, at this moment."""
        return judge(body, timestamps, signatures, self.secrets(), self.clock.now().timestamp())

    async def has_come(self, signature: bytes) -> bool:
        """Tell whether what carried that good signature came before and was dealt with."""
        return await self.ledger.read(lambda look: look.is_known(_key(signature)))

    async def remember(self, signature: bytes) -> None:
        """Keep in the store that it came; what it carried is stored by now, so that a death between loses nothing."""
        key = _key(signature)
        item = Received(id=key, door="slack-signature", keys=(key,), at=self.clock.now(), owner="", body={})

        def work(change: Transaction) -> None:
            change.receive(item)
            # Nothing is to be dealt with: it is only to be known again.
            change.settle_received(key)

        with effect("store.remember_signature"):
            await self.ledger.change(work)


def _key(signature: bytes) -> str:
    return f"slack:signature:{signature.decode()}"
