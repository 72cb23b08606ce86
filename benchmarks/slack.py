"""Slack: how soon a message is acknowledged, how soon a deployment is accepted, thirty at once, and names while typing.

A workspace (`funade playground`) and `funade serve` as processes of their own on loopback, with everything on: inbox,
rules, plans, a real repository. 100 mentions that ask for a deployment, one after another; the times are those of the
workspace's own journal, and of the stored request. Beside it, in the same workspace and with the same sentence, bots
that only repeat it: one on `slack_bolt` (aiohttp), one on Hubot with `@hubot-friends/hubot-slack`. Hubot's adapter
takes no setting for Slack's address, so its own class is given clients that have it; it is otherwise as published.
Then 30 deployments at once under Slack's real limits, until every card shows its end; then 100 times what is suggested
while somebody types, from a repository with 10,000 branches.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._ground import CLEAN, FUNADE, percentile
from benchmarks._workspace import PATIENCE_SECONDS, Workspace, until
from funade.chat.slack import views

MESSAGES, WARM, AT_ONCE, REFS, QUERIES, PLACES = 100, 5, 30, 10_000, 100, 30
CHANNEL, CHANNELS = "deploy-shop", 15
HERE = Path(__file__).parent / "echo"


def run() -> dict[str, Any]:
    """Return milliseconds, and how many edits a minute it took."""
    with TemporaryDirectory(prefix="funade-bench-") as folder, ExitStack() as stack:
        stage = stack.enter_context(Stage(Path(folder)))
        stage.act("switch", switches={"rate_limits": False})
        found: dict[str, Any] = {"load_1_minute": round(os.getloadavg()[0], 1)}
        with _serving(stage) as server:
            found["funade"] = _funade(stage, server)
            stage.act("switch", switches={"rate_limits": True})
            found["thirty_at_once"] = _thirty(stage)
            stage.act("switch", switches={"rate_limits": False})
            found["type_ahead_of_10000"] = _type_ahead(stage)
        found["slack_bolt"] = _echo(stage, "bolt", [sys.executable, str(HERE / "bolt.py")])
        found["hubot"] = _hubot(stage)
    return found


class Stage(Workspace):
    """A workspace, and a repository whose branches are many."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._repository()

    def _repository(self) -> None:
        shop = self.folder / "shop"
        shop.mkdir()
        for words in (
            ["init", "-q", "-b", "main"],
            [
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@acme.example",
                "commit",
                "-qm",
                "Begin",
                "--allow-empty",
            ],
        ):
            subprocess.run(["git", *words], cwd=shop, env=CLEAN, check=True)
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=shop, env=CLEAN, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        lines = [f"{head} refs/heads/feature/{number:05}-of-somebody" for number in range(REFS)]
        (shop / ".git" / "packed-refs").write_text(
            "# pack-refs with: peeled fully-peeled sorted \n" + "\n".join(lines) + "\n"
        )


