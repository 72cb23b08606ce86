"""The demo's server: started, killed, started again."""

from __future__ import annotations

import json
import subprocess
import sys

from ground import PATIENCE_SECONDS, Ground, wait_for


class Server:
    """`funade serve` on the demo's ground; one person may speak there as everybody."""

    def __init__(self, ground: Ground, **variables: str) -> None:
        self._ground = ground
        self._data = ground.folder / ".funade"
        self._environment = {**ground.environment, "FUNADE_DEMO": str(self._data), **variables}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE_SECONDS)

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self._ground.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._ground.funade, "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self._answers, "the server to answer", self.log)

    def kill(self) -> None:
        """Give it no moment to say anything."""
        assert self._process is not None, "it was not started"
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        """Return what it has written so far."""
        return (self._ground.folder / "serve.log").read_text(errors="replace")

    def _answers(self) -> bool:
        assert self._process is not None, "it was not started"
        if self._process.poll() is not None:
            sys.exit(f"the server ended with {self._process.returncode}:\n{self.log()}")
        record = self._data / "server.json"
        return record.exists() and json.loads(record.read_text())["pid"] == self._process.pid
