"""A whole Kubernetes for the tests: the control plane of `control_plane.py` and one node on which pods really run.

Debian's containerd and runc, Kubernetes' own kubelet and kube-proxy, in namespaces of their own (`keeper.py`). There is
no cluster DNS; pods find the API server by its address, and this machine at `host`. One node a test process.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.kubernetes import images, keeper
from tests.kubernetes.assets import build
from tests.kubernetes.control_plane import READY_WITHIN_SECONDS, ControlPlane, Server

NAME = "node"
#: what everybody did whose rights a test asks about
AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


class Node(ControlPlane):
    """A cluster of one node; whatever runs on it ends with the tests."""

    def __init__(self) -> None:
        super().__init__()
        self.options = (
            "--allow-privileged",
            "--kubelet-preferred-address-types=InternalIP",
            f"--audit-policy-file={self.folder / 'audit.json'}",
            f"--audit-log-path={self.folder / 'audit.log'}",
        )
        (self.folder / "audit.json").write_text(json.dumps(AUDIT))
        self.servers: list[Server] = []

    def start(self) -> "Node":
        self._keeper = subprocess.Popen(
            [sys.executable, keeper.__file__, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        kept = json.loads(self._keeper.stdout.readline())
        self.number = kept["number"]
        self.address = keeper.address_of(self.number)
        self.inside = ("nsenter", "--target", str(kept["pid"]), "--net", "--mount", "--pid", "--")
        self._start_containers()
        super().start()
        self.servers += [self.etcd, self.api]
        self._start_rest()
        self._import_images()
        self._wait_until_there()
        return self

    @property
    def host(self) -> str:
        """Return the address at which pods find this machine."""
        return keeper.host_of(self.number)

    def remove(self) -> None:
        """End all that runs there, at once."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait(120)
        self._keeper.stdout.close()
        for server in self.servers:
            server.stop()

    def know(self, name: str, authority: bytes) -> None:
        """Let the node find the registry of that name on this machine, and know it by its authority."""
        with (self.folder / "hosts").open("a") as hosts:
            hosts.write(f"{self.host} {name}\n")
        folder = self.folder / "registries" / name
        folder.mkdir(parents=True)
        (folder / "authority.crt").write_bytes(authority)
        (folder / "hosts.toml").write_text(
            f'server = "https://{name}"\n[host."https://{name}"]\n  ca = "{folder}/authority.crt"\n'
        )

    def denied(self) -> list[dict[str, Any]]:
        """Return the requests that the API server refused to somebody, without those that a test made to see that."""
        said = (self.folder / "audit.log").read_text().splitlines()
        all_of_them = [json.loads(line) for line in said]
        return [one for one in all_of_them if one.get("responseStatus", {}).get("code") in (401, 403)]

    def words(self) -> str:
        """Return what a person would look at when nothing moves."""
        seen = [self.kubectl("get", "pods,jobs,events", "-A")]
        return "\n".join([*seen, *(server.last_words() for server in self.servers)])

    def _run(self, name: str, *options: str) -> None:
        self.servers.append(Server(name, self.folder, *options, inside=self.inside))

    def _start_containers(self) -> None:
        (self.folder / "network").mkdir()
        (self.folder / "network" / "bridge.conflist").write_text(json.dumps(self._network()))
        (self.folder / "containerd.toml").write_text(self._containerd())
        self._run("containerd", "--config", str(self.folder / "containerd.toml"))

    def _start_rest(self) -> None:
        (self.folder / "kubelet.json").write_text(json.dumps(self._kubelet()))
        key, authority = self.folder / "accounts.key", self.authority
        us = f"--kubeconfig={self.kubeconfig}"
        self._run(
            "kube-controller-manager",
            us,
            f"--service-account-private-key-file={key}",
            f"--root-ca-file={authority}",
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'controllers'}",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        )
        self._run(
            "kube-scheduler",
            us,
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'scheduler'}",
        )
        self._run(
            "kubelet",
            us,
            f"--config={self.folder / 'kubelet.json'}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'kubelet-certificates'}",
            f"--hostname-override={NAME}",
            f"--node-ip={self.address}",
        )
        self._run(
            "kube-proxy",
            us,
            f"--hostname-override={NAME}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={keeper.pods_of(self.number)}",
            # What it would set belongs to the whole machine.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        )

    def _import_images(self) -> None:
        archive = images.small()
        self._wait_for(self._socket.exists)
        command = (
            "ctr",
            "--address",
            str(self._socket),
            "--namespace",
            "k8s.io",
            "images",
            "import",
            str(archive),
        )
        subprocess.run([*self.inside, *command], check=True, capture_output=True)

    def _wait_until_there(self) -> None:
        """Wait until a pod could run: the node is ready, and the first namespace has its account."""
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._wait_for(lambda: self._request("GET", account, None)[0] == 200)
        self._wait_for(self._is_ready)

    def _is_ready(self) -> bool:
        status, said = self._request("GET", f"/api/v1/nodes/{NAME}", None)
        if status != 200:
            return False
        node = json.loads(said)
        conditions = {one["type"]: one["status"] for one in node["status"].get("conditions", ())}
        return conditions.get("Ready") == "True" and not node["spec"].get("taints")

    def _wait_for(self, happens: Any) -> None:
        until = time.monotonic() + READY_WITHIN_SECONDS
        while not happens():
            assert not any(one.has_ended for one in self.servers), "\n".join(
                one.last_words() for one in self.servers if one.has_ended
            )
            assert time.monotonic() < until, "\n".join(one.last_words() for one in self.servers)
            time.sleep(0.05)

    @property
    def _socket(self) -> Path:
        return self.folder / "containerd.sock"

    def _network(self) -> dict[str, Any]:
        addresses = {
            "type": "host-local",
            "dataDir": str(self.folder / "addresses"),
            "ranges": [[{"subnet": keeper.pods_of(self.number)}]],
        }
        bridge = {
            "type": "bridge",
            "bridge": "pods",
            "isGateway": True,
            "isDefaultGateway": True,
            "ipMasq": False,
            "ipam": addresses,
        }
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, {"type": "loopback"}]}

    def _containerd(self) -> str:
        return f"""
version = 2
root = "{self.folder}/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "{self._socket}"
[ttrpc]
  address = "{self._socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.SMALL}"
  # Whoever may not lower a score may not start a sandbox with a low one.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{"overlayfs" if keeper.has_overlays() else "native"}"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{self.folder}/network"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{self.folder}/registries"
"""

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "port": 10250,
            "readOnlyPort": 0,
            "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{keeper.cgroup_of(self.number)}",
            "enforceNodeAllocatable": ["pods"],
            "failSwapOn": False,
            "failCgroupV1": False,
            "containerRuntimeEndpoint": f"unix://{self._socket}",
            # A full disk of the machine is not what is tested.
            "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "50Mi"},
            "imageGCHighThresholdPercent": 100,
            "localStorageCapacityIsolation": False,
            "makeIPTablesUtilChains": False,
            "podLogsDir": "/var/log/pods",
            "volumePluginDir": str(self.folder / "volume-plugins"),
            # A test does not wait as long as a person.
            "syncFrequency": "5s",
            "kubeAPIQPS": 200,
            "kubeAPIBurst": 400,
        }


_shared: list[Node] = []
_sharing = threading.Lock()


def shared() -> Node:
    """Return this test process's node, started at its first use; `conftest` removes it at the end."""
    with _sharing:
        if not _shared:
            assert build.find() is not None, "asked for with needs('node')"
            node = Node()
            try:
                _shared.append(node.start())
            except BaseException:
                node.remove()
                raise
        return _shared[0]


def remove_shared() -> None:
    while _shared:
        _shared.pop().remove()
