"""`target: {kind: kubernetes-job}` whole: `funade serve`, queues on a server, a controller of its own process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.architecture.source import ROOT
from tests.contracts.queues import KEYS, REGION, client, create, server
from tests.integration.stand_in import OUTPUT, WAITS_FOR

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FUNADE = [sys.executable, "-m", "funade"]
WITHIN_SECONDS = 120
WHOLE = b"".join(OUTPUT)
CONFIGURATION = """
applications:
  shop:
    repository: ./shop
    environments:
      staging:
        target:
          kind: kubernetes-job
          queue: {orders}
          facts: {facts}
          region: {region}
          access_key: env:SHOP_KEY
          secret_key: env:SHOP_SECRET
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server("moto", tmp_path_factory.mktemp("moto")) as running:
        yield running


@dataclass(frozen=True)
class Shop:
    """A folder with a configuration, and the queues that it names."""

    folder: Path
    endpoint: str
    orders: str
    facts: str
    dead: str

    def funade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*FUNADE, *arguments],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=WITHIN_SECONDS,
        )

    def shown(self) -> dict[str, Any]:
        """Return deployment 1 as `funade show` tells it; empty while nobody answers."""
        said = self.funade("show", "1", "--json").stdout
        return dict(json.loads(said).get("deployment") or {}) if said else {}

    def log(self) -> bytes:
        """Return the log of deployment 1, as it is kept."""
        logs = sorted((self.folder / ".funade" / "attempts").glob("*/*/output.log"))
        return logs[-1].read_bytes() if logs else b""

    def began(self) -> list[dict[str, Any]]:
        """Return what began in the cluster."""
        try:
            return [json.loads(line) for line in (self.folder / "began").read_text().splitlines()]
        except FileNotFoundError:
            return []


