"""What a workspace is made of."""

from dataclasses import dataclass, field

from funade.playground.errors import Json


@dataclass(slots=True)
class Team:
    """One workspace; strangers of a shared channel have another."""

    id: str
    name: str
    domain: str


@dataclass(slots=True)
class Person:
    """A member as `users.info` knows it: somebody with a keyboard, or the user of an app."""

    id: str
    name: str
    real_name: str
    team_id: str
    email: str = ""
    title: str = ""
    language: str = "en"  #: of the page for whoever acts as this person
    time_zone: str = "Etc/UTC"
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    active: bool = True
    bot_id: str = ""
    app_id: str = ""
    updated: int = 0

    @property
    def is_bot(self) -> bool:
        return bool(self.bot_id)

    @property
    def is_guest(self) -> bool:
        return self.is_restricted or self.is_ultra_restricted


@dataclass(slots=True)
class UserGroup:
    """A group that can be mentioned."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list)
    disabled_at: int = 0
    updated: int = 0


@dataclass(slots=True)
class Message:
    """One message of a channel, or one that only `only_for` can see."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    username: str = ""
    icons: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    edited: Json = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    client_msg_id: str = ""
    only_for: str = ""
    shown: bool = True  #: in the client; a post above the rate may be stored and not shown
    team: str = ""
    extra: Json = field(default_factory=dict)  #: what some subtypes have besides

    @property
    def is_reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass(slots=True)
class Channel:
    """A conversation: public, private, direct or among several."""

    id: str
    name: str
    creator: str = ""
    created: int = 0
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_general: bool = False
    invites_apps: bool = True  #: an app that is installed finds itself in it
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)  #: person → the last ts that was seen

    @property
    def is_public(self) -> bool:
        return not (self.is_private or self.is_im or self.is_mpim)

    @property
    def kind(self) -> str:
        """Return Slack's word in `types`."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "private_channel" if self.is_private else "public_channel"

    @property
    def event_kind(self) -> str:
        """Return Slack's word in `channel_type` and in `message.…`."""
        return {"public_channel": "channel", "private_channel": "group"}.get(self.kind, self.kind)

    def replies(self, ts: str) -> list[Message]:
        """Return a thread's replies, oldest first."""
        return [one for one in self.messages.values() if one.thread_ts == ts and one.ts != ts]


@dataclass(slots=True)
class Command:
    """A slash command of an app."""

    name: str  #: with its slash
    description: str = ""
    usage_hint: str = ""
    url: str = ""
    escapes: bool = False


@dataclass(slots=True)
class Shortcut:
    """A global or message shortcut of an app."""

    name: str
    kind: str  #: `global` or `message`
    callback_id: str
    description: str = ""


@dataclass(slots=True)
class App:
    """An installed app: what its manifest says, and its secrets."""

    id: str
    name: str
    bot_id: str
    bot_user: str
    bot_token: str
    app_token: str
    signing_secret: str
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    commands: list[Command] = field(default_factory=list)
    shortcuts: list[Shortcut] = field(default_factory=list)
    description: str = ""
    socket_mode: bool = True
    request_url: str = ""  #: of events
    interactivity_url: str = ""
    options_url: str = ""
    home_tab: bool = False
    messages_tab: bool = True
    is_enabled: bool = True
    token_error: str = ""  #: such as `token_revoked`, for every call from now on
    links: Json = field(default_factory=dict)

    @property
    def has_interactivity(self) -> bool:
        return self.socket_mode or bool(self.interactivity_url)


@dataclass(slots=True)
class View:
    """A modal or an App Home as it is open for one person."""

    id: str
    app_id: str
    bot_id: str
    person: str
    team_id: str
    payload: Json
    hash: str
    root_view_id: str
    previous_view_id: str = ""
    state: Json = field(default_factory=dict)
    response_urls: list[Json] = field(default_factory=list)

    @property
    def is_home(self) -> bool:
        return self.payload.get("type") == "home"


@dataclass(slots=True)
class IncomingWebhook:
    """An address that posts into one channel."""

    path: str
    app_id: str
    channel: str


def merged(*parts: Json) -> Json:
    """Return all parts in one, without what is empty text or None."""
    return {
        name: value for part in parts for name, value in part.items() if value is not None and value != ""
    }
