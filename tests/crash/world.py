"""One folder with everything that a voyage needs: a repository, a place, a configuration and Funade's data."""

import atexit
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: With characters that every encoding of it changes.
SECRET = "open sesame/4711+ä?=&"
#: What PostgreSQL wants to hear over TCP.
DATABASE_SECRET = "pg-pass-5ecret-w0rd"
LEASE_SECONDS = "1"
PROGRAM = Path(__file__).with_name("program.py")
#: The repository's commits, oldest first: each tag's program does what its name says.
REVISIONS = ("first", "fail", "wait", "stubborn", "talk", "second", "third")
#: `production` is asked by its URL what runs, the others by a program.
ENVIRONMENTS = ("staging", "production", "preview")


@dataclass(frozen=True)
class Repository:
    """A real one, shared by all voyages: nobody writes to it."""

    path: Path
    revisions: dict[str, str]

    def name_of(self, revision: str) -> str:
        """Return the tag of a revision."""
        return {sha: tag for tag, sha in self.revisions.items()}.get(revision, revision)


@dataclass(frozen=True)
class Line:
    """One line that a deployed program wrote."""

    environment: str
    word: str
    deployment: str
    attempt: int
    fence: int
    revision: str
    pid: int


class World:
    """The outside of Funade, and where its data lies."""

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        database: str | None = None,
        rules: Callable[[str], str] = str,
        variables: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        self._variables = dict(variables or {})
        self.folder, self.repository, self.database = folder, repository, database
        self.machines = [folder / "data"]
        self.place, self.data = folder / "place", folder / "data"
        self.place.mkdir(parents=True)
        self.configuration = folder / "funade.yaml"
        self.configuration.write_text(rules(self._configured(settings)))
        self.points = folder / "points"

    def elsewhere(self, name: str) -> "World":
        """Return the same world as another machine sees it: with a data folder of its own."""
        other = copy(self)
        other.data = self.folder / name
        self.machines.append(other.data)
        other.configuration = self.folder / f"{name}.yaml"
        other.configuration.write_text(
            self.configuration.read_text().replace("data: data\n", f"data: {name}\n")
        )
        return other

    def environment(self, traps: str = "") -> dict[str, str]:
        """Return the variables of a Funade process."""
        given = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        armed = {"FUNADE_FAILPOINTS": traps} if traps else {}
        return (
            given
            | armed
            | self._variables
            | {
                "CRASH_TOKEN": SECRET,
                "CRASH_DATABASE": DATABASE_SECRET,
                "FUNADE_FAILPOINTS_LOG": str(self.points),
                "FUNADE_LEASE_SECONDS": LEASE_SECONDS,
                "HOME": str(self.folder),
                "LANG": "C.UTF-8",
            }
        )

    def lines(self) -> list[Line]:
        """Return what deployed programs wrote, in the order of their writing."""
        try:
            text = (self.place / "log").read_text()
        except FileNotFoundError:
            return []
        words = (line.split() for line in text.splitlines())
        return [
            Line(environment, word, deployment, int(attempt), int(fence), revision, int(pid))
            for environment, word, deployment, attempt, fence, revision, pid in words
        ]

    def live(self, environment: str) -> str | None:
        """Return the revision that the place shows."""
        try:
            return (self.place / f"{environment}.revision").read_text().strip()
        except FileNotFoundError:
            return None

    def let_go(self) -> None:
        """Let every waiting program go on, now and later."""
        (self.place / "go").touch()

    def _configured(self, settings: dict[str, str]) -> str:
        port = place_server()
        more = "".join(f", {key}: {value}" for key, value in settings.items())
        target = (
            f"{{kind: command, run: [{sys.executable}, -I, -S, bin/deploy.py], kill_grace: 0.3{more},"
            f" environment: {{PLACE: {self.place}}}, secrets: {{TOKEN: env:CRASH_TOKEN}}}}"
        )
        database = (
            f"database: {{url: '{self.database}', password: env:CRASH_DATABASE}}\n" if self.database else ""
        )
        text = f"data: data\n{database}applications:\n  shop:\n    repository: {self.repository.path}\n"
        text += "    environments:\n"
        for one in ENVIRONMENTS:
            file = self.place / f"{one}.revision"
            look = f"url: 'http://127.0.0.1:{port}{file}'" if one == "production" else f"run: [cat, {file}]"
            verify = f"{{{look}, equals: '{{revision}}', within: 2s, every: 0.1}}"
            text += f"      {one}:\n        target: {target}\n        verify: {verify}\n"
        return text


@cache
def repository() -> Repository:
    """Make the repository of all voyages, once."""
    folder = Path(tempfile.mkdtemp(prefix="funade-crash-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "shop.git"
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "deploy.py").write_bytes(PROGRAM.read_bytes())
    _git(path, "init", "-q", "-b", "main")
    revisions = {}
    for name in REVISIONS:
        (path / "behaviour").write_text(name + "\n")
        _git(path, "add", ".")
        _git(path, "commit", "-qm", name)
        _git(path, "tag", name)
        revisions[name] = _git(path, "rev-parse", "HEAD").strip()
    return Repository(path, revisions)


def _git(folder: Path, *arguments: str) -> str:
    who = {
        f"GIT_{role}_{what}": "ada@acme.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | who, check=True, capture_output=True, text=True
    ).stdout


@cache
def place_server() -> int:
    """Serve the places' files on loopback, for all voyages; return the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


class _Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            body = Path(self.path).read_bytes()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
