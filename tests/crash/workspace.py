"""A workspace like Slack as a process of its own, people in it who give nothing up, and what it shows of a story."""

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from funade.chat.slack import views
from funade.chat.slack.manifest import manifest
from funade.domain.answers import HistoryShown
from tests.crash.nursery import nursery

BOT, APP = "xoxb-1-crash-playground", "xapp-1-A0APP1-crash-playground"
CHANNEL, DIRECT = "#deploy-shop", "@funade"
#: Whoever hears nothing for so long presses again.
PRESSES_AGAIN_SECONDS = 2.0
#: Slack asks for a doubtful post after ten seconds, at two deaths twice.
PATIENCE_SECONDS = 60.0
RULES = """people:
  ada: {{local: {uid}, slack: T0ACME/U0ADA}}
  cy: {{slack: T0ACME/U0CY}}
  hana: {{email: hana@acme.example}}
slack: {{bot_token: env:CRASH_SLACK_BOT, app_token: env:CRASH_SLACK_APP, url: "{url}/api/"}}
"""
RIGHTS = {
    "staging": "rights: {deploy: [everyone], rollback: [ada]}",
    "production": "rights: {deploy: [ada], approve: [cy], rollback: [ada]}\n        approvals: 1",
    "preview": "rights: {deploy: [everyone]}",
}


class Deaf(AssertionError):
    """Slack never showed what it must."""


