"""What tests of `kubernetes-job` share: an application whose place is behind two queues, and processes around it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.architecture.source import ROOT
from tests.contracts.queues import KEYS, REGION, create

FUNADE = [sys.executable, "-m", "funade"]
WITHIN_SECONDS = 120
CONFIGURATION = """
applications:
  shop:
    repository: ./shop
    environments:
      staging:
        target: {target}
"""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A folder with a configuration, and the queues that it names."""

    folder: Path
    endpoint: str
    orders: str
    facts: str
    dead: str = ""
    #: what processes find in their environment beside the usual
    variables: Mapping[str, str] = field(default_factory=dict)

    def funade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return ask(self.folder, environment(**self.variables), *arguments)

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

    def answers(self) -> bool:
        """Tell whether a server does."""
        socket = self.folder / ".funade" / "run" / "funade.sock"
        return socket.exists() and self.funade("status", "--json").returncode == 0

    def words(self) -> str:
        """Return what the processes have said at last."""
        logs = [path for name in ("log", "controller.log") if (path := self.folder / name).exists()]
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in logs)


def ask(folder: Path, variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*FUNADE, *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=WITHIN_SECONDS,
    )


def environment(**more: str) -> dict[str, str]:
    """Return what a process finds in its environment."""
    given = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    keys = {"SHOP_KEY": KEYS.access_key, "SHOP_SECRET": KEYS.secret_key}
    usual = {"FUNADE_LEASE_SECONDS": "1", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    return {**given, **keys, **usual, **more}


def target(orders: str, facts: str) -> str:
    """Return what a configuration says of a place behind these queues, on one line."""
    said = {
        "kind": "kubernetes-job",
        "queue": orders,
        "facts": facts,
        "region": REGION,
        "access_key": "env:SHOP_KEY",
        "secret_key": "env:SHOP_SECRET",
    }
    return json.dumps(said)


def make_queues(endpoint: str, *, deliveries: int = 5) -> tuple[str, str, str]:
    """Return new queues for orders and for facts, and the one where both leave their dead letters."""
    name = uuid4().hex
    dead = create(endpoint, f"dead-{name}")
    arn = f"arn:aws:sqs:{REGION}:{dead.split('/')[-2]}:{dead.split('/')[-1]}"
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": deliveries}
    return create(endpoint, name, policy), create(endpoint, f"told-{name}", policy), dead


def make_repository(folder: Path) -> None:
    """Make a repository with one commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)


def furnish(folder: Path, endpoint: str) -> Shop:
    """Return a new shop in that folder, with a repository and queues of its own."""
    orders, facts, dead = make_queues(endpoint)
    (folder / "funade.yaml").write_text(CONFIGURATION.format(target=target(orders, facts)))
    make_repository(folder / "shop")
    return Shop(folder=folder, endpoint=endpoint, orders=orders, facts=facts, dead=dead)


@contextmanager
def controlling(other_side: str, orders: str, facts: str, folder: Path) -> Iterator[None]:
    """Keep a controller running meanwhile: one of the programs in this folder."""
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
    """Keep a server running meanwhile, that is asked to end at last, and does."""
    armed = {"FUNADE_FAILPOINTS": traps} if traps else {}
    variables = environment(**shop.variables, **armed)
    with (shop.folder / "log").open("ab") as log:
        child = subprocess.Popen([*FUNADE, "serve"], cwd=shop.folder, env=variables, stderr=log, stdout=log)
    try:
        until("the server answers", lambda: child.poll() is not None or shop.answers(), shop)
        yield child
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()


def until(what: str, happens: Callable[[], object], shop: Shop) -> None:
    """Return once it happens."""
    end = time.monotonic() + WITHIN_SECONDS
    while not happens():
        assert time.monotonic() < end, f"not in time: {what}\n{shop.shown()}\n{shop.words()}"
        time.sleep(0.1)