@contextmanager
def _serving(stage: Stage) -> Iterator[int]:
    """Keep Funade in the workspace meanwhile; gives its process number."""
    places = {
        f"{name}{number}": {"rights": {"deploy": ["ada"]}, "target": {"kind": "command", "run": program}}
        for name, program in (("place", ["true"]), ("slow", ["sleep", "5"]))
        for number in range(PLACES)
    }
    shop = {"repository": "shop", "default_ref": "main", "environments": places}
    applications = {"shop": {**shop, "channel": f"#{CHANNEL}"}}
    for number in range(CHANNELS):
        stage.act("make_channel", name=f"deploy-{number}")
        applications[f"shop{number}"] = {**shop, "channel": f"#deploy-{number}"}
    file = stage.folder / "funade.yaml"
    people = {"ada": {"slack": "T0ACME/U0ADA", "local": os.getuid()}}
    file.write_text(json.dumps({"people": people, "slack": stage.settings, "applications": applications}))
    environment = {**CLEAN, "FUNADE_CONFIG": str(file), **stage.variables}
    with (stage.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([FUNADE, "serve"], env=environment, stdout=log, stderr=log)
    try:
        until(lambda: stage.act("connections", app="")["connections"] == 2, "Funade's sockets")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _funade(stage: Stage, server: int) -> dict[str, float]:
    acks, asked_at, answers = [], [], []
    used = 0.0
    for number in range(MESSAGES + WARM):
        since, before = stage.now(), _cpu_seconds(server)
        # In several channels: Slack takes one post a second in each, and a deployment makes five.
        shop, channel = f"shop{number % CHANNELS}", f"deploy-{number % CHANNELS}"
        ts = _say(stage, f"@funade deploy {shop} to place{number % PLACES}", channel)
        ack, asked, answer = _when(stage, since, ts)
        used += _cpu_seconds(server) - before if number >= WARM else 0.0
        acks.append((ack - asked) * 1000)
        asked_at.append(asked)
        answers.append((answer - asked) * 1000)
        # The next is asked for when this one is over: what is measured is not how they get in each other's way.
        ended = f"#{number + 1} {shop} → place{number % PLACES}: succeeded"
        stage.act("wait", channel=f"#{channel}", text=ended, seconds=PATIENCE_SECONDS)
    rows = _asked_at(stage)
    accepted = [(rows[number + 1] - at) * 1000 for number, at in enumerate(asked_at)]
    # The first few find nothing in any cache, as the first of a day do; what counts is what people see all day.
    return {
        **_figures("message_to_ack", acks[WARM:]),
        **_figures("message_to_accepted", accepted[WARM:]),
        **_figures("message_to_answer", answers[WARM:]),
        "cpu_of_server_ms_a_message": used * 1000 / MESSAGES,
    }


def _thirty(stage: Stage) -> dict[str, float]:
    """Ask for thirty, and wait until each card shows its end."""
    since, began = stage.now(), time.monotonic()
    seen: list[Any] = []
    for number in range(AT_ONCE):
        stage.act("say", person="ada", channel=f"#{CHANNEL}", text=f"@funade deploy shop to slow{number}")
    first = MESSAGES + WARM + 1

    def ended() -> bool:
        found = stage.act("messages", channel=f"#{CHANNEL}")["messages"]
        titles = {
            one["text"].split("\n")[0]
            for one in found
            if one.get("blocks") and one["blocks"][0]["type"] == "header"
        }
        return all(
            any(f"#{number} " in title and ": succeeded" in title for title in titles)
            for number in range(first, first + AT_ONCE)
        )

    def look() -> bool:
        seen.extend(stage.frames(seen[-1]["number"] if seen else since, wire="api"))
        return ended()

    until(look, "thirty ends at Slack", pause=1.0)
    took = time.monotonic() - began
    edits = [one["at"] for one in seen if one["name"] == "chat.update" and one["direction"] == "from app"]
    refused = [one for one in seen if one["note"].startswith("ratelimited")]
    busiest = max((sum(at <= other < at + 60 for other in edits) for at in edits), default=0)
    return {
        "all_ends_shown_seconds": took,
        "edits": len(edits),
        "edits_in_the_busiest_minute": busiest,
        "refused_by_slack": len(refused),
    }


def _type_ahead(stage: Stage) -> dict[str, float]:
    stage.act("command", person="ada", command="/funade", channel=f"#{CHANNEL}")
    form: list[Any] = []

    def opened() -> bool:
        shown = stage.act("views", person="ada")["views"]
        form[:] = [one for one in shown if "ref:shop" in json.dumps(one["blocks"])]
        return bool(form)

    until(opened, "the form")

    def suggest(typed: str) -> int:
        found = stage.act("suggest", person="ada", view_id=form[0]["id"], action_id=views.REF, value=typed)
        return sum(len(group["options"]) for group in found.get("option_groups") or [])

    until(lambda: suggest("feature/0") == 101, "names of branches")
    taken = []
    for number in range(QUERIES):
        since = stage.now()
        suggest(f"{number * 97 % REFS:04}")
        frames = stage.frames(since, wire="socket")
        ack = next(one for one in frames if one["name"] == "ack")
        asked = next(one for one in frames if one["body"].get("envelope_id") == ack["body"]["envelope_id"])
        taken.append((ack["at"] - asked["at"]) * 1000)
    return _figures("suggested_in", taken)


def _hubot(stage: Stage) -> dict[str, Any]:
    if not shutil.which("npm"):
        return {"left_out": "npm is not here"}
    folder = stage.folder / "echo"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"left_out": f"npm could not install it: {done.stderr[-200:]}"}
    return _echo(stage, "hubot", ["node", str(folder / "hubot.mjs")])


