"""The HTTP side of a real `funade serve`."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.site_world import free_port

pytestmark = pytest.mark.slow

FUNADE = [sys.executable, "-m", "funade"]
CONFIGURATION = """
web: {{listen: "127.0.0.1:{port}"}}
applications:
  shop:
    repository: ./shop
    environments:
      staging:
        target: {{kind: command, run: [sh, -c, "echo begins; until [ -e {folder}/go ]; do sleep 0.1; done"]}}
"""


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def folder(tmp_path, port):
    (tmp_path / "funade.yaml").write_text(CONFIGURATION.format(port=port, folder=tmp_path))
    git = ["git", "-C", str(tmp_path / "shop"), "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "shop")], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)
    return tmp_path


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen([*FUNADE, "serve"], cwd=folder, stderr=log)
    try:
        yield child
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Return the answer, once anybody listens."""
    deadline = time.monotonic() + 60
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        finally:
            connection.close()


def health(port: int, *, ready: bool) -> dict[str, Any]:
    """Return what health says once it says so."""
    deadline = time.monotonic() + 60
    while True:
        status, body = ask(port, "/healthz")
        told: dict[str, Any] = json.loads(body)
        if told["ready"] is ready:
            assert status == (200 if ready else 503)
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def test_a_server_says_over_http_that_it_is_ready(folder, port):
    with serving(folder):
        told = health(port, ready=True)
        assert told["why"] == []
        assert set(told["parts"]) == {"store", "lease", "queue"}
        assert str(folder) not in json.dumps(told)


def test_nothing_listens_unless_the_file_says_so(folder, port):
    text = (folder / "funade.yaml").read_text()
    (folder / "funade.yaml").write_text(text.replace("web:", "#"))
    with serving(folder) as child:
        deadline = time.monotonic() + 60
        while not (folder / ".funade/server.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with socket.socket() as one:
            assert one.connect_ex(("127.0.0.1", port)) != 0
        assert child.poll() is None


def test_a_port_that_somebody_has_ends_the_server_with_what_to_do(folder, port):
    with socket.create_server(("127.0.0.1", port)), serving(folder) as child:
        assert child.wait(60) == 6
        assert b"choose another `web.listen`" in (folder / "log").read_bytes()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", ["web.listen", "web.make_key"])
def test_a_server_that_dies_as_it_begins_leaves_nothing_behind(folder, port, point, moment, monkeypatch):
    with monkeypatch.context() as armed:
        armed.setenv("FUNADE_FAILPOINTS", f"{point}:{moment}=kill")
        with serving(folder) as child:
            assert child.wait(60) == -signal.SIGKILL
    with serving(folder):
        assert health(port, ready=True)["ready"]
        assert len((folder / ".funade/link.key").read_bytes()) == 65


def funade(folder: Path, *arguments: str) -> str:
    ran = subprocess.run([*FUNADE, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_a_link_shows_what_runs_until_the_server_is_told_to_stop_and_again_after_that(folder, port):
    with serving(folder) as child:
        health(port, ready=True)
        funade(folder, "deploy", "shop", "--yes", "--no-wait", "--reason", "<b>why</b>")
        link = urlsplit(funade(folder, "link", "1")).path
        assert link.startswith("/d/1/")
        status, page = ask(port, link)
        assert status == 200
        assert b"&lt;b&gt;why&lt;/b&gt;" in page
        with socket.create_connection(("127.0.0.1", port), timeout=60) as viewer:
            viewer.sendall(f"GET {link}/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
            heard = b""
            while b"begins" not in heard:
                heard += viewer.recv(65_536)
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
            while more := viewer.recv(65_536):
                heard += more
        assert b"event: end" not in heard
    assert link not in (folder / "log").read_text()
    assert link.rpartition("/")[2] not in (folder / "log").read_text()
    with serving(folder):
        health(port, ready=True)
        (folder / "go").touch()
        deadline = time.monotonic() + 60
        while b"tone-unsure" not in ask(port, link)[1]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_no_link_is_made_where_no_pages_are(folder):
    text = (folder / "funade.yaml").read_text()
    (folder / "funade.yaml").write_text(text.replace("web:", "#"))
    (folder / "go").touch()
    funade(folder, "deploy", "shop", "--yes")
    ran = subprocess.run([*FUNADE, "link", "1"], cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (6, "")
    assert "add `web` to funade.yaml" in ran.stderr
