"""The demo in a browser: a workspace like Slack, in which Funade is an app as it is in the real one."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from contextlib import ExitStack

from ground import Ground, running, wait_for
from server import Server
from words import said

CHANNEL = "#deploy-shop"
SLACK = """\
slack:
  bot_token: env:FUNADE_SLACK_BOT_TOKEN
  app_token: env:FUNADE_SLACK_APP_TOKEN
  url: {address}/api/
web:
  listen: 127.0.0.1:{port}
"""


def can_be_seen() -> bool:
    """Tell whether somebody sits at this machine with a browser."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def show(ground: Ground, *, opens: bool) -> int:
    """Serve the workspace with Funade in it until Ctrl-C; open it in a browser when `opens`."""
    # The playground's own, which are worth nothing elsewhere.
    bot, app = f"xoxb-{secrets.token_hex(12)}", f"xapp-{secrets.token_hex(16)}"
    ground.configure()
    manifest = ground.folder / "manifest.json"
    with manifest.open("wb") as file:
        printed = [ground.funade, "slack", "manifest"]
        subprocess.run(printed, env=ground.environment, check=True, stdout=file)
    log = ground.folder / "playground.log"
    playground = [str(ground.funade), "playground", "--port", "0", str(manifest)]
    playground += ["--bot-token", bot, "--app-token", app]
    with ExitStack() as stack:
        stack.enter_context(running(playground, log, ground.environment))
        found = wait_for(
            lambda: re.search(r"http://\S+", log.read_text()), "the workspace to listen", log.read_text
        )
        assert found is not None, "it was waited for"
        address = found[0]
        ground.configure(SLACK.format(address=address, port=_free_port()), CHANNEL)
        stack.enter_context(Server(ground, FUNADE_SLACK_BOT_TOKEN=bot, FUNADE_SLACK_APP_TOKEN=app))
        wait_for(lambda: _is_connected(address), "Funade to come into the workspace", log.read_text)
        print(said("workspace").format(address=address, url=ground.url, folder=ground.folder), flush=True)
        if opens:
            webbrowser.open(f"{address}/#U0ADA/C0DEPLOY")
        _wait_for_ctrl_c()
    return 0


def _is_connected(address: str) -> bool:
    asked = urllib.request.Request(f"{address}/_control/state", b"{}", {"Content-Type": "application/json"})
    # A proxy of this machine's is for addresses elsewhere.
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(asked, timeout=5) as answer:
            return any(one["connections"] for one in json.load(answer)["apps"])
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for_ctrl_c() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
