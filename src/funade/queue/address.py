"""Where a queue is: its URL, and what that tells of its name, its region and its order."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from funade.domain import near_queues
from funade.domain.errors import PermanentQueueError
from funade.domain.near_queues import ClusterAddress, StoreAddress

_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
#: AWS's own: `sqs.eu-west-1.amazonaws.com`, `vpce-….sqs.….vpce.amazonaws.com`, `eu-west-1.queue.amazonaws.com`
_OF_AWS = (
    re.compile(rf"(?:.+\.)?sqs(?:-fips)?\.{_REGION}\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)"),
    re.compile(rf"{_REGION}\.queue\.amazonaws\.com"),
)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAddress:
    """One queue's place, without doubt."""

    url: str
    region: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def endpoint(self) -> str:
        """Return what answers for the queue: its scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(".fifo")


def parse_address(url: str, region: str | None = None, *, may_be_open: bool = False) -> QueueAddress:
    """Return the queue's address, or raise PermanentQueueError; `region` where the URL does not tell it.

    What travels is signed, not hidden: without TLS only to this machine, unless it `may_be_open`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(url) from None
    name = parts.path.rpartition("/")[2]
    if parts.username is not None or parts.query or parts.fragment or not url.isascii():
        # Not repeated: somebody may have written a key into it.
        message = "the address of a queue holds more than host and path — write it as AWS shows it"
        raise PermanentQueueError(message)
    if parts.scheme not in ("http", "https") or not host or not _NAME.fullmatch(name):
        raise _refused(url)
    if parts.scheme == "http" and not may_be_open and not _is_here(host):
        message = f"`{url}` is not encrypted on its way — write `https://`"
        raise PermanentQueueError(message)
    found = region or _region_of(host)
    if found is None:
        message = f"`{url}` does not tell its region — name the region beside it"
        raise PermanentQueueError(message)
    return QueueAddress(url=url, region=found)


def parse_near(url: str) -> StoreAddress | ClusterAddress | None:
    """Return the address of a queue in the store or in a cluster, None for any other, or raise PermanentQueueError."""
    try:
        return near_queues.parse_near(url)
    except ValueError as error:
        message = f"`{url[:300]}` is no address of a queue — {error}"
        raise PermanentQueueError(message) from error


def _refused(url: str) -> PermanentQueueError:
    message = (
        f"`{url[:300]}` is no address of a queue — write it as AWS shows it: https, host, account and name"
    )
    return PermanentQueueError(message)


def _region_of(host: str) -> str | None:
    for form in _OF_AWS:
        if match := form.fullmatch(host):
            return match["region"]
    return None


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
