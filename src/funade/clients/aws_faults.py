"""What AWS and the way to it say when they do not do what was asked: one word for each code and class.

Decided by codes and classes, never by sentences. AWS's own sentences are not repeated: that about a wrong signature
holds the session token.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from funade.clients.aws import LibraryMissing


class Fault(Enum):
    """What is wrong, as far as it makes a difference to us."""

    BUSY = "busy"  #: AWS asks us to slow down
    CROWDED = "crowded"  #: too many messages are in hand
    DOWN = "down"  #: AWS cannot serve it now
    AWAY = "away"  #: the network, a proxy, TLS
    STRANGE = "strange"  #: something answers, and it is not SQS: a proxy, a portal
    NO_QUEUE = "no_queue"
    FORBIDDEN = "forbidden"
    NO_KEYS = "no_keys"  #: nothing to sign with
    KEYS_AWAY = "keys_away"  #: what gives us keys does not answer
    WRONG_KEYS = "wrong_keys"
    OLD_KEYS = "old_keys"  #: they, or our clock
    CIPHER_FORBIDDEN = "cipher_forbidden"
    CIPHER_BROKEN = "cipher_broken"
    NO_LIBRARY = "no_library"
    TOO_LONG = "too_long"  #: more than this queue takes
    REFUSED = "refused"  #: anything else that AWS says no to
    OURS = "ours"  #: our own mistake: it is not turned into words but crashes


#: Codes of errors, without what stands before their last dot.
CODES: Mapping[str, Fault] = {
    **dict.fromkeys(
        ("RequestThrottled", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
         "RequestLimitExceeded", "KmsThrottled", "SlowDown", "PurgeQueueInProgress", "QueueDeletedRecently"),
        Fault.BUSY,
    ),
    "OverLimit": Fault.CROWDED,
    **dict.fromkeys(
        ("InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
         "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"),
        Fault.DOWN,
    ),
    **dict.fromkeys(
        ("QueueDoesNotExist", "NonExistentQueue", "ResourceNotFoundException", "InvalidAddress"), Fault.NO_QUEUE
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation", "InvalidSecurity",
         "OptInRequired"),
        Fault.FORBIDDEN,
    ),
    **dict.fromkeys(
        ("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "SignatureDoesNotMatch",
         "InvalidSignatureException", "IncompleteSignature", "AuthFailure", "MissingAuthenticationToken",
         "MissingAuthenticationTokenException"),
        Fault.WRONG_KEYS,
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"), Fault.OLD_KEYS
    ),
    "KmsAccessDenied": Fault.CIPHER_FORBIDDEN,
    **dict.fromkeys(
        ("KmsDisabled", "KmsInvalidKeyUsage", "KmsInvalidState", "KmsNotFound", "KmsOptInRequired"),
        Fault.CIPHER_BROKEN,
    ),
    "BatchRequestTooLong": Fault.TOO_LONG,
    **dict.fromkeys(
        ("InvalidMessageContents", "InvalidAttributeName", "InvalidAttributeValue", "InvalidParameterValue",
         "MissingParameter", "UnsupportedOperation", "QueueNameExists", "MessageNotInflight",
         "ReceiptHandleIsInvalid", "InvalidIdFormat"),
        Fault.REFUSED,
    ),
    **dict.fromkeys(
        ("BatchEntryIdsNotDistinct", "EmptyBatchRequest", "InvalidBatchEntryId", "TooManyEntriesInBatchRequest"),
        Fault.OURS,
    ),
}  # fmt: skip

#: Classes of the library by their names; a subclass is what its nearest known parent is.
CLASSES: Mapping[str, Fault] = {
    "ClientError": Fault.AWAY,  # aiohttp's; the other one of this name has an answer
    "HTTPClientError": Fault.AWAY,
    "ConnectionError": Fault.AWAY,
    "IncompleteReadError": Fault.AWAY,
    "NoCredentialsError": Fault.NO_KEYS,
    "PartialCredentialsError": Fault.NO_KEYS,
    "CredentialRetrievalError": Fault.KEYS_AWAY,
    "MetadataRetrievalError": Fault.KEYS_AWAY,
    "TokenRetrievalError": Fault.KEYS_AWAY,
    **dict.fromkeys(
        ("ProfileNotFound", "ConfigNotFound", "ConfigParseError", "InvalidConfigError", "InfiniteLoopConfigError",
         "UnknownCredentialError", "UnknownTokenProviderError", "NoAuthTokenError", "RefreshWithMFAUnsupportedError",
         "InvalidIMDSEndpointError", "InvalidIMDSEndpointModeError", "MissingDependencyException"),
        Fault.NO_KEYS,
    ),
    **dict.fromkeys(("SSOError", "LoginError"), Fault.NO_KEYS),
    **dict.fromkeys(("ParamValidationError", "UnknownClientMethodError", "MissingParametersError"), Fault.OURS),
    "BotoCoreError": Fault.REFUSED,
}  # fmt: skip

_SERVER_FAULT = 500
_SLOW_DOWN = 429


def fault_of(error: Exception) -> tuple[Fault, str]:
    """Return what is wrong, and its code or class, for whoever looks it up."""
    if isinstance(error, LibraryMissing):
        return Fault.NO_LIBRARY, ""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    if "Error" in response:
        return _of_answer(response)
    for kind in type(error).__mro__:
        if kind.__name__ in CLASSES:
            return CLASSES[kind.__name__], type(error).__name__
    return (Fault.AWAY if isinstance(error, OSError) else Fault.OURS), type(error).__name__


def fault_of_code(code: str) -> Fault | None:
    """Return what a code means, or None; only what stands behind its last dot counts."""
    return CODES.get(code.rpartition(".")[2])


def _of_answer(response: Mapping[str, Any]) -> tuple[Fault, str]:
    said = response["Error"]
    code = str(said.get("Code") or "?")
    found = fault_of_code(code) or fault_of_code(str(said.get("QueryErrorCode") or ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if found is None and status >= _SERVER_FAULT:
        found = Fault.DOWN
    if found is None and status == _SLOW_DOWN:
        found = Fault.BUSY
    return found or Fault.REFUSED, code[:80]
