"""PostgreSQL for the tests: Debian's, in a temporary folder, as a user who is not root; one server a test process."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.crash.world import DATABASE_SECRET as PASSWORD

USER = "funade"
TEMPLATE = "made"

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SAFE = ("fsync=on",)

#: No server outlives the tests, however they end: without them nobody holds its standard input.
KEEPER = (
    'exec 3<&0; "$0" "$@" <&- 3<&- & server=$!; '
    "(read -r _ <&3; kill -QUIT $server) 2>&- & exec 3<&-; wait $server"
)


def programs() -> Path:
    """Return the folder of Debian's newest server."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return folders[-1] if folders else Path(shutil.which("postgres") or "postgres").parent


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _account() -> dict[str, Any]:
    """Say as whom to run: PostgreSQL refuses root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Server:
    """One PostgreSQL of the tests; a standby when it is made from `primary`."""

    def __init__(self, *settings: str, primary: "Server | None" = None, name: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="funade-pg-"))
        if _account():
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = list(settings)
        self._numbers = count(1)
        if primary is None:
            self._make()
        else:
            self._copy(primary, name)

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self.run(
            "initdb", "--pgdata", self.data, "--username", USER, "--pwfile", secret, "--auth", "scram-sha-256",
            "--auth-local", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        (self.data / "postgresql.auto.conf").write_text("")
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host replication all 127.0.0.1/32 scram-sha-256\n")

    def _copy(self, primary: "Server", name: str) -> None:
        told = f"host=127.0.0.1 port={primary.port} user={USER} password={PASSWORD} application_name={name}"
        self.run(
            "pg_basebackup",
            "--pgdata",
            self.data,
            "--dbname",
            told,
            "--write-recovery-conf",
            "--checkpoint=fast",
        )

    def run(self, program: str, *words: object) -> None:
        subprocess.run(
            [str(programs() / program), *map(str, words)],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **_account(),
        )

    def start(self) -> "Server":
        options = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
        ]
        words = [word for one in (*options, "max_connections=60", *self.settings) for word in ("-c", one)]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                ["sh", "-c", KEEPER, str(programs() / "postgres"), "-D", str(self.data), *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_account(),
            )
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT is fast, SIGQUIT a crash."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), how)
            self.process.wait(60)
        if self.process.stdin is not None:
            self.process.stdin.close()

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def promote(self) -> None:
        self.run("pg_ctl", "promote", "--pgdata", self.data, "--wait")

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host=str(self.folder),
            port=self.port,
            user=USER,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def ask(self, statement: str, *values: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        with self.connect(database) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def new_database(self, template: str | None = None, name: str | None = None) -> str:
        """Return the name of a new database; like `template` when there is one."""
        name = name or f"d{next(self._numbers)}"
        with self.connect("postgres") as connection:
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        return name

    def drop_database(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def has_database(self, name: str) -> bool:
        return bool(self.ask("SELECT 1 FROM pg_database WHERE datname = %s", name))

    def url(self, database: str, *, port: int | None = None) -> str:
        """Return the address over TCP, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    def local_url(self, database: str) -> str:
        """Return the address of its socket, where nobody is asked for a password."""
        return f"postgresql://{USER}@{quote(str(self.folder), safe='')}:{self.port}/{database}"


@contextlib.contextmanager
def running(*settings: str) -> Iterator[Server]:
    """Give a server of one's own, to be treated badly."""
    server = Server(*settings).start()
    try:
        yield server
    finally:
        server.remove()


_shared: list[Server] = []
_sharing = threading.Lock()


def shared() -> Server:
    """Return this test process's server, started at its first use; `conftest` removes it at the end."""
    with _sharing:
        if not _shared:
            _shared.append(Server(*FAST).start())
        return _shared[0]


def remove_shared() -> None:
    while _shared:
        _shared.pop().remove()
