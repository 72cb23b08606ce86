"""From a message in chat to a Job: how soon, beside the same calls made bare by a program that does nothing else.

A workspace, `funade serve`, ElasticMQ (or ministack, where there is no JDK: `queues` says which), `funade controller`
under the rights that are shipped, each a process of its own on loopback, and a real etcd and kube-apiserver 1.34. 80
messages `@funade deploy shop3 to place5`, each for another environment, each when the deployment before is over: from
the moment at which the workspace puts it on the socket until a watch of aiohttp shows the Job. The workspace's journal,
the store and the watch tell the parts; what was asked of the cluster before is a whole way there and back.

After each, in the same run, the same sentence to a bot that only makes the calls, one after the other, on aiohttp and
aiobotocore: the acknowledgement, `chat.postMessage`, `git ls-remote`, one row committed as durably as ours, the send,
a long poll's receive, the DeployGuard and the Job. `ratio_p50` is to all of these; `_no_record` leaves out the row,
without which a bot would lose what was asked of it; `_no_record_no_post` the answer too, which need not be there before
the Job. `_asking_first` adds what Funade does before it writes a start down, so that what cannot begin now waits in the
queue: it asks the place, which is a send, a receive, a look at the DeployGuard, a send and a receive of the answer.
"""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from statistics import median
from typing import Any, Self

import aiohttp

from benchmarks._cluster import GUARDS, JOBS, Heard, Stage, fresh, listening, on_stage
from benchmarks._ground import CLEAN, FUNADE, percentile
from benchmarks._workspace import PATIENCE_SECONDS, Workspace, until
from funade.domain.queue_text import to_text
from tests.contracts.queues import KEYS, REGION
from tests.kubernetes.shipped import order, process

MESSAGES, WARM = 80, 8
#: Slack takes one post a second in each channel, and a deployment makes five.
APPLICATIONS, PLACES = 15, 10
CHANNEL = "deploy-bare"
#: what a bare bot may leave out, and what its figures are called then
WITHOUT = {
    "_asking_first": (),
    "": ("question",),
    "_no_record": ("question", "row"),
    "_no_record_no_post": ("question", "row", "post"),
}


def run() -> dict[str, Any]:
    """Return the figures; or why it was left out."""
    return on_stage(_measure)


async def _measure(stage: Stage) -> dict[str, Any]:
    namespace, kubeconfig, [url] = await stage.place("shop")
    facts = await stage.queue(f"{namespace}-facts")
    with Workspace(stage.folder) as workspace:
        workspace.act("switch", switches={"rate_limits": False})
        async with (
            process(kubeconfig, namespace, stage.folder, "--alone"),
            listening(stage, namespace) as heard,
            Bare.opened(stage, workspace) as bare,
        ):
            with _serving(stage, workspace, url, facts):
                await stage.until_ready(namespace)
                ours, theirs = [], []
                for number in range(MESSAGES + WARM):
                    ours.append(await _one(stage, workspace, heard, number))
                    guard = await _guard_of(stage, namespace, ours[-1]["deployment"])
                    theirs.append(await bare.one(number, guard, ours[-1]["object"]))
    return _figures([_parts(stage, one) for one in ours[WARM:]], theirs[WARM:])


@contextmanager
def _serving(stage: Stage, workspace: Workspace, orders: str, facts: str) -> Iterator[None]:
    """Keep a server in the workspace meanwhile, whose places are behind the queues."""
    target = {
        "kind": "kubernetes-job",
        "queue": orders,
        "facts": facts,
        "region": REGION,
        "access_key": "env:SQS_KEY",
        "secret_key": "env:SQS_SECRET",
    }
    places = {f"place{number}": {"rights": {"deploy": ["ada"]}, "target": target} for number in range(PLACES)}
    applications = {}
    for number in range(APPLICATIONS):
        workspace.act("make_channel", name=f"deploy-{number}")
        applications[f"shop{number}"] = {
            "repository": "shop",
            "default_ref": "main",
            "channel": f"#deploy-{number}",
            "environments": places,
        }
    file = stage.folder / "funade.yaml"
    people = {"ada": {"slack": "T0ACME/U0ADA", "local": os.getuid()}}
    written = {"people": people, "slack": workspace.settings, "applications": applications}
    file.write_text(json.dumps(written))
    keys = {"SQS_KEY": KEYS.access_key, "SQS_SECRET": KEYS.secret_key}
    environment = {**CLEAN, "FUNADE_CONFIG": str(file), **workspace.variables, **keys}
    with (stage.folder / "serve.log").open("wb") as log:
        server = subprocess.Popen([FUNADE, "serve"], env=environment, stdout=log, stderr=log)
    try:
        until(lambda: workspace.act("connections", app="")["connections"] == 2, "Funade's sockets")
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


