"""The demo in a terminal: a prompt that understands what chat does."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from server import Server

if TYPE_CHECKING:
    from ground import Ground

WELCOME = """
Funade's demo. In {folder} lie
  shop/          a git repository: branches `main` and `broken`, tag `v1.0.0`, commits by Ada, Bob and Cy
  place/         where it is deployed to; {url}/staging/ shows what runs there
  funade.yaml    the configuration
A server runs, its log is {folder}/serve.log. You are Ada, and here alone you may also speak as the others.
Try, line by line:

  deploy shop to staging
  deploy broken of shop to staging
  why
  rollback shop staging
  as bob: lock shop production because migrating the database
  deploy shop to production
  as cy: unlock shop production --force because bob has gone home
  deploy shop to production
  as cy: approve 5
  who may deploy shop to production
  history
  status
  help

Ctrl-D ends it.
"""


def talk(ground: Ground) -> int:
    """Let a person type; return how the prompt ended."""
    ground.configure()
    print(WELCOME.format(folder=ground.folder, url=ground.url), flush=True)
    with Server(ground):
        # Ctrl-C belongs to the prompt.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return subprocess.run(
                [ground.funade, "prompt"], env=ground.environment, check=False, preexec_fn=_listen
            ).returncode
        finally:
            signal.signal(signal.SIGINT, before)


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
