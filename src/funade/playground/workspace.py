"""The workspace: everything in it, and how things are found."""

import random
import re
import uuid
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from funade.playground.clock import Clock
from funade.playground.errors import Json, Misused
from funade.playground.journal import Journal
from funade.playground.manifest import OTHER_TEAM, Contents, app_of, bot_of
from funade.playground.nouns import (
    App,
    Channel,
    IncomingWebhook,
    Message,
    Person,
    UserGroup,
    View,
)
from funade.playground.typed import Names

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Workspace:
    """One team's people, channels, messages and apps, in memory."""

    def __init__(self, contents: Contents, clock: Clock, *, seed: int = 0) -> None:
        self.clock = clock
        self.switches = contents.switches
        self.team = contents.team
        self.other_team = OTHER_TEAM
        self.random = random.Random(seed)  # noqa: S311 - the same story for the same seed
        self.journal = Journal(clock)
        self.people = {one.id: one for one in contents.people}
        self.channels = {one.id: one for one in contents.channels}
        self.groups = {one.id: one for one in contents.groups}
        self.apps: dict[str, App] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[tuple[str, str], str] = {}  #: (app, person) → view id
        self.webhooks: dict[str, IncomingWebhook] = {}
        self.files: dict[str, Json] = {}
        self.address = ""  #: `http://127.0.0.1:PORT`, once it is served
        self._last_ts = 0
        self._numbers = count(1)
        for channel in self.channels.values():
            channel.created = channel.created or int(clock.now())
        for app in contents.apps:
            self._install(app, None)

    # Making

    def install(self, manifest: Mapping[str, Any] | None = None, **secrets: str) -> App:
        """Install the app that a Slack manifest describes, and invite it wherever apps are."""
        app = app_of(manifest, number=len(self.apps) + 1, **secrets)
        self._install(app, manifest)
        return app

    def _install(self, app: App, manifest: Mapping[str, Any] | None) -> None:
        bot = bot_of(app, manifest, self.team.id)
        taken = {one.name for one in self.people.values()}
        while bot.name in taken:
            bot.name += "-2"
        self.apps[app.id] = app
        self.people[bot.id] = bot
        for channel in self.channels.values():
            if channel.invites_apps and not channel.is_im:
                channel.members.append(bot.id)
        home = next((one for one in self.channels.values() if one.is_general), None)
        path = f"{self.team.id}/{app.bot_id}/{self.new_id('', 24)}"
        self.webhooks[path] = IncomingWebhook(path, app.id, home.id if home else "")
        self.journal.tell("workspace", {})

    def new_id(self, prefix: str, length: int = 10) -> str:
        return prefix + "".join(self.random.choices(_ALPHABET, k=length))

    def new_ts(self) -> str:
        """Return a time stamp that nothing else in the workspace has."""
        micro = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        self._last_ts = micro
        return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def new_number(self) -> int:
        return next(self._numbers)

    # Finding

    def person(self, reference: str) -> Person:
        """Return a person or bot by id, handle (with `@` or not) or e-mail address; or raise Misused."""
        found = self.find_person(reference)
        if found is None:
            message = f"there is nobody called `{reference}` here"
            raise Misused(message)
        return found

    def find_person(self, reference: str) -> Person | None:
        if reference in self.people:
            return self.people[reference]
        bare = reference.removeprefix("@")
        return next((one for one in self.people.values() if bare in (one.name, one.email or None)), None)

    def channel(self, reference: str) -> Channel:
        """Return a channel by id or name (with `#` or not), or raise Misused."""
        found = self.find_channel(reference)
        if found is None:
            message = f"there is no channel `{reference}` here"
            raise Misused(message)
        return found

    def find_channel(self, reference: str) -> Channel | None:
        if reference in self.channels:
            return self.channels[reference]
        bare = reference.removeprefix("#")
        return next((one for one in self.channels.values() if one.name == bare and bare), None)

    def find_group(self, handle: str) -> UserGroup | None:
        return next(
            (one for one in self.groups.values() if one.handle == handle and not one.disabled_at), None
        )

    def direct_channel(self, people: Iterable[str]) -> Channel:
        """Return the direct conversation of these people, made when there is none."""
        members = sorted(set(people))
        for channel in self.channels.values():
            if (channel.is_im or channel.is_mpim) and sorted(channel.members) == members:
                return channel
        alone = len(members) <= 2
        channel = Channel(
            id=self.new_id("D" if alone else "C"),
            name="" if alone else "mpdm-" + "--".join(self.people[one].name for one in members) + "-1",
            created=int(self.clock.now()),
            is_im=alone,
            is_mpim=not alone,
            is_private=not alone,
            members=members,
        )
        self.channels[channel.id] = channel
        self.journal.tell("workspace", {})
        return channel

    def app(self, reference: str = "") -> App:
        """Return an app by id, name or handle, or the only one; or raise Misused."""
        if not reference and self.apps:
            return next(iter(self.apps.values()))
        bare = reference.removeprefix("@")
        for app in self.apps.values():
            if bare in (app.id, app.name, app.bot_user, app.bot_id, self.people[app.bot_user].name):
                return app
        message = f"there is no app `{reference}` here"
        raise Misused(message)

    def message(self, channel: Channel, ts: str) -> Message:
        found = channel.messages.get(ts)
        if found is None:
            message = f"there is no message `{ts}` in `{channel.name or channel.id}`"
            raise Misused(message)
        return found

    def view(self, view_id: str) -> View:
        found = self.views.get(view_id)
        if found is None:
            message = f"no view `{view_id}` is open"
            raise Misused(message)
        return found

    def names(self) -> Names:
        """Return who and what can be named in what people write."""

        def person(name: str) -> str | None:
            found = next((one for one in self.people.values() if one.name == name and not one.deleted), None)
            return found.id if found else None

        def group(handle: str) -> str | None:
            found = self.find_group(handle)
            return found.id if found else None

        def channel(name: str) -> tuple[str, str] | None:
            found = next((one for one in self.channels.values() if one.name == name and name), None)
            if found is None or found.is_im:
                return None
            shown = found.name if found.is_public and self.switches.names_in_channel_links else ""
            return found.id, shown

        return Names(person, group, channel)

    def shares_team(self, person: Person) -> bool:
        return person.team_id == self.team.id

    def plain(self, text: str) -> str:
        """Return a text with its entities as people read them."""

        def shown(match: re.Match[str]) -> str:
            body, _, label = match[1].partition("|")
            if body.startswith("@"):
                person = self.people.get(body[1:])
                return "@" + (person.name if person else label or body[1:])
            if body.startswith("#"):
                channel = self.channels.get(body[1:])
                return "#" + (label or (channel.name if channel else body[1:]))
            if body.startswith("!"):
                return label or "@" + body[1:].partition("^")[0]
            return label or body

        seen = re.sub(r"<([^<>]+)>", shown, text)
        return seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
