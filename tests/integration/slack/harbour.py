"""A server of Funade with Slack in it, in this process, beside a playground: the real sockets, a real repository."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funade.chat.slack.manifest import manifest
from funade.chat.slack.room import SlackRoom
from funade.domain.application import Configuration
from funade.domain.events import RequestRefused
from funade.playground import Playground
from funade.runner.loop import Runner
from funade.settings import WatchedConfiguration
from funade.targets import KINDS
from funade.web.listener import Listener
from funade.wiring.chat import Chat
from funade.wiring.parts import Parts, connect
from funade.wiring.runner import build_runner, say_nothing
from funade.wiring.web import open_site

BOT, APP, SECRET = "xoxb-1-playground", "xapp-1-A0APP1-playground", "signing-secret"
DEPLOY = "C0DEPLOY"

FILE = """
people:
  ada: {{slack: T0ACME/U0ADA, local: 1}}
  bob: {{slack: T0ACME/U0BOB}}
  cy: {{slack: T0ACME/U0CY}}
  hana: {{email: hana@acme.example, language: ja}}
  gus: {{slack: T0ACME/U0GUS}}
groups:
  approvers: [cy, "slack:S0SRE"]
slack: {{bot_token: "env:SLACK_BOT", app_token: "env:SLACK_APP", signing_secret: "env:SLACK_SECRET", url: "{url}"}}
applications:
  shop:
    repository: repository
    channel: "#deploy-shop"
    environments:
      staging:
        rights: {{deploy: [ada, hana, gus], rollback: [ada], lock: [ada], override: [cy]}}
        target: {{kind: command, run: [sh, deploy.sh]}}
        verify: {{run: [sh, -c, "cat {live}"], equals: "{{revision}}", within: 5s, every: 0.1}}
      production:
        rights: {{deploy: [ada], approve: [approvers], rollback: [ada], lock: [ada, cy], override: [cy]}}
        approvals: 1
        target: {{kind: command, run: [sh, deploy.sh]}}
