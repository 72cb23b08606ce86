"""A web server on this machine that serves git repositories as hosts do: TLS, a password, large files."""

import json
import os
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class GitWeb(ThreadingHTTPServer):
    """Serves the bare repositories below `root`; `seen` keeps what was asked, and with which Authorization."""

    daemon_threads = True

    def __init__(self, root: Path, login: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.login = login
        self.seen: list[tuple[str, str | None]] = []
        self.status: int | None = None  #: answer everything with it
        self.moved_to: str | None = None  #: send everybody there
        self.falls_silent = False
        self.stopping = threading.Event()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what is tested here."""


@contextmanager
def serving(
    root: Path, login: tuple[str, str] | None = None, certificate: Path | None = None
) -> Iterator[GitWeb]:
    server = GitWeb(root, login)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(path: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1 that signs itself."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    about = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(path), "-out", f"{path}.certificate"]
    subprocess.run([*command, *about, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.certificate").read_text())
    return path


class _Handler(BaseHTTPRequestHandler):
    server: GitWeb

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        given = self.headers.get("Authorization")
        self.server.seen.append((self.path, given))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.falls_silent:
            self.server.stopping.wait()
            return None
        if self.server.moved_to is not None:
            return self.answer(302, b"", Location=self.server.moved_to + self.path)
        if self.server.status is not None:
            return self.answer(self.server.status, b"No.")
        if self.server.login is not None:
            wanted = "Basic " + b64encode(":".join(self.server.login).encode()).decode()
            if given != wanted:
                return self.answer(401, b"", **{"WWW-Authenticate": 'Basic realm="git"'})
        if path.endswith("/info/lfs/objects/batch"):
            return self.batch(path.removesuffix("/info/lfs/objects/batch"), json.loads(body))
        if "/lfs/objects/" in path:
            return self.answer(200, (self.server.root / path.lstrip("/")).read_bytes())
        return self.backend(path, body)

    do_POST = do_GET

    def batch(self, repository: str, asked: dict[str, list[dict[str, object]]]) -> None:
        objects = []
        for one in asked["objects"]:
            oid = str(one["oid"])
            where = f"{repository}/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"
            # On the same host, so git-lfs asks for the password again.
            actions = {"download": {"href": self.server.url + where}}
            objects.append({**one, "actions": actions})
        answer = json.dumps({"transfer": "basic", "objects": objects}).encode()
        self.answer(200, answer, **{"Content-Type": "application/vnd.git-lfs+json"})

    def backend(self, path: str, body: bytes) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": urlsplit(self.path).query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.answer(int(headers.pop("Status", "200").split()[0]), content, **headers)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass
