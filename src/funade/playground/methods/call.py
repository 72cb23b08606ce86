"""One call of the Web API: who calls, with which arguments."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funade.playground.errors import Json, SlackError, missing
from funade.playground.nouns import App, Channel, Message, Person
from funade.playground.stage import Stage
from funade.playground.workspace import Workspace

MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed token, scope and rate."""

    stage: Stage
    app: App
    method: str
    arguments: Json

    @property
    def workspace(self) -> Workspace:
        return self.stage.workspace

    @property
    def bot(self) -> Person:
        return self.workspace.people[self.app.bot_user]

    def text(self, name: str, default: str = "") -> str:
        found = self.arguments.get(name)
        if found is None:
            return default
        return found if isinstance(found, str) else json.dumps(found)

    def required(self, name: str) -> str:
        found = self.text(name)
        if not found:
            raise missing(name)
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        found = self.arguments.get(name)
        if found is None or found == "":
            return default
        return found not in (False, 0, "0", "false", "False")

    def number(self, name: str, default: int) -> int:
        found = self.text(name) or str(default)
        try:
            return int(found)
        except ValueError:
            message = f"[ERROR] failed to match all allowed schemas [json-pointer:/{name}]"
            raise SlackError("invalid_arguments", message) from None

    def thing(self, name: str, kind: type, error: str = "invalid_arguments") -> Any:
        """Return an argument that is JSON, also where a form carries it as text; None when it is not there."""
        found = self.arguments.get(name)
        if found is None or found == "":
            return None
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except ValueError:
                raise SlackError(error) from None
        if not isinstance(found, kind):
            raise SlackError(error)
        return found

    def names(self, name: str) -> list[str]:
        """Return an argument that is a list, or text with commas."""
        found = self.arguments.get(name)
        if isinstance(found, list):
            return [str(one) for one in found]
        return [one.strip() for one in self.text(name).split(",") if one.strip()]

    def channel(self, name: str = "channel") -> Channel:
        """Return a channel that the app can see, or raise SlackError."""
        found = self.workspace.channels.get(self.text(name))
        if found is None or (not found.is_public and self.app.bot_user not in found.members):
            raise SlackError("channel_not_found")
        return found

    def member_channel(self, name: str = "channel") -> Channel:
        """Return a channel that the app is in, or raise SlackError."""
        found = self.channel(name)
        if self.app.bot_user not in found.members:
            raise SlackError("not_in_channel")
        return found

    def message(self, channel: Channel, name: str = "ts") -> Message:
        found = channel.messages.get(self.text(name))
        if found is None or found.only_for:
            raise SlackError("message_not_found")
        return found

    def person(self, name: str = "user") -> Person:
        found = self.workspace.people.get(self.text(name))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def demand_scope(self, *scopes: str) -> None:
        """Raise SlackError unless the app has one of the scopes."""
        if not set(scopes) & set(self.app.scopes):
            raise missing_scope(self.app, *scopes)

    def page(
        self, everything: list[Any], *, default: int = 100, most: int = MOST_AT_ONCE
    ) -> tuple[list[Any], Json]:
        """Return one page of a list, and the metadata that leads to the next."""
        limit = self.number("limit", default)
        if not 1 <= limit <= most:
            raise SlackError("invalid_limit")
        start = 0
        if cursor := self.text("cursor"):
            number = cursor.removeprefix("next:").removesuffix("=")
            if not (cursor.startswith("next:") and number.isdigit()):
                raise SlackError("invalid_cursor")
            start = int(number)
        end = start + limit
        following = f"next:{end}=" if end < len(everything) else ""
        return everything[start:end], {"response_metadata": {"next_cursor": following}}


def missing_scope(app: App, *scopes: str) -> SlackError:
    return SlackError("missing_scope", needed=",".join(scopes), provided=",".join(app.scopes))


@dataclass(frozen=True, slots=True)
class Method:
    """What the Web API does under one name."""

    act: Callable[[Call], Json]
    tier: int
    scopes: tuple[str, ...] = ()  #: one of them is needed
    needs_app_token: bool = False
