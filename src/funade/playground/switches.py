"""Every rule that Slack does not promise, or that a test wants otherwise, as a switch."""

from dataclasses import dataclass, field, fields
from typing import Any

from funade.playground.errors import Misused


def _switch(default: Any, promise: str) -> Any:
    return field(default=default, metadata={"promise": promise})


@dataclass(slots=True)
class Switches:
    """How this workspace behaves where the real one may be otherwise."""

    rate_limits: bool = _switch(True, "Calls and posts above Slack's published rates are refused with 429.")
    ack_seconds: float = _switch(3.0, "How long an app may take to acknowledge or answer.")
    trigger_seconds: float = _switch(3.0, "How long a `trigger_id` opens a view.")
    trigger_error: str = _switch(
        "expired_trigger_id", "What an old `trigger_id` gets: `expired_trigger_id` or `invalid_arguments`."
    )
    hash_error: str = _switch("hash_conflict", "What an old `hash` of a view gets.")
    response_url_uses: int = _switch(5, "How often a `response_url` may be used.")
    response_url_seconds: float = _switch(1800.0, "How long a `response_url` lives.")
    retry_seconds: tuple[float, ...] = _switch(
        (1.0, 60.0, 300.0), "When an event that nobody acknowledged is sent again, each after the one before."
    )
    delayed_events: bool = _switch(False, "After the retries, an event is sent hourly for a day.")
    retry_keeps_envelope_id: bool = _switch(False, "A retry over a socket has the first one's `envelope_id`.")
    replays_first_attempt: bool = _switch(
        False, "15 s after an event that nobody acknowledged it comes again as attempt 0, same `envelope_id`."
    )
    replays_commands: bool = _switch(False, "A command that nobody acknowledged is sent once more.")
    connections: int = _switch(10, "How many sockets an app may have open.")
    too_many_before_hello: bool = _switch(
        False, "The socket above the limit is refused before its `hello`, not after."
    )
    ticket_seconds: float = _switch(60.0, "How long the address of a socket can be used, once.")
    connection_seconds: float = _switch(18060.0, "How long a socket lives before it is refreshed.")
    debug_connection_seconds: float = _switch(360.0, "The same with `debug_reconnects=true`.")
    disconnect_warning: bool = _switch(True, "A `warning` comes 10 s before a refresh.")
    refresh_grace_seconds: float = _switch(
        10.0, "How long a socket still carries after `refresh_requested` before it is closed."
    )
    ack_bytes: int = _switch(20480, "An acknowledgement of this size or more is dropped in silence.")
    drops_fragmented_acks: bool = _switch(True, "An acknowledgement in several frames is dropped in silence.")
    buttons_accept_payload: bool = _switch(
        False, "Envelopes of buttons and shortcuts say `accepts_response_payload`."
    )
    lingering_close: bool = _switch(False, "A socket stays open below after its closing handshake.")
    empty_frames: bool = _switch(False, "Now and then a frame is empty.")
    binary_frames: bool = _switch(False, "Now and then a frame is binary.")
    upgrade_status: int = _switch(0, "Sockets are refused with this HTTP status, such as 409 or 503.")
    dropped_acks: int = _switch(0, "As many acknowledgements as this get lost; each lowers it.")
    twins: str = _switch(
        "message_first",
        "Which of a mention's two events goes first: `message_first`, `mention_first` or `random`.",
    )
    mentions_in_threads: bool = _switch(True, "A mention in a thread is also an `app_mention`.")
    autocorrect: str = _switch(
        "none", "What people's keyboards do to what they type: `none`, `desktop` or `phone`."
    )
    names_in_channel_links: bool = _switch(True, "`<#C…|name>` carries the name of a public channel.")
    direct_message_name: str = _switch("directmessage", "`channel_name` of a command in a direct message.")
    private_channel_name: str = _switch("privategroup", "`channel_name` of a command in a private channel.")
    utf16_limits: bool = _switch(False, "Limits of text count UTF-16 units, not characters.")
    silent_bursts: bool = _switch(
        False, "Posts above a channel's rate succeed and are not shown, instead of being refused."
    )
    loses_ephemerals: bool = _switch(False, "Messages for one person never arrive.")
    post_errors: int = _switch(
        0, "As many posts as this succeed and are answered with `fatal_error`; each lowers it."
    )
    post_silences: int = _switch(0, "As many posts as this succeed and are never answered; each lowers it.")
    link_domains: tuple[str, ...] = _switch(
        (
            "com",
            "org",
            "net",
            "io",
            "dev",
            "app",
            "ai",
            "sh",
            "rs",
            "py",
            "md",
            "co",
            "me",
            "jp",
            "uk",
            "de",
            "eu",
            "example",
        ),
        "The endings that make a word a link.",
    )

    def set(self, name: str, value: Any) -> None:
        """Turn one switch, or raise Misused."""
        known = {one.name for one in fields(self)}
        if name not in known:
            message = f"there is no switch `{name}`; there are {', '.join(sorted(known))}"
            raise Misused(message)
        now = getattr(self, name)
        if isinstance(now, tuple) and isinstance(value, list | tuple):
            value = tuple(value)
        elif isinstance(now, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(now):
            message = f"switch `{name}` wants a {type(now).__name__}, such as {now!r}"
            raise Misused(message)
        setattr(self, name, value)


def promises() -> dict[str, tuple[Any, str]]:
    """Return each switch with its default and what it does."""
    return {one.name: (one.default, one.metadata["promise"]) for one in fields(Switches)}
