"""A real control plane for the tests: etcd and kube-apiserver as plain processes on loopback, with RBAC and tokens.

There is no node: what pods do is told by `standin.py`. Admission does without service accounts' tokens in pods, so that
a pod can be created before a controller has made its namespace's account.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.kubernetes.assets import build
from tests.kubernetes.authority import Authority, new_key, pem_of

ADMIN = "admin-token-that-no-error-may-show"
READY_WITHIN_SECONDS = 120
#: Somebody else may take a port between our look and the server's.
STARTS = 3

#: No process outlives the tests, however they end: without them nobody holds its standard input.
KEEPER = (
    'exec 3<&0; "$0" "$@" <&- 3<&- & server=$!; '
    "(read -r _ <&3; kill -KILL $server) 2>&- & exec 3<&-; wait $server"
)
#: what makes Jobs and removes what lost its owner; the others only cost
CONTROLLERS = (
    "cronjob-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "serviceaccount-controller",
    "ttl-after-finished-controller",
)


class Ended(Exception):
    """A server ended while it was waited for."""


class Server:
    """One process that ends with the tests."""

    def __init__(self, name: str, folder: Path, *options: str, inside: Sequence[str] = ()) -> None:
        self.log = folder / f"{name}.log"
        programs = build.find()
        assert programs is not None, "asked for with needs('kubernetes')"
        program = str(programs / name) if name in build.PROGRAMS else name
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", KEEPER, *inside, program, *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={"PATH": f"{os.defpath}:/usr/sbin", "HOME": str(folder), "TMPDIR": str(folder)},
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, how: int = signal.SIGKILL) -> None:
        """End it and all that it started; SIGKILL is a crash."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
        if self.process.stdin is not None:
            self.process.stdin.close()

    def last_words(self) -> str:
        return f"{self.log.name}: {self.log.read_text(errors='replace')[-3000:]}"


