"""What Slack tells us, narrowed to what it means for us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """Who we are in the workspace, so that we never listen to ourselves."""

    team: str
    enterprise: str | None
    user: str
    bot: str


class Way(StrEnum):
    """How words came."""

    MENTION = "mention"
    DIRECT = "direct"
    SLASH = "slash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent it, as Slack says; proven by asking Slack before anything is done."""

    user: str
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words to us. `message` is the message's own id, `thread` that of its thread."""

    sender: Sender
    channel: str
    text: str
    way: Way
    message: str | None = None
    thread: str | None = None
    response_url: str | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message to us, or one that was, says something else now."""

    sender: Sender
    channel: str
    message: str
    thread: str | None
    text: str
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message to us is gone."""

    sender: Sender
    channel: str
    message: str
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """A message of ours is gone."""

    channel: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Somebody pressed a button of ours, in a message, a form or our home."""

    sender: Sender
    action: str
    value: str
    channel: str | None = None
    message: str | None = None
    thread: str | None = None
    response_url: str | None = None
    trigger: str | None = None
    view: str | None = None
    view_hash: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Somebody sent off a form; `values` by block."""

    sender: Sender
    form: str
    view: str
    view_hash: str | None
    note: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summoned:
    """Somebody called a shortcut, in a message or anywhere."""

    sender: Sender
    shortcut: str
    trigger: str
    channel: str | None = None
    message: str | None = None
    response_url: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Somebody types into a field that suggests."""

    sender: Sender
    action: str
    typed: str
    note: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened:
    """Somebody looks at our home."""

    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChanged:
    """Somebody, or a group, is not what they were."""

    user: str | None = None


Arrival = (
    Said
    | Edited
    | Deleted
    | Vanished
    | Pressed
    | Submitted
    | Summoned
    | Typing
    | HomeOpened
    | DirectoryChanged
)
ARRIVALS: tuple[type, ...] = Arrival.__args__


def message_key(channel: str, message: str) -> str:
    """Return the key of one message: its `app_mention`, its `message` and each repetition of them share it."""
    return f"slack:message:{channel}/{message}"
