"""The demo in a terminal: a prompt that understands what chat does."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from server import Server
from words import said

if TYPE_CHECKING:
    from ground import Ground


def talk(ground: Ground) -> int:
    """Let a person type; return how the prompt ended."""
    ground.configure()
    print(said("terminal").format(folder=ground.folder, url=ground.url), flush=True)
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