class ControlPlane:
    """One etcd, one API server, and controllers where a test asks for them."""

    address = "127.0.0.1"  #: of the API server
    inside: Sequence[str] = ()  #: what goes before a server's command, so that it runs elsewhere
    #: It would not advertise loopback to pods; there are none.
    without_pods: Sequence[str] = (
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
    )

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="funade-kubernetes-"))
        self.options = (*self.without_pods, *options)
        self.controllers: Server | None = None
        self._make_keys()

    def start(self) -> "ControlPlane":
        for attempt in range(STARTS):
            self.etcd_port, peer_port, self.port = free_port(), free_port(), free_port()
            self.etcd = self._start_etcd(peer_port)
            self.api = self._start_api()
            try:
                self.wait_until_ready()
            except Ended:
                self._stop_servers()
                if attempt == STARTS - 1:
                    raise
            else:
                break
        self.kubeconfig = self.write_kubeconfig("admin", ADMIN)
        return self

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"

    @property
    def authority(self) -> Path:
        """Return the certificate that the server signed for itself."""
        return self.folder / "certificates" / "apiserver.crt"

    def wait_until_ready(self) -> None:
        """Wait until the API server serves, or raise Ended with its last words."""
        until = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            for server in (self.etcd, self.api):
                if server.has_ended:
                    raise Ended(server.last_words())
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._request("GET", "/readyz", None)[0] == 200:
                    return
            if time.monotonic() > until:
                raise AssertionError(self.api.last_words())
            time.sleep(0.05)

    def restart_api(self, how: int = signal.SIGKILL) -> None:
        """End the API server, and start it again at the same address."""
        self.stop_api(how)
        self.start_api()

    def stop_api(self, how: int = signal.SIGKILL) -> None:
        self.api.stop(how)

    def start_api(self) -> None:
        self.api = self._start_api()
        self.wait_until_ready()

    def start_controllers(self) -> None:
        """Let Jobs make pods, and let what lost its owner go; does nothing when they run already."""
        if self.controllers is None or self.controllers.has_ended:
            self.controllers = Server(
                "kube-controller-manager",
                self.folder,
                f"--kubeconfig={self.kubeconfig}",
                f"--service-account-private-key-file={self.folder / 'accounts.key'}",
                f"--controllers={','.join(CONTROLLERS)}",
                "--use-service-account-credentials",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                f"--secure-port={free_port()}",
                f"--cert-dir={self.folder / 'controllers'}",
                # A test does not wait as long as a person.
                "--kube-api-qps=200",
                "--kube-api-burst=400",
            )

    def remove(self) -> None:
        if self.controllers is not None:
            self.controllers.stop()
        self._stop_servers()
        shutil.rmtree(self.folder, ignore_errors=True)

    def certify(self, user: str) -> tuple[bytes, bytes]:
        """Return a certificate by which the API server knows that user, and its key."""
        return self._people.certify(user)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Do as the administrator, for what a test finds ready; return the answer."""
        status, said = self._request(method, path, body)
        assert 200 <= status < 300, (method, path, status, said)
        return json.loads(said)

    def new_namespace(self) -> str:
        name = f"t-{uuid4().hex[:10]}"
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def new_account(self, namespace: str, name: str) -> str:
        """Return the token of a new service account, which may nothing yet."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.ask("POST", accounts, {"metadata": {"name": name}})
        return self.new_token(namespace, name)

    def new_token(self, namespace: str, name: str, seconds: int = 3600) -> str:
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        wish = {"spec": {"expirationSeconds": seconds}}
        return str(self.ask("POST", f"{accounts}/{name}/token", wish)["status"]["token"])

    def allow(self, namespace: str, account: str, verb: str, resource: str) -> None:
        """Let the service account do that in its namespace, from now on."""
        name = f"{account}-{verb}-{resource}"
        self.kubectl("create", "role", name, "-n", namespace, f"--verb={verb}", f"--resource={resource}")
        subject = f"--serviceaccount={namespace}:{account}"
        self.kubectl("create", "rolebinding", name, "-n", namespace, f"--role={name}", subject)
        self.wait_until_may(f"system:serviceaccount:{namespace}:{account}", namespace, verb, resource)

    def wait_until_may(
        self, user: str, namespace: str, verb: str, resource: str, *, name: str | None = None
    ) -> None:
        """Wait until the API server has heard of a role that was bound; `resource` may be `jobs.batch`."""
        plural, _, group = resource.partition(".")
        asked = {"namespace": namespace, "verb": verb, "resource": plural, "group": group, "name": name}
        review = {"spec": {"user": user, "resourceAttributes": asked}}
        until = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            answer = self.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
            if answer["status"]["allowed"]:
                return
            assert time.monotonic() < until, (review, answer)
            time.sleep(0.02)

    def write_kubeconfig(self, user: str, token: str | None = None, **keys: object) -> Path:
        """Return a new file for that user; `keys` are what else it says of the user."""
        return self.write_document(self.document(user, {"token": token, **keys} if token else keys))

    def document(self, user: str, keys: dict[str, object], server: str | None = None) -> dict[str, Any]:
        cluster = {"server": server or self.url, "certificate-authority": str(self.authority)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": keys}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "current-context": "test",
        }

    def behind(self, url: str) -> dict[str, Any]:
        """Return the administrator's document for a proxy before the server."""
        return self.document("admin", {"token": ADMIN}, server=url)

    def write_document(self, document: dict[str, Any]) -> Path:
        path = self.folder / f"kubeconfig-{uuid4().hex[:8]}"
        path.write_text(json.dumps(document))
        path.chmod(0o600)
        return path

    def kubectl(self, *words: str, given: str = "", kubeconfig: Path | None = None) -> str:
        """Return what kubectl prints; raise CalledProcessError with its complaints."""
        programs = build.find()
        assert programs is not None, "asked for with needs('kubernetes')"
        done = subprocess.run(
            [str(programs / "kubectl"), "--kubeconfig", str(kubeconfig or self.kubeconfig), *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.defpath, "HOME": str(self.folder)},
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def _request(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        if not self.authority.exists():
            raise ConnectionRefusedError
        trusted = ssl.create_default_context(cafile=self.authority)
        connection = http.client.HTTPSConnection(self.address, self.port, timeout=30, context=trusted)
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _start_etcd(self, peer_port: int) -> Server:
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{peer_port}"
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)
        return Server(
            "etcd",
            self.folder,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
            inside=self.inside,
        )

    def _start_api(self) -> Server:
        key = self.folder / "accounts.key"
        return Server(
            "kube-apiserver",
            self.folder,
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder / 'certificates'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            f"--client-ca-file={self.folder / 'people.crt'}",
            "--authorization-mode=RBAC",
            *self.options,
            inside=self.inside,
        )

    def _stop_servers(self) -> None:
        self.api.stop()
        self.etcd.stop()

    def _make_keys(self) -> None:
        (self.folder / "accounts.key").write_bytes(pem_of(new_key()))
        self._people = Authority("the people's authority")
        (self.folder / "people.crt").write_bytes(self._people.certificate)
        (self.folder / "tokens.csv").write_text(f'{ADMIN},admin,admin,"system:masters"\n')


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(*options: str) -> Iterator[ControlPlane]:
    """Give a control plane of one's own, to be treated badly."""
    plane = ControlPlane(*options)
    try:
        yield plane.start()
    finally:
        plane.remove()


_shared: list[ControlPlane] = []
_sharing = threading.Lock()


def shared() -> ControlPlane:
    """Return this test process's control plane, started at its first use; `conftest` removes it at the end."""
    with _sharing:
        if not _shared:
            _shared.append(ControlPlane().start())
        return _shared[0]


def remove_shared() -> None:
    while _shared:
        _shared.pop().remove()
