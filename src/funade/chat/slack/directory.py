"""Who is who in the workspace: members, groups and channels as Slack has them now, never older than a minute.

What Slack does not answer counts as no: a member who cannot be asked for is nobody, a group that cannot is empty.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from funade.chat.slack.arrivals import Ourselves, Sender
from funade.chat.slack.channels import channels_named
from funade.chat.slack.client import CallsSlack, OutcomeUnknown, SlackRefused
from funade.chat.slack.payloads import text_of
from funade.domain.application import Configuration
from funade.domain.errors import StoreError, VendorUnavailable
from funade.domain.people import Actor, Door, People, Person
from funade.failpoints import effect
from funade.usecases.door_ports import Link
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock, Configurations

log = structlog.get_logger()

FRESH_SECONDS = 60.0
#: Groups are asked for twice in the time for which an answer counts.
GROUPS_EVERY_SECONDS = 25.0
MOST_PAGES = 50
_GROUP = re.compile("slack:(S[A-Z0-9]+)")
#: no such member; any other no of Slack's says nothing about them
_NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One account, as Slack has it; `email` only where Slack has proved it."""

    user: str
    team: str
    enterprise: str | None
    name: str
    email: str | None
    is_outsider: bool
    offset_seconds: int = 0
    time_zone: str = ""

    @property
    def zone(self) -> tzinfo:
        """Return their time zone; what Slack says of now, where it names none that we know."""
        try:
            return ZoneInfo(self.time_zone or "-")
        except (KeyError, ValueError, OSError):
            return timezone(timedelta(seconds=self.offset_seconds))


