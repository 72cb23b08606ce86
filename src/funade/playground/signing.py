"""Slack's signature of a request to an app, version 0, and every way to get it wrong on purpose."""

import hashlib
import hmac

FAULTS = (
    *("wrong_secret", "old_timestamp", "future_timestamp", "text_timestamp", "no_signature"),
    *("no_timestamp", "changed_body", "duplicate"),
)
TOO_LONG_SECONDS = 301


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return `v0=…` over the raw body."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed_headers(secret: str, now: float, body: bytes, fault: str = "") -> dict[str, str]:
    """Return the two headers, or what the fault leaves of them."""
    seconds = int(now)
    match fault:
        case "old_timestamp":
            seconds -= TOO_LONG_SECONDS
        case "future_timestamp":
            seconds += TOO_LONG_SECONDS
        case "wrong_secret":
            secret = secret[::-1] + "x"
        case _:
            pass
    timestamp = "abc" if fault == "text_timestamp" else str(seconds)
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(secret, timestamp, body),
    }
    if fault == "no_signature":
        del headers["X-Slack-Signature"]
    if fault == "no_timestamp":
        del headers["X-Slack-Request-Timestamp"]
    return headers
