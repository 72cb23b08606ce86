"""What measurements of chat stand on: a workspace as a process of its own, and what went over its wires."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from benchmarks._ground import CLEAN, FUNADE
from funade.chat.slack.manifest import manifest

BOT_TOKEN, APP_TOKEN = "xoxb-1-bench", "xapp-1-A0APP1-bench"
PATIENCE_SECONDS = 240


class Workspace:
    """A workspace (`funade playground`) in which Funade is installed, until the end of the block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        log = folder / "playground.log"
        app = folder / "funade.json"
        app.write_text(json.dumps(manifest(command="/funade", request_url=None, socket=True)))
        words = ["--port", "0", "--bot-token", BOT_TOKEN, "--app-token", APP_TOKEN, str(app)]
        with log.open("wb") as out:
            self.process = subprocess.Popen([FUNADE, "playground", *words], stdout=out, stderr=out, env=CLEAN)
        until(lambda: "http://" in log.read_text(), "the workspace")
        self.address = next(word for word in log.read_text().split() if word.startswith("http://"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    @property
    def settings(self) -> dict[str, str]:
        """Return what Funade's configuration says of it; `variables` hold the tokens."""
        return {"bot_token": "env:SLACK_BOT", "app_token": "env:SLACK_APP", "url": f"{self.address}/api/"}

    @property
    def variables(self) -> dict[str, str]:
        return {"SLACK_BOT": BOT_TOKEN, "SLACK_APP": APP_TOKEN}

    def act(self, control: str, /, **arguments: Any) -> Any:
        """Do what a control of the workspace does."""
        body = json.dumps(arguments).encode()
        asked = urllib.request.Request(
            f"{self.address}/_control/{control}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as answer:
            return json.load(answer)

    def frames(self, since: int, **which: str) -> list[Any]:
        """Return what went over the wires since then."""
        return list(self.act("frames", since=since, **which)["frames"])

    def now(self) -> int:
        """Return the number of the last frame."""
        return int(self.act("frames", since=10**9)["last"])

    def install(self, name: str, events: list[str]) -> Any:
        """Return another app, as it was installed beside ours."""
        scopes = ["app_mentions:read", "channels:history", "channels:read", "chat:write", "users:read"]
        asked = {
            "display_information": {"name": name},
            "features": {"bot_user": {"display_name": name, "always_online": True}},
            "oauth_config": {"scopes": {"bot": scopes}},
            "settings": {"event_subscriptions": {"bot_events": events}, "socket_mode_enabled": True},
        }
        return self.act("install", manifest=asked)["app"]


def until(happened: Callable[[], object], what: str, pause: float = 0.05) -> None:
    """Return once it has happened."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            message = f"{what}: not within {PATIENCE_SECONDS} s"
            raise RuntimeError(message)
        time.sleep(pause)