class Workspace:
    """One playground; its people's acts, and what everybody sees in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._log = folder / "playground.log"
        written = folder / "manifest.json"
        written.write_text(json.dumps(manifest(command="/funade", request_url=None, socket=True)))
        words = ["playground", "--port", "0", "--bot-token", BOT, "--app-token", APP, str(written)]
        environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self._process = nursery().bear(words, environment, folder, self._log)
        self.said: list[tuple[str, str]] = []  #: channel and ts of every command that must have one answer
        self.address = ""
        self.address = self.until("a workspace", self._listens)
        retries = [1.0] * 90
        self.act("switch", switches={"rate_limits": False, "retry_seconds": retries})

    @property
    def variables(self) -> dict[str, str]:
        """Return what a server needs to know."""
        return {"CRASH_SLACK_BOT": BOT, "CRASH_SLACK_APP": APP}

    def rules(self, text: str) -> str:
        """Return a world's configuration with this workspace, people and rights, and an application without channel."""
        for name, rights in RIGHTS.items():
            text = text.replace(f"      {name}:\n", f"      {name}:\n        {rights}\n")
        target = re.search(r"        target: .*\n", text)
        repository = re.search(r"    repository: .*\n", text)
        assert target is not None, text
        assert repository is not None, text
        shop = repository[0] + f'    channel: "{CHANNEL}"\n'
        side = f"  side:\n{repository[0]}    environments:\n      corner:\n        {RIGHTS['preview']}\n{target[0]}"
        return RULES.format(uid=os.getuid(), url=self.address) + text.replace(repository[0], shop, 1) + side

    def close(self) -> None:
        """End it."""
        self._process.kill()

    def _listens(self) -> str | None:
        found = re.search(r"http://[\d.]+:\d+", self._log.read_text()) if self._log.exists() else None
        return found[0] if found else None

    # People

    def act(self, name: str, **arguments: Any) -> Any:
        """Do what a control does; return what it says, also when it was no."""
        body = json.dumps(arguments).encode()
        asked = urllib.request.Request(
            f"{self.address}/_control/{name}", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def say(self, person: str, text: str, channel: str = CHANNEL) -> str:
        """Say something that must be answered once, and return its ts."""
        ts = str(self.act("say", person=person, channel=channel, text=text)["ts"])
        self.said.append((channel, ts))
        return ts

    def again(self, what: str, try_it: Callable[[], Any]) -> Any:
        """Return the first thing that comes of trying; who hears nothing tries again."""

        def tried() -> Any:
            found = try_it()
            return found() if callable(found) else found

        return self.until(what, tried, pause=0.2)

    def press(self, person: str, ts: str, verb: str, seen: Callable[[], Any]) -> Any:
        """Press a button until something is seen of it."""

        def pressed() -> Any:
            self.act("click", person=person, channel=CHANNEL, ts=ts, action_id=f"funade_do_{verb}")
            return self.soon(seen)

        return self.until(f"what comes of {verb} by {person}", pressed)

    def fill_form(self, person: str, environment: str, ref: str) -> bool:
        """Tell whether a form could be opened, filled in and confirmed."""
        for one in self.act("views", person=person)["views"]:
            if one["type"] == "modal":
                self.act("close", person=person, view_id=one["id"], everything=True)
        self.act("shortcut", person=person, callback_id="funade_deploy")
        form = self.soon(lambda: self.view(person, views.CHOOSE, ""))
        if form is None:
            return False
        value = {"text": {"type": "plain_text", "text": "shop"}, "value": "shop"}
        self.act("click", person=person, view_id=form["id"], action_id=views.CHOSEN, value=value)
        form = self.soon(lambda: self.view(person, views.CHOOSE, "environment:shop"))
        if form is None:
            return False
        values = {views.ENVIRONMENT: environment, views.REF: ref}
        self.act("suggest", person=person, view_id=form["id"], action_id=views.REF, value=ref)
        self.act("submit", person=person, view_id=form["id"], values=values)
        plan = self.soon(lambda: self.view(person, views.CONFIRM, ""))
        if plan is None:
            return False
        self.act("submit", person=person, view_id=plan["id"], values={})
        return self.soon(lambda: self.view(person, views.SHOWN, "#")) is not None

    # What they see

    def until(self, what: str, look: Callable[[], Any], pause: float = 0.05) -> Any:
        """Return the first answer of `look` that is more than nothing, or raise Deaf."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            if time.monotonic() > deadline:
                message = f"{what}: not within {PATIENCE_SECONDS:g} s; {self._shown()}"
                raise Deaf(message)
            time.sleep(pause)
        return found

    def soon(self, look: Callable[[], Any]) -> Any:
        """Return what can be seen within the time after which people try again, or None."""
        deadline = time.monotonic() + PRESSES_AGAIN_SECONDS
        while not (found := look()):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)
        return found

    def view(self, person: str, form: str, having: str) -> Any:
        """Return the open form of that kind with these words."""
        for one in self.act("views", person=person)["views"]:
            if one.get("callback_id") == form and having in json.dumps(one["blocks"]):
                return one
        return None

    def ours(self, channel: str = CHANNEL) -> list[Any]:
        """Return everything that Funade has said in a channel, to whomever."""
        person = {"person": "ada"} if channel == DIRECT else {}
        return [
            one for one in self.act("messages", channel=channel, **person)["messages"] if one.get("bot_id")
        ]

    def cards(self, number: int) -> list[Any]:
        """Return the cards of a deployment."""
        return [
            one
            for channel in (CHANNEL, DIRECT)
            for one in self.ours(channel)
            if one.get("blocks") and one["blocks"][0]["type"] == "header" and f"#{number} " in _title(one)
        ]

    def card(self, number: int, state: str) -> str:
        """Wait until the deployment's card shows that state, and return its ts."""
        return str(self.until(f"card #{number} {state}", lambda: self._card(number, state))["ts"])

    def is_shown(self, number: int, state: str) -> bool:
        """Tell whether the card shows that state now."""
        return self._card(number, state) is not None

    def has_whispered(self, person: str, words: str) -> bool:
        """Tell whether that person was told so, in the channel and alone."""
        user = f"U0{person.upper()}"
        return any(words in one["text"] for one in self.ours() if one.get("only_for") == user)

    def _card(self, number: int, state: str) -> Any:
        return next((one for one in self.cards(number) if state in _title(one)), None)

    def _shown(self) -> str:
        return "; ".join(f"{one['ts']}: {one['text'][:80]!r}" for one in self.ours()) if self.address else ""

    # What must be so afterwards

    def wait_for_the_end(self, history: Callable[[], HistoryShown]) -> None:
        """Wait until everything that has ended is shown, and every command has its answer."""
        found: list[str] = []

        def told() -> bool:
            found[:] = self.findings(history())
            return not found

        try:
            self.until("the end at Slack", told, pause=0.2)
        except Deaf as error:
            raise Deaf("; ".join(found)) from error

    def findings(self, history: HistoryShown) -> list[str]:
        """I3, I4: what is seen at Slack is what is stored, each once, and each command is answered once."""
        wrong = []
        for row in history.deployments:
            cards = self.cards(row.number)
            if [_title(one).rpartition(": ")[2].split(" ")[0].rstrip(",") for one in cards] != [
                row.state.value
            ]:
                wrong.append(f"I4: #{row.number} is {row.state}, its cards: {[_title(one) for one in cards]}")
        threads: dict[str, list[str]] = {}
        for channel in (CHANNEL, DIRECT):
            for one in self.ours(channel):
                if one.get("thread_ts") not in (None, "", one["ts"]) and not one.get("only_for"):
                    threads.setdefault(one["thread_ts"], []).append(one["text"])
        for thread, texts in threads.items():
            wrong += [
                f"I4: said {count} times in {thread}: {text!r}"
                for text, count in Counter(texts).items()
                if count > 1
            ]
        for channel, ts in self.said:
            answers = threads.get(ts, [])
            if channel == CHANNEL and len(answers) != 1:
                wrong.append(f"I3: {ts} has {len(answers)} answers: {answers}")
        return wrong


def _title(card: Any) -> str:
    return str(card["text"]).partition("\n")[0]
