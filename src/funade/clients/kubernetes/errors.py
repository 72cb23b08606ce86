"""What can go wrong between us and an API server.

    ClusterError
      LibraryMissing      the library for Kubernetes is not installed here
      Misconfigured       the kubeconfig, the token or the certificate cannot be used
      Unreachable         no answer, or one that says that it cannot now; what was written may have been done
      TooManyRequests     not done; worth another try after `retry_after`
      Unauthorized        it does not know us
      Forbidden           it knows us, and we may not
      NotFound            no such object, namespace or kind
      AlreadyExists       an object of that name is there
      Conflict            it was changed meanwhile, or a field belongs to another manager, or a condition did not hold
      Gone                the version is too old: list again
      Invalid             it does not take such an object

Decided by the `reason` and the status that the server gives, never by its sentences. They name no token: what is sent
is never repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

#: A server's sentence may quote a whole object.
LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that was wrong or somebody else's, and what the server says of it."""

    field: str
    reason: str
    message: str


class ClusterError(Exception):
    """The API server did not do what was asked; `status` is 0 when it did not answer."""

    #: whether it may have been done all the same
    maybe_done = False

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        causes: tuple[Cause, ...] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        self.status, self.reason, self.message = status, reason, message[:LONGEST_MESSAGE]
        self.causes, self.retry_after = causes, retry_after
        super().__init__(self.message)


class LibraryMissing(ClusterError):
    """The library for Kubernetes is not installed here."""


class Misconfigured(ClusterError):
    """What says where the API server is and who we are cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "Misconfigured", message)


class Unreachable(ClusterError):
    """The API server cannot be asked now; a write may have been done, but for NeverSent."""

    maybe_done = True


class NeverSent(Unreachable):
    """There was no connection: nothing was asked, so nothing was done."""

    maybe_done = False


class TooManyRequests(ClusterError):
    """The API server asks us to slow down; nothing was done."""


class Unauthorized(ClusterError):
    """The API server does not know us."""


class Forbidden(ClusterError):
    """We may not do that."""


class NotFound(ClusterError):
    """There is no such object, namespace or kind."""


class AlreadyExists(ClusterError):
    """There is an object of that name."""


class Conflict(ClusterError):
    """Somebody changed it meanwhile, or owns a field: then `causes` are the fields, and their words name the owner."""

    @property
    def owners(self) -> list[str]:
        """Return what the server says of each field's owner, each once; for people, not for deciding."""
        return list(dict.fromkeys(cause.message for cause in self.causes))


class Gone(ClusterError):
    """That version is too old to go on from: list again."""


class Invalid(ClusterError):
    """The API server takes no such object."""


#: By the server's `reason`, which is finer than the status; https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#StatusReason
REASONS: Mapping[str, type[ClusterError]] = {
    "AlreadyExists": AlreadyExists,
    "BadRequest": Invalid,
    "Conflict": Conflict,
    "Expired": Gone,
    "Forbidden": Forbidden,
    "Gone": Gone,
    "InternalError": Unreachable,
    "Invalid": Invalid,
    "MethodNotAllowed": Invalid,
    "NotAcceptable": Invalid,
    "NotFound": NotFound,
    "RequestEntityTooLarge": Invalid,
    "ServerTimeout": Unreachable,
    "ServiceUnavailable": Unreachable,
    "StoreReadError": Unreachable,
    "Timeout": Unreachable,
    "TooManyRequests": TooManyRequests,
    "Unauthorized": Unauthorized,
    "UnsupportedMediaType": Invalid,
}
STATUSES: Mapping[int, type[ClusterError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Invalid,
    406: Invalid,
    409: Conflict,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
}


def error_of(status: int, body: object, what: str, *, retry_after: timedelta | None = None) -> ClusterError:
    """Return the error of an answer; `body` is the server's Status, unless somebody else answers."""
    said: Mapping[str, Any] = body if isinstance(body, dict) and body.get("kind") == "Status" else {}
    reason = str(said.get("reason") or "")
    kind = REASONS.get(reason) or STATUSES.get(status) or (Unreachable if status >= 500 else ClusterError)
    details = said.get("details")
    details = details if isinstance(details, dict) else {}
    seconds = details.get("retryAfterSeconds")
    if retry_after is None and isinstance(seconds, int) and seconds > 0:
        retry_after = timedelta(seconds=seconds)
    message = str(said.get("message") or "no words")
    return kind(
        status,
        reason or str(status),
        f"{what}: {message}",
        causes=tuple(_causes(details.get("causes"))),
        retry_after=retry_after,
    )


def _causes(said: object) -> list[Cause]:
    return [
        Cause(str(one.get("field", "")), str(one.get("reason", "")), str(one.get("message", "")))
        for one in (said if isinstance(said, list) else [])
        if isinstance(one, dict)
    ]
