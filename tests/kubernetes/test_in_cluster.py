"""Our controller in a real cluster: from our own image, applied as people apply it, and pods that really run."""

import json
from collections.abc import Iterator

import pytest

from funade.domain.orders import EndedBy
from tests.kubernetes import images, pods
from tests.kubernetes.orders import REVISION, Orders
from tests.kubernetes.pods import CONTROLLER, NAMESPACE, World

pytestmark = [pods.NEEDS, pods.TIMEOUT, pytest.mark.slow]

TAKING_OVER = ("--server-side", "--force-conflicts")
#: runs until somebody writes `/go` into it
WAITING = "echo begun; while ! test -e /go; do sleep 0.1; done; echo gone"


@pytest.fixture(scope="module")
def world() -> World:
    return pods.shared()


@pytest.fixture(autouse=True)
def nothing_was_denied(world: World) -> Iterator[None]:
    yield
    assert world.denied() == []


def shell(script: str) -> dict[str, object]:
    return {"image": images.SMALL, "command": ["sh", "-c", script]}


def test_an_order_becomes_one_pod_whose_output_and_end_are_told(world: World):
    saw = json.dumps({"shown": "web1: f5c0df1", "revision": REVISION})
    queue = Orders(world, shell(f"echo deploying $REVISION; echo '{saw}' > /dev/termination-log"))
    order = queue.order(times=3)
    end = queue.end(order)
    assert (end.ending.by, end.ending.exit_code) == (EndedBy.ITSELF, 0)
    assert end.observed is not None
    assert end.observed.revision == REVISION
    assert queue.output(order) == f"deploying {REVISION}\n".encode()
    assert len(queue.pods()) == 1
    shown = world.node.kubectl("get", "deployqueue", queue.name, "--namespace", NAMESPACE, "--output=wide")
    assert "orders are taken from its queue" in shown
    queue.remove()


def test_what_fails_in_a_pod_is_told_with_its_status(world: World):
    queue = Orders(world, shell("echo out; echo err >&2; exit 7"))
    order = queue.order()
    assert queue.end(order).ending.exit_code == 7
    assert sorted(queue.output(order).split()) == [b"err", b"out"]


def test_a_job_that_runs_survives_the_end_of_everything_else_and_is_told_afterwards(world: World):
    queue = Orders(world, shell(WAITING))
    order = queue.order()
    pod = queue.running_pod()
    world.prune()
    delete = ("delete", "deployqueue", queue.name, "--namespace", NAMESPACE, "--wait=false")
    world.node.kubectl(*delete)
    assert queue.running_pod() == pod
    world.apply(*TAKING_OVER)
    queue.run("touch /go")
    assert queue.end(order).ending.exit_code == 0
    assert queue.output(order) == b"begun\ngone\n"
    world.until("the DeployQueue goes", lambda: not world.has("deployqueue", queue.name))


@pytest.mark.parametrize("how", [TAKING_OVER[:1], ()], ids=["server", "client"])
def test_to_apply_it_once_more_changes_nothing(world: World, how: tuple[str, ...]):
    # Whoever comes second with the other way of applying takes the fields over, once.
    world.apply(*(TAKING_OVER if how else how))
    before = world.generations()
    said = world.node.kubectl("apply", *how, "-k", str(world.overlay))
    assert world.generations() == before
    if not how:
        assert {line.rpartition(" ")[2] for line in said.splitlines()} == {"unchanged"}
    assert world.node.kubectl("diff", *how, "-k", str(world.overlay)) == ""


def test_its_account_may_do_what_is_written_down_and_nothing_else(world: World):
    role = json.loads(
        world.node.kubectl("get", "role", "funade-controller", "--namespace", NAMESPACE, "--output=json")
    )
    written = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert world.rights(CONTROLLER, NAMESPACE) == written
    assert world.rights(CONTROLLER, "default") == set()
    everybody = world.rights("system:serviceaccount:default:default", "default")
    assert everybody == set()
