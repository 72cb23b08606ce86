"""`target: {kind: kubernetes-job}` whole: `funade serve`, queues on a server, a controller of its own process."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from funade.domain.messages import ReportedLog
from funade.domain.orders import Execution
from funade.domain.queue_text import to_text
from tests.contracts.queues import KEYS, client, server
from tests.integration.queued_shop import Shop, controlling, furnish, serving, until
from tests.integration.stand_in import OUTPUT, WAITS_FOR

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WHOLE = b"".join(OUTPUT)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server("moto", tmp_path_factory.mktemp("moto")) as running:
        yield running


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str) -> Iterator[Shop]:
    other_side = getattr(request, "param", "stand_in")
    furnished = furnish(tmp_path, endpoint)
    with controlling(other_side, furnished.orders, furnished.facts, tmp_path):
        yield furnished


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
    good = shop.funade("check")
    assert good.returncode == 0, good.stdout
    shared = ", ".join(f"`{one.rpartition('/')[2]}`" for one in (shop.orders, shop.facts))
    assert (
        f"warning: `applications.shop.environments.staging.target.queue`: the queues {shared}" in good.stdout
    )
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


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_when_output_that_came_too_early_is_forgotten_keeps_each_byte_once(shop, moment):
    with serving(shop, f"store.forget_early_output:{moment}=kill") as child:
        assert shop.funade("deploy", "shop", "--yes", "--no-wait").returncode == 0
        until("its log is whole", lambda: shop.began() and shop.log() == WHOLE, shop)
        tell(shop, len(WHOLE) + 6, b"behind\n")
        until("it waits", lambda: early(shop) == 1, shop)
        tell(shop, len(WHOLE), b"first\n")
        until("it died", lambda: child.poll() is not None, shop)
        assert child.returncode == -signal.SIGKILL
    (shop.folder / "go").touch()
    with serving(shop):
        until("it ended", lambda: shop.shown().get("ended_at"), shop)
        until("nothing waits", lambda: early(shop) == 0, shop)
        assert shop.shown()["state"] == "succeeded"
    assert shop.log() == WHOLE + b"first\nbehind\n"
    assert left_of(shop) == []


def tell(shop: Shop, offset: int, content: bytes) -> None:
    """Say that the Job has written more, as its controller would."""
    shown = shop.shown()
    execution = Execution(
        deployment=shown["id"],
        number=shown["number"],
        attempt=1,
        fence=1,
        application="shop",
        environment="staging",
    )
    body = to_text(ReportedLog(execution=execution, offset=offset, content=content))
    client(shop.endpoint).send_message(QueueUrl=shop.facts, MessageBody=body)


def early(shop: Shop) -> int:
    """Return how many pieces of output wait for what stands in front of them."""
    with closing(sqlite3.connect(shop.folder / ".funade" / "store.sqlite")) as store:
        return int(store.execute("SELECT count(*) FROM early_output").fetchone()[0])


def left_of(shop: Shop) -> list[str]:
    """Return what nobody could deal with."""
    found = client(shop.endpoint).receive_message(QueueUrl=shop.dead, MaxNumberOfMessages=10)
    return [letter["Body"] for letter in found.get("Messages", [])]
