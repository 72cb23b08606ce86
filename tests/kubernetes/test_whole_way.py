"""From a person's deploy to hosts, by all parts at once: a server, queues, our controller, a pod with Capistrano.

The server is told to deploy; the order goes to a cluster through SQS; the controller there makes a Job; its pod is the
example's image, and deploys by OpenSSH, with a forwarded agent that opens the private repository for the host.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.queues import KEYS, REGION
from tests.integration.git_sshd import Sshd, sshd
from tests.integration.ssh_deployments import Source
from tests.kubernetes import images, pods
from tests.kubernetes.orders import Orders
from tests.kubernetes.pods import ECR, NAMESPACE, World

pytestmark = [pods.NEEDS, pods.TIMEOUT, pytest.mark.needs("sshd", "git"), pytest.mark.slow]

WITHIN_SECONDS = 120
FUNADE = [sys.executable, "-m", "funade"]
CONFIGURATION = """
applications:
  shop:
    repository: ./source
    environments:
      production:
        target:
          kind: kubernetes-job
          queue: {orders}
          facts: {facts}
          region: {region}
          access_key: env:SHOP_KEY
          secret_key: env:SHOP_SECRET
"""


@pytest.fixture(scope="module")
def world() -> World:
    return pods.shared()


@dataclass(frozen=True)
class Shop:
    """A host, a private repository, and a server that is to deploy the one to the other."""

    world: World
    folder: Path
    source: Source
    place: Path

    def funade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FUNADE, *arguments],
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_SECONDS,
        )

    def variables(self) -> dict[str, str]:
        keys = {"SHOP_KEY": KEYS.access_key, "SHOP_SECRET": KEYS.secret_key}
        own = {"AWS_CA_BUNDLE": str(self.world.authority), "LANG": "C.UTF-8", "HOME": "/nonexistent"}
        return {"PATH": os.environ["PATH"], **keys, **own}

    @contextmanager
    def serving(self) -> Iterator[None]:
        with (self.folder / "log").open("ab") as log:
            server = subprocess.Popen(
                [*FUNADE, "serve"], cwd=self.folder, env=self.variables(), stderr=log, stdout=log
            )
        try:
            until = time.monotonic() + WITHIN_SECONDS
            while self.funade("status", "--json").returncode != 0:
                assert server.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
            yield
        finally:
            server.terminate()
            try:
                server.wait(60)
            finally:
                server.kill()

    def shown(self) -> dict[str, Any]:
        return dict(json.loads(self.funade("show", "1", "--json").stdout)["deployment"])


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Iterator[Shop]:
    for name in ("web", "git"):
        (tmp_path / name).mkdir()
    source, place = Source(tmp_path / "source"), tmp_path / "place"
    with sshd(tmp_path / "web", world.node.host) as web, sshd(tmp_path / "git", world.node.host) as git:
        give_keys(world, tmp_path, web, git)
        queue = Orders(world, container(source, place, web, git), **spec())
        told = {"orders": queue.orders, "facts": queue.told, "region": REGION}
        (tmp_path / "funade.yaml").write_text(CONFIGURATION.format(**told))
        yield Shop(world, tmp_path, source, place)
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


def test_a_deploy_reaches_a_host_through_a_queue_and_a_pod_and_comes_back_as_it_was_seen(shop: Shop):
    wanted = shop.source.commit({"index.html": "wanted\n"})
    shop.source.commit({"index.html": "newer, and not asked for\n"})
    with shop.serving():
        ran = shop.funade("deploy", "shop", "production", wanted, "--yes", "--json")
        said = ran.stdout + ran.stderr + (shop.folder / "log").read_text()
        assert ran.returncode == 0, said + shop.world.controller_log()
        shown = shop.shown()
        output = shop.funade("logs", "1").stdout
    assert (shown["state"], shown["release"]["revision"]) == ("succeeded", wanted)
    assert (shop.place / "current" / "REVISION").read_text().strip() == wanted
    assert (shop.place / "current" / "index.html").read_text() == "wanted\n"
    assert shown["verified"]
    assert wanted in output
    assert "PRIVATE KEY" not in output
    assert shop.world.denied() == []