def environment(traps: str = "") -> dict[str, str]:
    armed = {"FUNADE_FAILPOINTS": traps} if traps else {}
    given = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    keys = {"SHOP_KEY": KEYS.access_key, "SHOP_SECRET": KEYS.secret_key}
    return {**given, **armed, **keys, "FUNADE_LEASE_SECONDS": "1", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str) -> Iterator[Shop]:
    other_side = getattr(request, "param", "stand_in")
    name = uuid4().hex
    dead = create(endpoint, f"dead-{name}")
    arn = f"arn:aws:sqs:{REGION}:{dead.split('/')[-2]}:{dead.split('/')[-1]}"
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": 5}
    orders, facts = create(endpoint, name, policy), create(endpoint, f"told-{name}", policy)
    (tmp_path / "funade.yaml").write_text(CONFIGURATION.format(orders=orders, facts=facts, region=REGION))
    git = ["git", "-C", str(tmp_path / "shop"), "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "shop")], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)
    with controlling(other_side, orders, facts, tmp_path):
        yield Shop(tmp_path, endpoint, orders, facts, dead)


@contextmanager
def controlling(other_side: str, orders: str, facts: str, folder: Path) -> Iterator[None]:
    with (folder / "controller.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", f"tests.integration.{other_side}", orders, facts, str(folder)],
            cwd=ROOT,
            env={"PATH": os.defpath, "HOME": "/nonexistent"},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        child.kill()
        child.wait()


@contextmanager
def serving(shop: Shop, traps: str = "") -> Iterator[subprocess.Popen[bytes]]:
    with (shop.folder / "log").open("ab") as log:
        child = subprocess.Popen(
            [*FUNADE, "serve"], cwd=shop.folder, env=environment(traps), stderr=log, stdout=log
        )
    try:
        until("the server answers", lambda: child.poll() is not None or answers(shop), shop)
        yield child
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()


def answers(shop: Shop) -> bool:
    socket = shop.folder / ".funade" / "run" / "funade.sock"
    return socket.exists() and shop.funade("status", "--json").returncode == 0


def until(what: str, happens: Callable[[], object], shop: Shop) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not happens():
        assert time.monotonic() < end, (
            f"not in time: {what}\n{shop.shown()}\n"
            + (shop.folder / "log").read_text()[-3000:]
            + (shop.folder / "controller.log").read_text()[-3000:]
        )
        time.sleep(0.1)


def test_a_deploy_goes_through_the_queues_to_its_seen_end(shop):
    (shop.folder / "go").touch()
    with serving(shop):
        ran = shop.funade("deploy", "shop", "--yes", "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr + (shop.folder / "log").read_text()
        shown = shop.shown()
        assert (shown["state"], shown["attempt"]) == ("succeeded", 1)
        assert shop.log() == WHOLE
        [began] = shop.began()
        assert began == {"deployment": shown["id"], "attempt": 1, "revision": shown["release"]["revision"]}
        assert json.loads((shop.folder / "orders").read_text()) == [shown["digest"]]
        assert b"deploy:finished" in shop.funade("logs", "1").stdout.encode()
    everything = (shop.folder / "log").read_text() + ran.stdout + ran.stderr
    assert KEYS.secret_key not in everything


def test_a_server_that_was_killed_goes_on_where_its_place_is(shop):
    with serving(shop) as child:
        assert shop.funade("deploy", "shop", "--yes", "--no-wait").returncode == 0
        until("it runs", lambda: shop.shown().get("phase") == "executing" and shop.began(), shop)
        child.kill()
        child.wait()
    (shop.folder / "go").touch()
    with serving(shop):
        until("it ended", lambda: shop.shown().get("state") == "succeeded", shop)
        assert len(shop.began()) == 1
        until("its log is whole", lambda: shop.log() == WHOLE, shop)


@pytest.mark.parametrize("shop", ["cluster_in_memory"], indirect=True)
def test_the_controller_itself_makes_one_job_of_each_order(shop):
    with serving(shop):
        for number in (1, 2):
            ran = shop.funade("deploy", "shop", "--yes", "--json")
            said = ran.stdout + ran.stderr + (shop.folder / "controller.log").read_text()
            assert ran.returncode == 0, said
            assert json.loads(ran.stdout)["deployment"]["number"] == number
    assert len((shop.folder / "jobs").read_text().split()) == 2
    assert left_of(shop) == []


def test_a_cancel_goes_through_the_queue(shop):
    with serving(shop):
        assert shop.funade("deploy", "shop", "--yes", "--no-wait").returncode == 0
        until("it runs", lambda: shop.shown().get("phase") == "executing" and shop.began(), shop)
        shop.funade("cancel", "1")
        until("it ended", lambda: shop.shown().get("ended_at"), shop)
        # What the cancelled Job left behind nobody can see from here.
        assert "cancelled" in json.dumps(shop.shown()["because"])
        assert shop.shown()["state"] == "failed"


def test_what_nobody_can_read_is_set_aside_shown_sent_again_and_thrown_away(shop):
    def letters(*arguments: str) -> list[dict[str, Any]]:
        ran = shop.funade("queue", "list", name, "--json")
        assert ran.returncode == 0, ran.stderr
        return list(json.loads(ran.stdout))

    name = shop.facts.rpartition("/")[2]
    client(shop.endpoint).send_message(QueueUrl=shop.facts, MessageBody="no JSON at all")
    with serving(shop):
        until("it is set aside", letters, shop)
        until("people are told", lambda: len(told_of_letters(shop)) == 1, shop)
        until("it is shown", lambda: "`" + name + "`" in shop.funade("status").stdout, shop)
        assert "no JSON at all" in shop.funade("queue", "list", name).stdout
        assert "1" in shop.funade("queue", "redrive", name).stdout
        until("it came back", letters, shop)
    [letter] = letters()
    assert "no JSON" in letter["problem"]
    assert shop.funade("queue", "discard", name, "nonsense").returncode == 6
    assert shop.funade("queue", "discard", name, letter["id"]).returncode == 0
    assert letters() == []
    wrong = shop.funade("queue", "list", name + "x")
    assert wrong.returncode == 6
    assert f"did you mean `{name}`?" in wrong.stderr


def test_a_check_asks_both_queues(shop):
    assert shop.funade("check").returncode == 0, shop.funade("check").stdout
    client(shop.endpoint).delete_queue(QueueUrl=shop.facts)
    ran = shop.funade("check")
    assert ran.returncode == 6
    assert "target.facts" in ran.stdout
    assert "there is no queue" in ran.stdout


#: Each effect on this way, and at which of its hits: the first thing that a server sends is a look, then the start.
DEATHS = [
    f"{name}:{moment}=kill@{hit}"
    for name, hit in (
        ("store.claim_start", 1),
        ("queue.send", 2),
        ("store.add_facts", 2),
        ("logs.write", 1),
        ("queue.delete", 2),
    )
    for moment in ("before", "after")
]


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_at_any_effect_starts_nothing_twice_and_loses_nothing(shop, death):
    (shop.folder / "go").touch()
    with serving(shop, death) as child:
        shop.funade("deploy", "shop", "--yes", "--no-wait")
        until("it died", lambda: child.poll() is not None, shop)
        assert child.returncode == -signal.SIGKILL
    with serving(shop):
        until("it ended", lambda: shop.shown().get("ended_at"), shop)
        shown = shop.shown()
        assert shown["state"] == "succeeded", shown
        attempts = [(one["deployment"], one["attempt"]) for one in shop.began()]
        assert len(attempts) == len(set(attempts)) == 1, attempts
        until("its log is whole", lambda: shop.log() == WHOLE, shop)
    assert left_of(shop) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_job_waits_for_is_told_once_whoever_dies_in_telling_it(shop, moment):
    with serving(shop, f"store.note_progress:{moment}=kill@1") as child:
        assert shop.funade("deploy", "shop", "--yes", "--no-wait").returncode == 0
        until("it died", lambda: child.poll() is not None, shop)
        assert child.returncode == -signal.SIGKILL
    with serving(shop):
        until("it is known", lambda: WAITS_FOR in shop.funade("why", "1").stdout, shop)
        assert shop.funade("why", "1").stdout.startswith("#1 starting: no node takes its Pod")
        until("it is told", lambda: WAITS_FOR in json.dumps(told_in_journal(shop)), shop)
        (shop.folder / "go").touch()
        until("it ended", lambda: shop.shown().get("state") == "succeeded", shop)
    assert [one["kind"] for one in told_in_journal(shop)].count("progress_told") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_people_are_told_of_dead_letters_once_whoever_dies_in_telling_it(shop, moment):
    client(shop.endpoint).send_message(QueueUrl=shop.facts, MessageBody="no JSON at all")
    with serving(shop, f"store.tell_letters:{moment}=kill@1") as child:
        until("it died", lambda: child.poll() is not None, shop)
        assert child.returncode == -signal.SIGKILL
    with serving(shop):
        until("people are told", lambda: told_of_letters(shop), shop)
        until("it is shown", lambda: shop.facts.rpartition("/")[2] in shop.funade("status").stdout, shop)
    [told] = told_of_letters(shop)
    assert told["number"] == 1
    assert told["holds"] == "both"
    assert told["used_by"] == ["shop/staging"]
    assert told["problems"] == ["no JSON: Expecting value"]


def told_of_letters(shop: Shop) -> list[dict[str, Any]]:
    """Return what was announced of dead letters."""
    return [one for one in told_in_journal(shop) if one["kind"] == "dead_letters_found"]


def told_in_journal(shop: Shop) -> list[dict[str, Any]]:
    """Return what was announced."""
    journal = shop.folder / ".funade" / "announcements.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [json.loads(line)["event"]["happening"] for line in lines]


def left_of(shop: Shop) -> list[str]:
    """Return what nobody could deal with."""
    found = client(shop.endpoint).receive_message(QueueUrl=shop.dead, MaxNumberOfMessages=10)
    return [letter["Body"] for letter in found.get("Messages", [])]