"""
SCRIPT = """echo "putting $FUNADE_REVISION"
test -e {fail} && {{ echo 'the disk of `web1` is <full> & *hot*'; exit 3; }}
while test -e {wait}; do sleep 0.05; done
echo $FUNADE_REVISION > {live}
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Harbour:
    """Everything of one test; `start` and `stop` are those of the server."""

    folder: Path
    playground: Playground
    parts: Parts | None = None
    chat: Chat | None = None
    runner: Runner | None = None
    said: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _listener: Listener | None = None
    _running: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def room(self) -> SlackRoom:
        assert self.chat is not None
        assert self.chat.room is not None
        return self.chat.room

    @property
    def path(self) -> Path:
        return self.folder / "funade.yaml"

    def configuration(self) -> Configuration:
        assert self.parts is not None
        return self.parts.configurations.current()

    def commit(self, subject: str, **files: str) -> str:
        """Push a commit to the repository."""
        repository = self.folder / "repository"
        for name, text in files.items():
            (repository / name).write_text(text)
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "--allow-empty", "-m", subject)
        return git(repository, "rev-parse", "HEAD")

    async def start(self) -> None:
        """Start the server, and wait until it listens to Slack."""
        configurations = WatchedConfiguration(self.path, KINDS)
        self.chat = Chat()
        self.parts = connect(self.chat.acquainted(configurations))
        self.runner = build_runner(self.parts, role="server", tell=say_nothing)
        self.runner.before_look = configurations.reload
        self.chat.join(self.parts, self.runner, configurations)
        site = self.configuration().web
        if site is not None:
            self._listener = open_site(
                site, self.parts, self.runner, doors=self.chat.doors(), reports=self.chat.reports()
            )
            await self._listener.__aenter__()
        self._running = [
            asyncio.create_task(self.runner.run()),
            asyncio.create_task(self.chat.room.run() if self.chat.room else asyncio.sleep(0)),
        ]
        await self.until(lambda: self.room.report()[0])

    async def stop(self) -> None:
        """Stop it as SIGTERM does."""
        if self.runner is None or self.parts is None:
            return
        self.runner.stop()
        await self._running[0]
        self._running[1].cancel()
        with suppress(asyncio.CancelledError):
            await self._running[1]
        if self._listener is not None:
            await self._listener.__aexit__(None, None, None)
            self._listener = None
        self.parts.ledger.close()
        self.runner = None

    async def kill(self) -> None:
        """Let it die in the middle of whatever it does, its lease held: nothing is given back."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        assert self.parts is not None
        self.parts.ledger.close()
        self.runner = None

    # What the store knows

    def look(self, work: Callable[[Any], Any]) -> Any:
        """Look at the store, from another thread than its own."""
        assert self.parts is not None
        ledger = self.parts.ledger
        with ThreadPoolExecutor(1) as elsewhere:
            return elsewhere.submit(lambda: asyncio.run(ledger.read(work))).result()

    def refusals(self) -> list[str]:
        """Return the codes of every no in history."""
        events = self.look(lambda look: look.events(limit=1000))
        return [
            one.happening.because.code.value for one in events if isinstance(one.happening, RequestRefused)
        ]

    def received(self) -> list[Any]:
        """Return what waits in the inbox."""
        return list(self.look(lambda look: look.received("slack")))

    def berth(self, environment: str) -> Any:
        """Return an environment's row."""
        return self.look(lambda look: look.berth("shop", environment))

    def ended(self, number: int) -> bool:
        """Tell whether a deployment has come to its end."""
        found = self.look(lambda look: look.deployment(number))
        return found is not None and found.has_ended

    #: in these a text is a text
    HARMLESS = frozenset(
        {"text", "plain_text", "date", "button", "rich_text_section", "rich_text_preformatted"}
        | {"rich_text", "header", "actions"}
    )

    def elements(self, message: Any) -> list[Any]:
        """Return everything in a message's blocks that has a type."""
        found: list[Any] = []

        def walk(one: Any) -> None:
            if isinstance(one, dict):
                if isinstance(one.get("type"), str):
                    found.append(one)
                for value in one.values():
                    walk(value)
            elif isinstance(one, list):
                for value in one:
                    walk(value)

        walk(message.get("blocks"))
        return found

    # What Slack may send without anybody's hand

    async def hears_event(self, event: dict[str, Any], id: str = "") -> None:
        """Let the server hear an event."""
        payload = {
            "type": "event_callback",
            "team_id": "T0ACME",
            "event_id": id or f"Ev{len(self.events)}",
            "event": event,
        }
        self.events.append(event)
        await self.playground.deliver(payload=payload, app="A0APP1", kind="event")

    # People

    async def say(self, person: str, text: str, channel: str = "#deploy-shop", thread: str = "") -> str:
        """Say something as people type it, and return the message's ts."""
        answer = await self.playground.say(person=person, channel=channel, text=text, thread_ts=thread)
        return str(answer["ts"]) if "ts" in answer else ""

    async def messages(self, channel: str = "#deploy-shop", person: str = "", thread: str = "") -> list[Any]:
        """Return what is in a channel, or a thread."""
        found = await self.playground.messages(channel=channel, person=person, thread_ts=thread)
        return [
            one
            for one in found["messages"]
            if thread
            or one.get("thread_ts") in (None, "", one["ts"])
            or one.get("subtype") == "thread_broadcast"
            or one.get("only_for")
            or one.get("is_ephemeral")
        ]

    async def ours(self, channel: str = "#deploy-shop", person: str = "", thread: str = "") -> list[Any]:
        """Return what we said there."""
        return [one for one in await self.messages(channel, person, thread) if one.get("bot_id")]

    async def hears(
        self, words: str, channel: str = "#deploy-shop", person: str = "", thread: str = "", times: int = 1
    ) -> Any:
        """Wait until we have said that, and return the message."""
        found: list[Any] = []

        async def heard() -> bool:
            found[:] = [one for one in await self.ours(channel, person, thread) if words in one["text"]]
            return len(found) >= times

        await self.until(heard, lambda: f"{words!r} in {channel}")
        assert len(found) == times, [one["text"] for one in found]
        return found[-1]

    async def cards(self, channel: str = "#deploy-shop") -> list[Any]:
        """Return the cards in a channel."""
        found = await self.ours(channel)
        return [one for one in found if one.get("blocks") and one["blocks"][0]["type"] == "header"]

    async def card(
        self, number: int, state: str, channel: str = "#deploy-shop", seconds: float = 60.0
    ) -> Any:
        """Wait until the one card of a deployment shows that state, and return it."""
        found: list[Any] = []

        async def shown() -> bool:
            found[:] = [
                one for one in await self.cards(channel) if f"#{number} " in one["text"].split("\n")[0]
            ]
            return bool(found) and state in found[0]["text"].split("\n")[0]

        what = f"card #{number} {state}"
        await self.until(shown, lambda: f"{what}: {[one['text'] for one in found]}", seconds)
        assert len(found) == 1
        return found[0]

    async def press(self, person: str, message: Any, verb: str, channel: str = DEPLOY) -> Any:
        """Press a button; one that opens a form is gone through to its end."""
        if verb == "rollback":
            return await self._go_back(person, message, channel)
        return await self.playground.click(
            person=person, channel=channel, ts=message["ts"], action_id=f"funade_do_{verb}"
        )

    async def _go_back(self, person: str, message: Any, channel: str) -> Any:
        before = {one["id"] for one in (await self.playground.views(person=person))["views"]}
        answer = await self.playground.click(
            person=person, channel=channel, ts=message["ts"], action_id="funade_form_rollback"
        )
        found: list[Any] = []

        async def shown() -> bool:
            told = await self.playground.views(person=person)
            fresh = [one for one in told["views"] if one["id"] not in before and one["type"] == "modal"]
            found[:] = [
                one for one in fresh if one.get("callback_id") == "funade_back" or "Not done" in str(one)
            ]
            return bool(found)

        await self.until(shown, lambda: "a form to go back")
        if found[0].get("callback_id") == "funade_back":
            answer = await self.playground.submit(person=person, view_id=found[0]["id"])
        return answer

    async def until(
        self, happened: Callable[[], Any], what: Callable[[], str] = lambda: "", seconds: float = 60.0
    ) -> None:
        """Wait until something is so."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = happened()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            for one in self._running:
                if one.done() and not one.cancelled() and one.exception() is not None:
                    raise AssertionError(what()) from one.exception()
            if asyncio.get_running_loop().time() > deadline:
                told = await self.playground.frames()
                frames = [
                    f"{one['wire']} {one['direction']} {one['name']} {str(one['body'])[:900]} {one['note']}"
                    for one in told["frames"][-40:]
                ]
                raise AssertionError("\n".join([what(), *frames]))
            await asyncio.sleep(0.03)


@asynccontextmanager
async def harbour(
    folder: Path, monkeypatch: Any, *, start: bool = True, https: bool = False, **more: Any
) -> AsyncIterator[Harbour]:
    """Give a playground with the app in it, and a server that listens to it; or that it calls, with `https`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}" if https else None
    app = {
        "manifest": manifest(command="/funade", request_url=url, socket=not https),
        "bot_token": BOT,
        "app_token": APP,
        "signing_secret": SECRET,
    }
    for name, value in (("SLACK_BOT", BOT), ("SLACK_APP", APP), ("SLACK_SECRET", SECRET)):
        monkeypatch.setenv(name, value)
    repository = folder / "repository"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "config", "user.email", "ada@acme.example")
    git(repository, "config", "user.name", "Ada")
    async with Playground(app, **more) as playground:
        await playground.switch(switches={"rate_limits": False})
        one = Harbour(folder, playground)
        paths = {name: folder / name for name in ("live", "fail", "wait")}
        one.commit("Begin", **{"deploy.sh": SCRIPT.format(**paths)})
        text = FILE.format(url=playground.api_url, **paths)
        if https:
            web = f"web: {{listen: '127.0.0.1:{port}'}}\n"
            text = web + text.replace('app_token: "env:SLACK_APP", ', "")
        one.path.write_text(text)
        if start:
            await one.start()
        try:
            yield one
        finally:
            await one.stop()
