"""What tests of real pods share: a node, a private registry, a stand-in for AWS, and our controller in the cluster."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import boto3
import pytest
import yaml

from tests.architecture.source import ROOT
from tests.contracts import queues
from tests.kubernetes import images, registry
from tests.kubernetes.authority import Authority
from tests.kubernetes.node import Node
from tests.kubernetes.registry import Registry

T = TypeVar("T")

NEEDS = pytest.mark.needs(
    "kubernetes", "kubelet", "pods", "buildah", "debootstrap", "docker-registry", "htpasswd", "busybox"
)
#: Images may have to be built first.
TIMEOUT = pytest.mark.timeout(900)
WITHIN_SECONDS = 180
NAMESPACE = "funade"
CONTROLLER = f"system:serviceaccount:{NAMESPACE}:funade-controller"
#: what the node believes to be AWS's
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
#: a Secret that always lets the node in
LOGIN = "node"


@dataclass
class World:
    """A cluster with our controller in it, from our own image, under its own rights."""

    node: Node
    registry: Registry
    endpoint: str  #: of AWS, as pods reach it
    folder: Path
    overlay: Path = field(init=False)

    @property
    def authority(self) -> Path:
        return self.folder / "authority.crt"

    @cached_property
    def sqs(self) -> Any:
        """Return AWS's own client, which knows nothing of us."""
        return boto3.client(
            "sqs",
            region_name=queues.REGION,
            endpoint_url=self.endpoint,
            verify=str(self.authority),
            aws_access_key_id=queues.KEYS.access_key,
            aws_secret_access_key=queues.KEYS.secret_key,
        )

    def install(self) -> None:
        """Do as docs/how-to/kubernetes.md says."""
        self.overlay = self.write_overlay("overlays/on-premises", images.funade())
        controller = ROOT / "deploy/kubernetes/controller"
        self.node.kubectl("apply", "-f", str(controller / "namespace.yaml"))
        self.give_keys()
        self.node.kubectl(
            "create", "secret", "docker-registry", LOGIN, "--namespace", NAMESPACE, f"--docker-server={ECR}",
            f"--docker-username={registry.NODE}", f"--docker-password={registry.NODE_PASSWORD}",
        )  # fmt: skip
        self.apply("--server-side")

    def apply(self, *how: str) -> None:
        """Apply all of it, and wait until our controllers run."""
        self.node.kubectl("apply", *how, "-k", str(self.overlay))
        wait = ("rollout", "status", "deployment/funade-controller", "--namespace", NAMESPACE)
        self.node.kubectl(*wait, f"--timeout={WITHIN_SECONDS}s")

    def give_keys(self, ecr: str = "") -> None:
        """Write the Secret with which our programs go to AWS."""
        values = {
            "AWS_ACCESS_KEY_ID": queues.KEYS.access_key,
            "AWS_SECRET_ACCESS_KEY": queues.KEYS.secret_key,
            "AWS_ENDPOINT_URL_ECR": ecr or self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CA_BUNDLE": "/etc/aws/authority.crt",
            "authority.crt": self.authority.read_text(),
        }
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "funade-aws", "namespace": NAMESPACE},
            "stringData": values,
        }
        self.node.kubectl("apply", "--server-side", "-f", "-", given=json.dumps(secret))

    def write_overlay(self, base: str, image: str) -> Path:
        """Write an overlay on one of ours, as whoever uses it does."""
        folder = self.folder / f"overlay-{uuid4().hex[:8]}"
        folder.mkdir()
        name, _, tag = image.partition(":")
        login = [{"op": "add", "path": "/imagePullSecrets", "value": [{"name": LOGIN}]}]
        knows = [
            {"target": {"kind": kind}, "patch": json.dumps(mounted(path))}
            for kind, path in (
                ("Deployment", "/spec/template/spec"),
                ("CronJob", "/spec/jobTemplate/spec/template/spec"),
            )
        ]
        whole = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(ROOT / "deploy/kubernetes" / base, folder)],
            "images": [{"name": "funade", "newName": f"{ECR}/{name}", "newTag": tag}],
            "patches": [{"target": {"kind": "ServiceAccount"}, "patch": json.dumps(login)}, *knows],
        }
        (folder / "kustomization.yaml").write_text(json.dumps(whole))
        return folder

    def rendered(self) -> list[dict[str, Any]]:
        """Return what is applied, object by object."""
        documents = yaml.safe_load_all(self.node.kubectl("kustomize", str(self.overlay)))
        return [one for one in documents if one]

    def prune(self) -> None:
        """Take away what Argo CD would, were it all gone from the repository."""
        # The controllers first: whose role was taken away first would be refused things.
        for one in reversed(self.rendered()):
            options = one["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-options", "")
            if "Prune=false" not in options:
                name = f"{one['kind']}/{one['metadata']['name']}"
                self.node.kubectl("delete", name, "--namespace", NAMESPACE, "--cascade=foreground")

    def generations(self) -> dict[str, int]:
        """Return how often each of the objects was changed by then."""
        found = {}
        for one in self.rendered():
            name = f"{one['kind']}/{one['metadata']['name']}"
            said = json.loads(self.node.kubectl("get", name, "--namespace", NAMESPACE, "--output=json"))
            # Of those that nobody else writes to, any change counts.
            is_shared = one["kind"] in ("Deployment", "CronJob", "CustomResourceDefinition")
            found[name] = int(said["metadata"]["generation" if is_shared else "resourceVersion"])
        return found

    def has(self, kind: str, name: str) -> bool:
        return bool(self.node.kubectl("get", kind, name, "--namespace", NAMESPACE, "--ignore-not-found"))

    def rights(self, user: str, namespace: str) -> set[tuple[str, str, str]]:
        """Return what somebody may do there, beside what everybody may."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"]
        as_them = [f"--as={user}", *(f"--as-group={one}" for one in groups)]
        told = ("create", "--validate=false", "--output=json", "-f", "-", *as_them)
        said = self.node.kubectl(*told, given=json.dumps(review))
        return {
            (group, resource, verb)
            for rule in json.loads(said)["status"]["resourceRules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
            if group not in ("authorization.k8s.io", "authentication.k8s.io")
        }

    def denied(self, user: str = CONTROLLER) -> list[str]:
        """Return what the API server refused to somebody."""
        return [
            f"{one['verb']} {one['requestURI']}"
            for one in self.node.denied()
            if one.get("user", {}).get("username") == user
        ]

    def controller_log(self) -> str:
        return self.node.kubectl(
            "logs",
            "--namespace",
            NAMESPACE,
            "--selector=app.kubernetes.io/name=funade-controller",
            "--tail=-1",
        )

    def until(self, what: str, look: Callable[[], T]) -> T:
        """Return what was looked for as soon as there is something."""
        end = time.monotonic() + WITHIN_SECONDS
        while not (found := look()):
            assert time.monotonic() < end, (
                f"not in time: {what}\n{self.node.words()}\n{self.controller_log()}"
            )
            time.sleep(0.1)
        return found


def mounted(path: str) -> list[dict[str, Any]]:
    """Return a patch by which a pod knows the authority of the stand-in for AWS."""
    items = [{"key": "authority.crt", "path": "authority.crt"}]
    volume = {"name": "aws", "secret": {"secretName": "funade-aws", "items": items}}
    mount = {"name": "aws", "mountPath": "/etc/aws", "readOnly": True}
    return [
        {"op": "add", "path": f"{path}/volumes", "value": [volume]},
        {"op": "add", "path": f"{path}/containers/0/volumeMounts", "value": [mount]},
    ]


_shared: list[tuple[World, ExitStack]] = []
_sharing = threading.Lock()


def shared() -> World:
    """Return this test process's cluster, begun at its first use; `conftest` removes it at the end."""
    with _sharing:
        if not _shared:
            with ExitStack() as stack:
                world = _begun(stack)
                _shared.append((world, stack.pop_all()))
        return _shared[0][0]


def _begun(stack: ExitStack) -> World:
    stack.enter_context(images.in_use())
    images.every()
    node = Node()
    stack.callback(node.remove)
    node.start()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="funade-pods-")))
    authority = Authority("an authority of the tests")
    (folder / "authority.crt").write_bytes(authority.certificate)
    kept = stack.enter_context(
        registry.private(images.STORED, folder, authority, name=ECR, address=node.host)
    )
    node.know(ECR, authority.certificate)
    world = World(node, kept, stack.enter_context(_aws(folder, authority, node.host)), folder)
    world.install()
    return world


@contextmanager
def _aws(folder: Path, authority: Authority, host: str) -> Iterator[str]:
    """Run a stand-in for AWS with TLS, since queues are told nothing without; yield its endpoint."""
    (folder / "moto").mkdir()
    keys = dict(zip(("-c", "-k"), authority.certify_server(host), strict=True))
    options = ["-s"]
    for option, content in keys.items():
        (folder / f"moto{option}").write_bytes(content)
        options += [option, str(folder / f"moto{option}")]
    with queues.server("moto", folder / "moto", host, options) as endpoint:
        yield endpoint.replace("http:", "https:")


def remove_shared() -> None:
    while _shared:
        _shared.pop()[1].close()