async def _one(stage: Stage, workspace: Workspace, heard: Heard, number: int) -> dict[str, Any]:
    """Return what became of one message: the Job, when it was there, and when the message was put on the socket."""
    shop, place = f"shop{number % APPLICATIONS}", f"place{number // APPLICATIONS}"
    since, known = workspace.now(), set(heard.created)
    said = await _say(workspace, f"@funade deploy {shop} to {place}", f"deploy-{number % APPLICATIONS}")
    await heard.until(lambda: len(heard.created) > len(known))
    [deployment] = set(heard.created) - known
    at = heard.created[deployment] + time.time() - time.perf_counter()
    await heard.until(lambda: not heard.now[deployment]["spec"]["suspend"])
    job = heard.now[deployment]
    await stage.cluster.finish(JOBS.format(job["metadata"]["namespace"]), job)
    ended = f"#{number + 1} {shop} → {place}: succeeded"
    channel = f"#deploy-{number % APPLICATIONS}"
    await asyncio.to_thread(workspace.act, "wait", channel=channel, text=ended, seconds=PATIENCE_SECONDS)
    frames = await asyncio.to_thread(workspace.frames, since)
    sent = next(one for one in frames if one["name"] == "events_api" and _event(one).get("ts") == said)
    ack = next(
        one
        for one in frames
        if one["name"] == "ack" and one["body"]["envelope_id"] == sent["body"]["envelope_id"]
    )
    return {"deployment": deployment, "object": job, "sent": sent["at"], "ack": ack["at"], "job": at}


def _event(frame: Any) -> Any:
    return frame["body"]["payload"]["event"]


async def _say(workspace: Workspace, text: str, channel: str) -> str:
    said = await asyncio.to_thread(workspace.act, "say", person="ada", channel=f"#{channel}", text=text)
    return str(said["ts"])


async def _guard_of(stage: Stage, namespace: str, deployment: str) -> Any:
    found = await stage.cluster.list(GUARDS.format(namespace))
    return next(one for one in found if deployment in json.dumps(one))


def _parts(stage: Stage, one: dict[str, Any]) -> dict[str, float]:
    """Return where the time of one message went, in milliseconds."""
    asked = {"id": one["deployment"]}
    with closing(sqlite3.connect(stage.folder / ".funade" / "store.sqlite")) as store:
        [accepted] = store.execute("SELECT min(at) FROM events WHERE deployment = :id", asked).fetchone()
        given = dict(
            store.execute('SELECT "order", given_at FROM orders WHERE deployment = :id', asked).fetchall()
        )
        [looked] = store.execute(
            "SELECT min(at) FROM facts WHERE deployment = :id AND fence = 0", asked
        ).fetchone()
    moments = {
        "message_to_ack": one["ack"],
        "ack_to_accepted": _moment(accepted),
        "accepted_to_place_asked": _moment(looked) if looked else _moment(accepted),
        "place_asked_to_order": _moment(given["sent"]),
        "order_to_job": one["job"],
    }
    before, parts = one["sent"], {}
    for name, at in moments.items():
        parts[name] = (at - before) * 1000
        before = at
    return {"message_to_job": (one["job"] - one["sent"]) * 1000, **parts}


def _moment(stored: str) -> float:
    return datetime.fromisoformat(stored).timestamp()