def _echo(stage: Stage, name: str, command: list[str]) -> dict[str, Any]:
    """Return how soon a bot of that kind acknowledges a message and repeats it."""
    installed = stage.install(name, ["app_mention"] if name == "bolt" else ["message.channels"])
    stage.act("join", channel=f"#{CHANNEL}", person=name)
    clean = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment = {
        **clean,
        "SLACK_API_URL": f"{stage.address}/api/",
        "SLACK_BOT_TOKEN": installed["bot_token"],
        "SLACK_APP_TOKEN": installed["app_token"],
    }
    with (stage.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: stage.act("connections", app=installed["id"])["connections"] == 1, name)
        acks, answers = [], []
        for number in range(MESSAGES + WARM):
            since = stage.now()
            ts = _say(stage, f"@{name} deploy shop to place{number % PLACES}")
            ack, asked, answer = _when(stage, since, ts, app=installed["id"])
            if number >= WARM:
                acks.append((ack - asked) * 1000)
                answers.append((answer - asked) * 1000)
    finally:
        process.kill()
        process.wait()
    return {**_figures("message_to_ack", acks), **_figures("message_to_answer", answers)}


def _say(stage: Stage, text: str, channel: str = CHANNEL) -> str:
    return str(stage.act("say", person="ada", channel=f"#{channel}", text=text)["ts"])


def _when(stage: Stage, since: int, ts: str, app: str = "A0APP1") -> tuple[float, float, float]:
    """Return when the message's first envelope was acknowledged and when it was sent, and when it was answered."""
    found: list[float] = []

    def looked() -> bool:
        stage.act("wait", frame="chat.postMessage", since=since, seconds=PATIENCE_SECONDS)
        frames = [one for one in stage.frames(since) if one["app"] == app]
        sent = [
            one
            for one in frames
            if one["name"] == "events_api" and one["body"]["payload"]["event"].get("ts") == ts
        ]
        ids = [one["body"]["envelope_id"] for one in sent[:1]]
        acks = [one for one in frames if one["name"] == "ack" and one["body"]["envelope_id"] in ids]
        posts = [
            one
            for one in frames
            if one["name"] == "chat.postMessage"
            and one["direction"] == "from app"
            and _is_answer(one["body"], ts)
        ]
        if sent and acks and posts:
            found[:] = [acks[0]["at"], sent[0]["at"], posts[0]["at"]]
        return bool(found)

    until(looked, f"the answer to {ts}")
    return found[0], found[1], found[2]


def _is_answer(body: Any, ts: str) -> bool:
    """Tell whether a post answers that message: in its thread, or, as the bots do it, under it."""
    return body.get("thread_ts") in (ts, None, "") and "header" not in str(body.get("blocks") or "")[:40]


def _asked_at(stage: Stage) -> dict[int, float]:
    """Return when each deployment was accepted."""
    environment = {**CLEAN, "FUNADE_CONFIG": str(stage.folder / "funade.yaml")}
    command = [FUNADE, "history", "--json", "--limit", "1000"]
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    rows = json.loads(said)["deployments"]
    return {one["number"]: datetime.fromisoformat(one["asked_at"]).timestamp() for one in rows}


def _cpu_seconds(process: int) -> float:
    """Return what a process and its children that have ended have used, whatever else the machine does."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _figures(name: str, values: list[float]) -> dict[str, float]:
    return {f"{name}_p50_ms": median(values), f"{name}_p99_ms": percentile(values, 99)}
