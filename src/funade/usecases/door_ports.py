"""What a door of chat needs of the ledger: what came in, what was posted, what a button means, who is who.

Part of `Reading` and `Transaction` in `ports`, in a file of its own because only such doors use it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from funade.domain.telling import Preference
from funade.domain.wire import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Something that came in through a door, stored before it was acknowledged.

    `keys` are all the names under which the same thing may come again. `owner` is the process that deals with it;
    `body` is whatever that process needs, and is forgotten when it is done.
    """

    id: str
    door: str
    keys: tuple[str, ...]
    at: datetime
    owner: str
    body: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message of ours in a chat, written down before it is sent; `key` is its own for good.

    Without `message` nobody knows whether it is there: when `tried_at` is set it is looked for before it is sent.
    `shown` is the digest of what it is known to say. `wanted` counts the wishes to send it since the last one was
    fulfilled: 0 when it says what it should. `round` rises when it was deleted and is posted anew.
    """

    key: str
    deployment: str | None = None
    event: int | None = None
    channel: str | None = None
    message: str | None = None
    shown: str | None = None
    tried_at: datetime | None = None
    round: int = 0
    wanted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a button means: whoever knows its id may ask for `command`, if the policy lets them, until `until`.

    `subject` is its own for good, so that the same button is made once. `digest` is the plan that it is about,
    or, of a lock, the id of the actor whose it is. A `single` one is used up by the first who presses it, the others
    once by everybody. `only_for` an actor's id.
    """

    id: str
    subject: str
    command: Mapping[str, Plain]
    until: datetime
    deployment: str | None = None
    digest: str | None = None
    single: bool = True
    only_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Who used a capability, for what came in as `received`."""

    capability: str
    by: str
    received: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Somebody's account at a door is a person of the configuration: proven by the address `email`."""

    actor: str
    person: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Somebody's account, and when they opened our home last."""

    user: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that one person is owed to hear about a deployment, written down with the fact it tells.

    It has no `due_at` until it is known how they want to hear it; from then on `post` is what will tell it. `settled`:
    that post was wished for, or nobody wants to hear it.
    """

    key: str
    person: str
    deployment: str
    event: int
    about: str
    at: datetime
    due_at: datetime | None = None
    post: str | None = None
    settled: bool = False


class DoorReading(Protocol):
    """The part of a look at the ledger that doors of chat use."""

    def received(self, door: str) -> Sequence[Received]:
        """Return what came in through `door` and is not dealt with, oldest first."""

    def is_known(self, key: str) -> bool:
        """Tell whether anything came in under that key, dealt with or not."""

    def post(self, key: str) -> Post | None:
        """Return the post of that key."""

    def post_of_message(self, channel: str, message: str) -> Post | None:
        """Return the post that is that message."""

    def posts(self, deployment: str) -> Sequence[Post]:
        """Return all posts about a deployment."""

    def wanted_posts(self, limit: int) -> Sequence[Post]:
        """Return posts that do not say what they should, in the order in which that began."""

    def capability(self, id: str) -> Capability | None:
        """Return the capability of that id."""

    def capabilities(self, deployment: str) -> Sequence[Capability]:
        """Return all that were ever granted about a deployment."""

    def uses(self, capability: str) -> Sequence[Use]:
        """Return who has used it, first use first."""

    def links(self) -> Sequence[Link]:
        """Return every proven account."""

    def preferences(self) -> Sequence[Preference]:
        """Return what people want for themselves."""

    def owed_notices(self, due: datetime, limit: int) -> Sequence[Notice]:
        """Return those that are due by then, and those of which nobody knows yet when they will be, oldest first."""

    def notices(self, post: str) -> Sequence[Notice]:
        """Return what a post tells, oldest first."""

    def onlookers(self, since: datetime) -> Sequence[Onlooker]:
        """Return who has opened our home since then, latest first."""


class DoorTransaction(DoorReading, Protocol):
    """The part of a change of the ledger that doors of chat use."""

    def receive(self, item: Received) -> bool:
        """Keep it; False when anything came in under one of its keys before: all of them are known from then on."""

    def claim_received(self, item: Received, owner: str) -> bool:
        """Let `owner` deal with it, or return False when another process has taken it, or it is done."""

    def settle_received(self, id: str) -> None:
        """Forget its body: it was dealt with. Its keys stay."""

    def forget_received(self, before: datetime) -> None:
        """Forget the keys of what came in before that and was dealt with."""

    def begin_post(self, post: Post) -> Post:
        """Keep a post that nobody but its sender looks after; the one that is there already stands and is returned."""

    def want_post(self, post: Post) -> None:
        """Wish that a post be sent, or sent again with what is so by then; what is known of it already stands."""

    def save_post(self, post: Post, fulfilled: int) -> None:
        """Store what is known of a post, and take off as many wishes as were fulfilled."""

    def grant(self, capability: Capability) -> Capability:
        """Keep a capability; the one that was granted first for its subject stands and is returned."""

    def use(self, capability: str, use: Use) -> Use:
        """Note a use and return it; or return the earlier one that forbids it."""

    def give_back(self, capability: str, received: str) -> None:
        """Forget the use that was noted for `received`: nothing came of it."""

    def save_link(self, link: Link) -> None:
        """Keep who somebody is; a later word replaces an earlier one."""

    def cut_link(self, actor: str) -> None:
        """Forget who somebody is."""

    def save_preference(self, preference: Preference) -> None:
        """Keep what somebody wants; a later word replaces an earlier one."""

    def owe_notice(self, notice: Notice) -> None:
        """Keep what somebody is owed to hear; the same one twice is one."""

    def save_notice(self, notice: Notice) -> None:
        """Store when it is due, what tells it, and whether it is settled."""

    def forget_notices(self, before: datetime) -> None:
        """Forget what happened before that and was settled."""

    def save_onlooker(self, onlooker: Onlooker) -> None:
        """Keep that somebody has opened our home; a later time replaces an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaintance:
    """What the directory of a chat knows at this moment: accounts by address, and members of its own groups."""

    links: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