class Bare:
    """A bot that makes the calls of one deployment, one after the other, and nothing else."""

    def __init__(
        self, stage: Stage, workspace: Workspace, http: aiohttp.ClientSession, app: Any, url: str
    ) -> None:
        self._stage, self._workspace, self._http, self._app, self._url = stage, workspace, http, app, url
        self._namespace = stage.plane.new_namespace()
        self._store = sqlite3.connect(
            stage.folder / "bare.sqlite", isolation_level=None, check_same_thread=False
        )
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=FULL")
        self._store.execute("CREATE TABLE orders (id TEXT PRIMARY KEY, body TEXT)")
        self._socket: aiohttp.ClientWebSocketResponse

    @classmethod
    @asynccontextmanager
    async def opened(cls, stage: Stage, workspace: Workspace) -> AsyncIterator[Self]:
        """Give it, connected to the workspace."""
        _repository(stage)
        workspace.act("make_channel", name=CHANNEL)
        app = workspace.install("bare", ["app_mention"])
        workspace.act("join", channel=f"#{CHANNEL}", person="bare")
        async with aiohttp.ClientSession() as http:
            bare = cls(stage, workspace, http, app, await stage.queue("bare"))
            opened = await bare._call("apps.connections.open", app["app_token"])
            async with http.ws_connect(opened["url"]) as bare._socket:
                await bare._socket.receive_json()
                yield bare
            bare._store.close()

    async def one(self, number: int, guard: Any, job: Any) -> dict[str, float]:
        """Return what each call took for one message, in milliseconds."""
        reading = self._reading()
        since = self._workspace.now()
        said = await _say(self._workspace, f"@bare deploy shop to place{number}", CHANNEL)
        envelope = await self._socket.receive_json()
        marks = {}
        await self._socket.send_json({"envelope_id": envelope["envelope_id"]})
        began = marks["ack"] = time.time()
        event = envelope["payload"]["event"]
        await self._call(
            "chat.postMessage",
            self._app["bot_token"],
            channel=event["channel"],
            thread_ts=event["ts"],
            text="deploying",
        )
        marks["post"] = time.time()
        await self._resolve()
        marks["git"] = time.time()
        body = to_text(order(f"shop{number}"))
        await asyncio.to_thread(self._keep, str(number), body)
        marks["row"] = time.time()
        await self._send(body)
        marks["send"] = time.time()
        message = await self._received(reading)
        marks["receive"] = time.time()
        [new_guard], [new_job] = fresh([guard], self._namespace), fresh([job], self._namespace)
        await self._stage.cluster.send("POST", GUARDS.format(self._namespace), new_guard)
        marks["guard"] = time.time()
        await self._stage.cluster.send("POST", JOBS.format(self._namespace), new_job)
        marks["job"] = time.time()
        await self._delete(message)
        question = await self._ask(new_guard["metadata"]["name"], body)
        frames = await asyncio.to_thread(self._workspace.frames, since)
        sent = next(
            one
            for one in frames
            if one["name"] == "events_api" and one["app"] == self._app["id"] and _event(one).get("ts") == said
        )
        taken, before = {"ack": (began - sent["at"]) * 1000}, began
        for name, at in list(marks.items())[1:]:
            taken[name], before = (at - before) * 1000, at
        return {**taken, "question": question}

    async def _ask(self, guard: str, body: str) -> float:
        """Return how long it takes to ask what the cluster knows, and to be told."""
        reading = self._reading()
        await asyncio.sleep(0.02)
        began = time.time()
        await self._send(body)
        asked = await self._received(reading)
        back = self._reading()
        await self._stage.cluster.send("GET", f"{GUARDS.format(self._namespace)}/{guard}")
        await self._send(body)
        answer = await self._received(back)
        took = (time.time() - began) * 1000
        await self._delete(asked)
        await self._delete(answer)
        return took

    def _reading(self) -> "asyncio.Task[Any]":
        """Return a long poll that has begun."""
        return asyncio.create_task(
            self._stage.sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=1, WaitTimeSeconds=20)
        )

    async def _send(self, body: str) -> None:
        await self._stage.sqs.send_message(QueueUrl=self._url, MessageBody=body)

    async def _received(self, reading: "asyncio.Task[Any]") -> Any:
        [message] = (await reading)["Messages"]
        return message

    async def _delete(self, message: Any) -> None:
        await self._stage.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _keep(self, id: str, body: str) -> None:
        self._store.execute("INSERT INTO orders VALUES (?, ?)", (id, body))

    async def _resolve(self) -> None:
        asked = await asyncio.create_subprocess_exec(
            *("git", "ls-remote", "--end-of-options", str(self._stage.folder / "shop"), "refs/heads/main"),
            stdout=subprocess.PIPE,
            env=CLEAN,
        )
        await asked.communicate()

    async def _call(self, method: str, token: str, **arguments: Any) -> Any:
        async with self._http.post(
            f"{self._workspace.address}/api/{method}",
            json=arguments,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            said = await answer.json()
        if not said["ok"]:
            message = f"{method}: {said}"
            raise RuntimeError(message)
        return said


def _repository(stage: Stage) -> None:
    shop = stage.folder / "shop"
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(shop)], env=CLEAN, check=True)
    subprocess.run(
        ["git", *author, "commit", "-qm", "Begin", "--allow-empty"], cwd=shop, env=CLEAN, check=True
    )


def _figures(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> dict[str, Any]:
    totals = {
        name: [sum(taken for call, taken in one.items() if call not in left) for one in theirs]
        for name, left in WITHOUT.items()
    }
    wholes = [one["message_to_job"] for one in ours]
    parts: dict[str, list[float]] = defaultdict(list)
    for one in ours:
        for name, taken in one.items():
            parts[name].append(taken)
    calls = {name: [one[name] for one in theirs] for name in theirs[0]}
    return {
        "messages": len(ours),
        **{f"{name}_{key}": value for name, values in parts.items() for key, value in _two(values).items()},
        **{
            f"bare{name}_{key}": value
            for name, values in totals.items()
            for key, value in _two(values).items()
        },
        **{f"ratio_p50{name}": median(wholes) / median(values) for name, values in totals.items()},
        "bare_calls": {f"{name}_p50_ms": median(values) for name, values in calls.items()},
    }


def _two(values: list[float]) -> dict[str, float]:
    return {"p50_ms": median(values), "p99_ms": percentile(values, 99)}
