"""The demo's tour, unattended: the server is killed in the middle of a deploy, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from ground import Ground, wait_for
from server import Server


class Tour:
    """Does what a person would, and looks at what came of it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._server = Server(ground)

    def go(self) -> int:
        """Return 0 when everything came out as it should."""
        self._ground.configure()
        self._tell("The configuration is proved before anything starts.")
        self._run("check")
        with self._server:
            try:
                self._sail()
            except AssertionError as error:
                print(
                    f"\nThis is not how it should be: {error}\nThe server's log:\n{self._server.log()}",
                    flush=True,
                )
                return 1
        print("\nThat is the tour: nothing lost, nothing doubled, everything on the record.", flush=True)
        return 0

    def _sail(self) -> None:
        self._tell("What would a deploy do?")
        self._say("plan shop to staging")
        self._tell("Deploy it, and see what runs.")
        self._say("deploy v1.0.0 of shop to staging")
        self._expect(1, "succeeded", verified=True)
        self._tell("Now `main`; in the middle of it the server is killed with SIGKILL.")
        self._say("deploy shop to staging", meanwhile=self._kill_and_restart)
        self._expect(2, "succeeded", verified=True)
        starts = len(list((self._ground.place / "staging" / "releases").iterdir()))
        assert starts == 2, f"{starts} releases were made by 2 deployments"
        self._tell("A broken one. Its program says no, and Funade says so.")
        self._say("deploy broken of shop to staging")
        self._expect(3, "failed")
        self._say("why")
        self._tell("Back to the last release that was seen healthy.")
        self._say("rollback shop staging")
        self._expect(4, "succeeded", verified=True)
        self._tell("Bob keeps others out of production; here one person plays everybody.")
        self._say("as bob: lock shop production because migrating the database")
        self._say("deploy shop to production")
        self._say("who may override in production")
        self._say("as cy: unlock shop production --force because bob has gone home")
        self._tell("In production somebody else must agree.")
        self._say("deploy shop to production")
        self._expect(5, "awaiting_approval")
        self._say("as cy: approve 5")
        self._expect(5, "succeeded", verified=True)
        self._tell("What was deployed can be deployed again.")
        self._run("check")
        self._tell("Who did what, and what is live.")
        self._say("history")
        self._say("status")
        live = (self._ground.place / "staging" / "current" / "REVISION").read_text().strip()
        shown = self._ask("status")["environments"][0]["berth"]["live"]
        assert live == shown, f"the place has {live}, Funade says {shown}"

    def _tell(self, sentence: str) -> None:
        print(f"\n# {sentence}", flush=True)

    def _say(self, sentence: str, *, meanwhile: Callable[[], None] = lambda: None) -> None:
        print(f"\n› {sentence}", flush=True)
        said = [self._ground.funade, "say", sentence]
        with subprocess.Popen(said, env=self._ground.environment) as speaking:
            meanwhile()
            speaking.wait(timeout=60)

    def _run(self, *words: str) -> None:
        print(f"\n$ funade {' '.join(words)}", flush=True)
        done = subprocess.run([self._ground.funade, *words], env=self._ground.environment, check=False)
        assert done.returncode == 0, f"`funade {' '.join(words)}` ended with {done.returncode}"

    def _ask(self, *words: str) -> Any:
        asked = [self._ground.funade, *words, "--json"]
        done = subprocess.run(asked, env=self._ground.environment, check=True, capture_output=True)
        return json.loads(done.stdout)

    def _expect(self, number: int, state: str, *, verified: bool = False) -> None:
        shown = self._ask("show", str(number))["deployment"]
        assert shown["state"] == state, f"#{number} is {shown['state']}"
        assert shown["verified"] == verified, f"#{number} is verified: {shown['verified']}"

    def _kill_and_restart(self) -> None:
        releases = self._ground.place / "staging" / "releases"
        wait_for(lambda: len(list(releases.iterdir())) == 2, "the second deployment's program to begin")
        self._server.kill()
        print(
            f"\n*** SIGKILL: the server (process {self._server.pid}) is gone; the program goes on ***",
            flush=True,
        )
        self._server.start()
        print(f"*** started again (process {self._server.pid}) ***\n", flush=True)
