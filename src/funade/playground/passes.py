"""What an app may do once because somebody clicked: open a view, answer at a `response_url`."""

from dataclasses import dataclass

from funade.playground.errors import SlackError
from funade.playground.nouns import App
from funade.playground.workspace import Workspace


@dataclass(slots=True)
class Trigger:
    """The right to open one view for one person, for a moment."""

    app: str
    person: str
    until: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer where somebody clicked or typed."""

    app: str
    channel: str
    person: str
    until: float
    uses: int
    message_ts: str = ""  #: what `replace_original` replaces


class Passes:
    """All that were given out."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._triggers: dict[str, Trigger] = {}
        self._response_urls: dict[str, ResponseUrl] = {}

    def new_trigger(self, app: App, person: str) -> str:
        workspace = self._workspace
        trigger = f"{workspace.new_number()}.{workspace.random.randrange(10**12)}.{workspace.new_id('', 32).lower()}"
        until = workspace.clock.now() + workspace.switches.trigger_seconds
        self._triggers[trigger] = Trigger(app.id, person, until)
        return trigger

    def use_trigger(self, app: App, trigger_id: str) -> str:
        """Return whom the view opens for, or raise SlackError."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None or trigger.app != app.id:
            raise SlackError(
                "invalid_trigger_id" if trigger_id else "invalid_arguments",
                *(() if trigger_id else ("[ERROR] missing required field: trigger_id",)),
            )
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._workspace.clock.now() > trigger.until:
            if self._workspace.switches.trigger_error == "invalid_arguments":
                error = "[ERROR] `trigger_id` expired [json-pointer:/trigger_id]"
                raise SlackError("invalid_arguments", error)
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.person

    def new_response_url(self, app: App, channel: str, person: str, message_ts: str = "") -> str:
        workspace = self._workspace
        path = f"{workspace.team.id}/{workspace.new_number()}/{workspace.new_id('', 24)}"
        self._response_urls[path] = ResponseUrl(
            app=app.id,
            channel=channel,
            person=person,
            until=workspace.clock.now() + workspace.switches.response_url_seconds,
            uses=workspace.switches.response_url_uses,
            message_ts=message_ts,
        )
        return f"{workspace.address}/actions/{path}"

    def use_response_url(self, path: str) -> ResponseUrl | str:
        """Return the right that is left, or why there is none."""
        found = self._response_urls.get(path)
        if found is None:
            return "no_such_url"
        if self._workspace.clock.now() > found.until:
            return "expired_url"
        if found.uses < 1:
            return "used_url"
        found.uses -= 1
        return found
