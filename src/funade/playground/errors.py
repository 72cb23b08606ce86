"""How the workspace says no, in Slack's own words."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, *messages: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.body: Json = {"ok": False, "error": error, **more}
        if messages:
            self.body["response_metadata"] = {"messages": list(messages)}


class RateLimited(SlackError):
    """Too many calls; come back after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Misused(Exception):
    """Somebody asked the workspace itself, over `/_control` or in Python, for what cannot be."""


def missing(field: str) -> SlackError:
    """Return the error of a call without that argument."""
    return SlackError("invalid_arguments", f"[ERROR] missing required field: {field}")
