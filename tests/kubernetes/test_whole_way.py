"""From a message in chat to hosts, by all parts at once: a server, queues, our controller, a pod with Capistrano.

Somebody types it in a workspace like Slack; the order goes to a cluster through SQS; the controller there makes a Job;
its pod is the example's image, and deploys by OpenSSH, with a forwarded agent that opens the private repository for the
host. What becomes of it is read where it was typed.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.crash.workspace import CHANNEL, Workspace
from tests.integration import queued_shop
from tests.integration.git_sshd import Sshd, sshd
from tests.integration.queued_shop import serving
from tests.integration.ssh_deployments import Source
from tests.kubernetes import images, pods
from tests.kubernetes.orders import Orders
from tests.kubernetes.pods import ECR, NAMESPACE, World

pytestmark = [pods.NEEDS, pods.TIMEOUT, pytest.mark.needs("sshd", "git"), pytest.mark.slow]

CONFIGURATION = """
people:
  ada: {{local: {uid}, slack: T0ACME/U0ADA}}
slack: {{bot_token: env:CRASH_SLACK_BOT, app_token: env:CRASH_SLACK_APP, url: "{slack}/api/"}}
applications:
  shop:
    repository: ./source
    channel: "{channel}"
    environments:
      production:
        rights: {{deploy: [ada]}}
        target: {target}
"""


@pytest.fixture(scope="module")
def world() -> World:
    return pods.shared()


@dataclass(frozen=True, kw_only=True)
class Shop(queued_shop.Shop):
    """A host, a private repository, a server that is to deploy the one to the other, and people who may ask it to."""

    world: World
    workspace: Workspace
    source: Source
    place: Path

    def until(self, what: str, look: Any) -> Any:
        try:
            return self.world.until(what, look)
        except AssertionError as error:
            error.add_note(self.words())
            raise

    def thread(self, ts: str) -> list[str]:
        """Return what Funade has said below a message."""
        below = [one for one in self.workspace.ours() if one.get("thread_ts") == ts != one["ts"]]
        return [unescape(one["text"]) for one in below]


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Iterator[Shop]:
    for name in ("web", "git"):
        (tmp_path / name).mkdir()
    source, place = Source(tmp_path / "source"), tmp_path / "place"
    with sshd(tmp_path / "web", world.node.host) as web, sshd(tmp_path / "git", world.node.host) as git:
        give_keys(world, tmp_path, web, git)
        queue = Orders(world, container(source, place, web, git), **spec())
        workspace = Workspace(tmp_path / "workspace")
        try:
            written = CONFIGURATION.format(
                uid=os.getuid(),
                slack=workspace.address,
                channel=CHANNEL,
                target=queued_shop.target(queue.orders, queue.told),
            )
            (tmp_path / "funade.yaml").write_text(written)
            own = {"AWS_CA_BUNDLE": str(world.authority), "FUNADE_LEASE_SECONDS": "6"}
            yield Shop(
                folder=tmp_path,
                endpoint=world.endpoint,
                orders=queue.orders,
                facts=queue.told,
                variables={**workspace.variables, **own},
                world=world,
                workspace=workspace,
                source=source,
                place=place,
            )
        finally:
            workspace.close()
            queue.remove()


def give_keys(world: World, folder: Path, web: Sshd, git: Sshd) -> None:
    """Make the Secret with which the container goes to the host, and to the repository through it."""
    (folder / "known_hosts").write_text(web.known_hosts.read_text())
    (folder / "git_known_hosts").write_text(git.known_hosts.read_text())
    files = {"web": web.key, "git": git.key, "known_hosts": folder / "known_hosts"}
    told = [f"--from-file={name}={path}" for name, path in files.items()]
    world.node.kubectl("create", "secret", "generic", "shop-deploy-ssh", "--namespace", NAMESPACE, *told)


def container(source: Source, place: Path, web: Sshd, git: Sshd) -> dict[str, Any]:
    variables = {
        "SHOP_REPOSITORY": git.url(source.folder),
        "SHOP_GIT_KNOWN_HOSTS": str(place.parent / "git_known_hosts"),
        "SHOP_PATH": str(place),
        "SHOP_HOSTS": f"{web.user}@{web.address}:{web.port}",
    }
    return {
        "image": f"{ECR}/{images.shop_deploy()}",
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "volumeMounts": [{"name": "ssh", "mountPath": "/home/deploy/.ssh", "readOnly": True}],
    }


def spec() -> dict[str, Any]:
    """Return what `deploy/kubernetes/samples/shop.yaml` says beside."""
    user = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
    secret = {"secretName": "shop-deploy-ssh", "defaultMode": 0o400}
    volumes = [{"name": "ssh", "secret": secret}]
    login = [{"name": pods.LOGIN}]
    return {
        "arguments": ["cap", "{environment}", "deploy"],
        "pod": {"securityContext": user, "volumes": volumes, "imagePullSecrets": login},
    }


def test_what_somebody_types_reaches_a_host_through_a_queue_and_a_pod_and_its_end_is_read_there(shop: Shop):
    wanted = shop.source.commit({"index.html": "wanted\n"})
    shop.source.git("tag", "v1.2.0", wanted)
    shop.source.commit({"index.html": "newer, and not asked for\n"})
    workspace = shop.workspace
    with serving(shop):
        shop.until("a bot that listens", lambda: workspace.act("connections", app="")["connections"])
        workspace.say("ada", "@funade deploy shop production v1.2.0")
        shop.until("an end in chat", lambda: workspace.is_shown(1, "succeeded"))
        shown = shop.shown()
        card = workspace.card(1, "succeeded")
        shop.until("the end in the thread", lambda: any("succeeded" in one for one in shop.thread(card)))
        output = shop.funade("logs", "1").stdout
        # A long log fills several messages: whoever wants to read on is told how.
        begins = output.strip().splitlines()[0]
        workspace.act("say", person="ada", channel=CHANNEL, text="@funade logs 1", thread_ts=card)
        shop.until("the log in the thread", lambda: any(begins in one for one in shop.thread(card)))
        thread = "\n".join(shop.thread(card))
    assert (shown["state"], shown["release"]["revision"]) == ("succeeded", wanted)
    assert (shop.place / "current" / "REVISION").read_text().strip() == wanted
    assert (shop.place / "current" / "index.html").read_text() == "wanted\n"
    assert shown["verified"]
    assert wanted in output
    assert "PRIVATE KEY" not in output + thread
    assert len(workspace.cards(1)) == 1
    assert shop.world.denied() == []
