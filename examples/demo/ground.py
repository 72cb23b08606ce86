"""What the demo stands on: a repository with a little history, a place to deploy it to, and the configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

EXAMPLE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 20

ADA, BOB, CY = ("Ada", "ada@acme.example"), ("Bob", "bob@acme.example"), ("Cy", "cy@acme.example")

PEOPLE = """\
# Written by bin/demo. Everything in it is explained in docs/how-to/configure.md.
people:
  ada: {{local: {user}, slack: T0ACME/U0ADA}} # that is you
  bob: {{slack: T0ACME/U0BOB}}
  cy: {{slack: T0ACME/U0CY}}
  hana: {{slack: T0ACME/U0HANA, language: ja}}
groups:
  developers: [ada, hana]
  sre: [cy]
"""
SHOP = """\
applications:
  shop:
    repository: shop
    default_ref: main{channel}
    environments:
      staging:
        rights: {{deploy: [developers], rollback: [developers], lock: [everyone], override: [sre]}}
        target:
          kind: command
          run: [sh, bin/deploy]
          environment: {{PLACE: "{place}"}}
        verify: {{url: "{url}/staging/REVISION", equals: "{{revision}}", within: 10s, every: 0.2s}}
      production:
        aliases: [prod]
        approvals: 1
        rights:
          deploy: [developers]
          approve: [sre]
          rollback: [developers, sre]
          lock: [everyone]
          override: [sre]
        target:
          kind: command
          run: [sh, bin/deploy]
          environment: {{PLACE: "{place}", PACE: "0.6"}}
        verify: {{url: "{url}/production/REVISION", equals: "{{revision}}", within: 10s, every: 0.2s}}
"""


class Ground:
    """One folder with everything in it; the place answers at `url` for as long as this is held."""

    def __init__(self, folder: Path, funade: Path) -> None:
        self.folder, self.funade = folder, funade
        self.place = folder / "place"
        self.url = ""

    @contextmanager
    def made(self) -> Iterator[None]:
        """Make the repository and the place, and keep the place running meanwhile."""
        make_shop(self.folder / "shop")
        self.place.mkdir()
        port = self.folder / "port"
        program = [
            str(self.funade.with_name("python")),
            str(EXAMPLE / "place.py"),
            str(self.place),
            str(port),
        ]
        with running(program, self.folder / "place.log"):
            listens = wait_for(lambda: port.exists() and port.read_text(), "the place to listen")
            self.url = f"http://127.0.0.1:{listens}"
            yield

    def configure(self, chat: str = "", channel: str = "") -> None:
        """Write funade.yaml; `chat` is its part about Slack, `channel` where the shop is talked about."""
        people = PEOPLE.format(user=os.getuid())
        shop = SHOP.format(
            place=self.place, url=self.url, channel=f'\n    channel: "{channel}"' if channel else ""
        )
        (self.folder / "funade.yaml").write_text(people + chat + shop, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of every Funade process."""
        return {**os.environ, "FUNADE_CONFIG": str(self.folder / "funade.yaml")}


@contextmanager
def running(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """Keep a program running meanwhile, out of reach of the terminal's Ctrl-C."""
    with (
        log.open("ab") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def make_shop(shop: Path) -> None:
    """Make the repository: a tagged release, work on `main` by three people, and a branch that is broken."""
    shutil.copytree(EXAMPLE / "shop", shop)
    page = shop / "public" / "index.html"
    git(shop, "init", "--quiet", "--initial-branch=main")
    commit(shop, ADA, "Open the shop")
    git(shop, "tag", "v1.0.0")
    page.write_text(page.read_text().replace("Open soon.", "Open every day."))
    commit(shop, BOB, "Open every day")
    page.write_text(page.read_text().replace("</h1>", "</h1><p>Tea and biscuits.</p>"))
    commit(shop, CY, "Sell tea and biscuits\n\nCo-authored-by: Ada <ada@acme.example>")
    git(shop, "switch", "--quiet", "--create", "broken")
    page.write_text(page.read_text().partition("<p>")[0])
    commit(shop, BOB, "Make the page shorter")
    git(shop, "switch", "--quiet", "main")


def commit(shop: Path, author: tuple[str, str], message: str) -> None:
    """Commit everything as `author`."""
    name, email = author
    git(shop, "add", "--all")
    git(
        shop,
        "-c",
        f"user.name={name}",
        "-c",
        f"user.email={email}",
        "commit",
        "--quiet",
        f"--message={message}",
    )


def git(folder: Path, *words: str) -> None:
    """Run git in `folder`, the machine's own configuration left out."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *words], cwd=folder, check=True, env=environment)


def wait_for(look: Callable[[], T], what: str, details: Callable[[], str] = lambda: "") -> T:
    """Return what `look` returns once it is true, or end with what was waited for."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    sys.exit(f"waited {PATIENCE_SECONDS} s for {what}\n{details()}")