@dataclass(kw_only=True)
class Directory:
    """Answers for one workspace. `Configurations` look through it, so that every rule sees the same people."""

    api: CallsSlack
    ledger: Ledger
    clock: Clock
    configurations: Configurations
    us: Ourselves
    _members: dict[str, tuple[float, Member]] = field(default_factory=dict)
    _channels: dict[str, tuple[float, str]] = field(default_factory=dict)
    _present: dict[tuple[str, str], tuple[float, bool]] = field(default_factory=dict)
    _groups: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    _links: dict[str, tuple[str, str]] = field(default_factory=dict)
    _by_email: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    _directs: dict[str, str] = field(default_factory=dict)
    _stale: asyncio.Event = field(default_factory=asyncio.Event)

    # People

    async def member(self, user: str) -> Member | None:
        """Return a member as they are now, None when there is nobody; raises when Slack cannot be asked."""
        known = self._members.get(user)
        if known is not None and self.clock.steady() - known[0] < FRESH_SECONDS:
            return known[1]
        at = self.clock.steady()
        try:
            answer = await self.api("users.info", user=user)
        except SlackRefused as error:
            if error.error in _NOBODY:
                return None
            raise
        found = _member(answer.get("user"), self.us)
        if found is not None:
            self._members[user] = (at, found)
            if len(self._members) > 10_000:
                self._members.clear()
        return found

    async def actor(self, sender: Sender, channel: str | None) -> tuple[Actor, Person | None]:
        """Return who that is, proved by Slack at this moment, and the person of the configuration."""
        member = await self.member(sender.user)
        if member is None:
            return Actor(door=Door.SLACK, id=f"slack:?/{sender.user}", is_outsider=True), None
        people = self.configurations.current().people
        ids = [f"slack:{one}/{member.user}" for one in (member.team, member.enterprise) if one]
        person = next((found for id in ids if (found := people.find_by_id(id)) is not None), None)
        id = next((one for one in ids if person is not None and one in person.ids), ids[0])
        if not member.is_outsider:
            person = await self._link(id, member, person, people)
        place = await self.spelled(channel) if channel else None
        name = person.name if person else member.name
        actor = Actor(door=Door.SLACK, id=id, name=name, channel=place, is_outsider=member.is_outsider)
        return actor, person

    async def _link(self, id: str, member: Member, person: Person | None, people: People) -> Person | None:
        """Return the person, known by a proven address where the configuration does not name the account."""
        linked, email = self._links.get(id), member.email
        # An account that the configuration names needs no address.
        meant = None if email is None or person is not None else by_email(people, email)
        if linked is not None and (meant is None or linked != (meant.name, email)):
            with effect("store.cut_link"):
                await self.ledger.change(lambda change: change.cut_link(id))
            self._links.pop(id, None)
        if meant is None:
            return person
        if id not in self._links:
            link = Link(actor=id, person=meant.name, email=email or "", at=self.clock.now())
            with effect("store.link"):
                await self.ledger.change(lambda change: change.save_link(link))
            self._links[id] = (link.person, link.email)
        # What they asked for carries this id: they are known by it from the first word on.
        return replace(meant, ids=meant.ids | {id})

    def forget(self, user: str | None) -> None:
        """Ask anew: somebody, or some group, has changed."""
        if user is None:
            self._stale.set()
            return
        self._members.pop(user, None)

    # What rules see

    def acquainted(self, configuration: Configuration) -> Configuration:
        """Return the configuration with proven accounts and with the members of Slack's groups, as far as known."""
        now = self.clock.steady()
        groups = {
            f"slack:{group}": _names(configuration.people, self._ids_of(members))
            for group, (at, members) in self._groups.items()
            if now - at < FRESH_SECONDS
        }
        links = {
            id: name
            for id, (name, email) in self._links.items()
            if (person := configuration.people.people.get(name)) is not None
            and (person.email or "").casefold() == email.casefold()
        }
        people = configuration.people.acquainted(links, {})
        named = {
            f"slack:{group}": _names(people, self._ids_of(members))
            for group, (at, members) in self._groups.items()
            if f"slack:{group}" in groups
        }
        return replace(configuration, people=people.acquainted({}, named))

    async def find_account(self, person: Person) -> str | None:
        """Return the account of a person: named in the configuration, or that of their proven address.

        Raises when Slack cannot be asked.
        """
        known = self.account_of(person.ids)
        if known is not None or person.email is None or any(one.startswith("slack:") for one in person.ids):
            return known
        at, found = self._by_email.get(person.email, (-FRESH_SECONDS, None))
        if self.clock.steady() - at < FRESH_SECONDS:
            return found
        at = self.clock.steady()
        try:
            answer = await self.api("users.lookupByEmail", email=person.email)
            found = self._proven(answer.get("user"), person)
        except SlackRefused as error:
            if error.error not in _NOBODY:
                raise
            found = None
        self._by_email[person.email] = (at, found)
        return found

    def _proven(self, raw: Any, person: Person) -> str | None:
        """Return the account that Slack has proved to be of that address, if nobody else is meant by it."""
        member = _member(raw, self.us)
        if member is None or member.email is None:
            return None
        meant = by_email(self.configurations.current().people, member.email)
        return member.user if meant is not None and meant.name == person.name else None

    def account_of(self, ids: Iterable[str]) -> str | None:
        """Return the one account that a person with these ids has here; None for none, and for more than one."""
        teams = {one for one in (self.us.team, self.us.enterprise) if one}
        parts = [one.removeprefix("slack:").partition("/") for one in ids if one.startswith("slack:")]
        found = {user for team, _, user in parts if team in teams and user}
        return found.pop() if len(found) == 1 else None

    def _ids_of(self, members: Iterable[str]) -> frozenset[str]:
        teams = [one for one in (self.us.team, self.us.enterprise) if one]
        return frozenset(f"slack:{team}/{user}" for user in members for team in teams)

    async def keep_fresh(self) -> None:
        """Ask for groups and links again and again; whatever fails is empty once its minute is over."""
        while True:
            self._stale.clear()
            try:
                await self.refresh()
            except (SlackRefused, VendorUnavailable, OutcomeUnknown, StoreError) as error:
                log.warning("Slack's groups cannot be asked for; they count as empty", problem=str(error))
            waiting = asyncio.create_task(self._stale.wait())
            sleeping = asyncio.create_task(self.clock.sleep(GROUPS_EVERY_SECONDS))
            try:
                await asyncio.wait([waiting, sleeping], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                sleeping.cancel()

    async def refresh(self) -> None:
        """Ask for every group that the configuration names, and read who is linked."""
        links = await self.ledger.read(lambda look: look.links())
        self._links = {one.actor: (one.person, one.email) for one in links}
        configuration = self.configurations.current()
        wanted = groups_named(configuration)
        if not wanted:
            self._groups = {}
            return
        at = self.clock.steady()
        living = await self._living_groups()
        fresh: dict[str, tuple[float, tuple[str, ...]]] = {}
        for group in wanted:
            members: tuple[str, ...] = ()
            if group in living:
                answer = await self.api("usergroups.users.list", usergroup=group)
                members = tuple(str(one) for one in answer.get("users") or ())
            fresh[group] = (at, members)
        self._groups = fresh

    async def _living_groups(self) -> set[str]:
        """Return the groups that are not disabled."""
        answer = await self.api("usergroups.list", include_disabled=False)
        groups = answer.get("usergroups")
        return {
            text_of(one, "id")
            for one in (groups if isinstance(groups, list) else ())
            if isinstance(one, dict) and not one.get("date_delete")
        }

    # Channels

    async def spelled(self, channel: str) -> str:
        """Return a channel as the configuration names it: by its name, where that is how it is written there."""
        wanted = channels_named(self.configurations.current())
        if channel in wanted or not any(one.startswith("#") for one in wanted):
            return channel
        name = await self._name_of(channel)
        return f"#{name}" if name and f"#{name}" in wanted else channel

    async def _name_of(self, channel: str) -> str:
        if channel.startswith("D"):
            return ""
        known = self._channels.get(channel)
        if known is not None and self.clock.steady() - known[0] < FRESH_SECONDS:
            return known[1]
        at = self.clock.steady()
        try:
            answer = await self.api("conversations.info", channel=channel)
        except SlackRefused:
            return ""
        found = answer.get("channel")
        # Somebody else's channel that is shared with us may have any name.
        foreign = isinstance(found, dict) and found.get("is_ext_shared") and not found.get("is_member")
        name = "" if foreign or not isinstance(found, dict) else text_of(found, "name")
        self._channels[channel] = (at, name)
        return name

    async def find_channel(self, named: str) -> str | None:
        """Return the id of a channel of the configuration; None when there is none that we can see."""
        if not named.startswith("#"):
            return named
        known = self._channels.get(named)
        if known is not None and self.clock.steady() - known[0] < FRESH_SECONDS * 10:
            return known[1] or None
        at, cursor = self.clock.steady(), ""
        for _ in range(MOST_PAGES):
            answer = await self.api(
                "conversations.list",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor or None,
            )
            channels = answer.get("channels")
            for one in channels if isinstance(channels, list) else ():
                if isinstance(one, dict) and text_of(one, "name"):
                    self._channels[f"#{text_of(one, 'name')}"] = (at, text_of(one, "id"))
            cursor = text_of(answer, "response_metadata", "next_cursor")
            if named in self._channels and self._channels[named][0] == at:
                return self._channels[named][1] or None
            if not cursor:
                break
        return None

    async def open_direct(self, user: str) -> str | None:
        """Return the channel in which one writes to somebody alone."""
        if user not in self._directs:
            answer = await self.api("conversations.open", users=user)
            self._directs[user] = text_of(answer, "channel", "id")
        return self._directs[user] or None

    def forget_channel(self, named: str) -> None:
        """Look for a channel anew."""
        self._channels.pop(named, None)

    async def is_in(self, channel: str, user: str) -> bool:
        """Tell whether somebody is a member of a channel in which we are; raises when Slack cannot be asked."""
        known = self._present.get((channel, user))
        if known is not None and self.clock.steady() - known[0] < FRESH_SECONDS:
            return known[1]
        at, cursor, found = self.clock.steady(), "", False
        for _ in range(MOST_PAGES):
            try:
                answer = await self.api(
                    "conversations.members", channel=channel, limit=1000, cursor=cursor or None
                )
            except SlackRefused:
                # It is gone, or we were removed from it: nobody reads there what we say.
                break
            members = answer.get("members")
            if isinstance(members, list) and user in members:
                found = True
                break
            cursor = text_of(answer, "response_metadata", "next_cursor")
            if not cursor:
                break
        self._present[(channel, user)] = (at, found)
        if len(self._present) > 10_000:
            self._present.clear()
        return found


@dataclass(frozen=True, slots=True)
class AcquaintedConfigurations:
    """The `Configurations` port: the file's configuration, with the people as a directory knows them."""

    configurations: Configurations
    directory: Callable[[], Directory | None]

    def current(self) -> Configuration:
        """Return it."""
        configuration = self.configurations.current()
        directory = self.directory()
        return configuration if directory is None else directory.acquainted(configuration)


def groups_named(configuration: Configuration) -> tuple[str, ...]:
    """Return the ids of Slack's groups that the configuration names, in groups and in rights."""
    members = [one for group in configuration.people.groups.values() for one in group]
    for application in configuration.applications.values():
        for environment in application.environments.values():
            members += [one for right in environment.rights.values() for one in right]
    return tuple(dict.fromkeys(found[1] for one in members if (found := _GROUP.fullmatch(one))))


def by_email(people: People, email: str) -> Person | None:
    """Return the one person with that address who has no account at Slack in the configuration."""
    found = [one for one in people.people.values() if (one.email or "").casefold() == email.casefold()]
    if len(found) != 1:
        return None
    has_account = any(id.startswith("slack:") for id in found[0].ids)
    return None if has_account else found[0]


def _names(people: People, ids: frozenset[str]) -> tuple[str, ...]:
    return tuple(one.name for one in people.people.values() if one.ids & ids)


def _member(raw: Any, us: Ourselves) -> Member | None:
    """Return a member; whoever is not plainly one of our own is an outsider."""
    if not isinstance(raw, dict) or not text_of(raw, "id"):
        return None
    team = text_of(raw, "team_id")
    enterprise = text_of(raw, "enterprise_user", "enterprise_id") or None
    is_home = team == us.team or (us.enterprise is not None and us.enterprise in (team, enterprise))
    flags = ("deleted", "is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "is_app_user")
    is_outsider = not is_home or any(raw.get(flag) for flag in flags) or text_of(raw, "id") == "USLACKBOT"
    confirmed = raw.get("is_email_confirmed") is True
    offset = raw.get("tz_offset")
    return Member(
        user=text_of(raw, "id"),
        team=team,
        enterprise=enterprise,
        name=text_of(raw, "profile", "display_name") or text_of(raw, "real_name") or text_of(raw, "name"),
        email=(text_of(raw, "profile", "email") or None) if confirmed and not is_outsider else None,
        is_outsider=is_outsider,
        offset_seconds=offset if isinstance(offset, int) and abs(offset) < 86_400 else 0,
        time_zone=text_of(raw, "tz"),
    )
