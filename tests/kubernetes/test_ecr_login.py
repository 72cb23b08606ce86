"""`funade ecr-login` as the CronJob runs it: against two AWS that others wrote, under the rights that we ship.

Neither AWS looks at policies, and moto says of each password that it ended in 2015.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.architecture.source import ROOT
from tests.contracts.queues import server
from tests.kubernetes.control_plane import ADMIN, ControlPlane

pytestmark = pytest.mark.needs("kubernetes")

MANIFESTS = ROOT / "deploy/kubernetes/ecr-login"
REGISTRIES = [f"123456789012.dkr.ecr.{region}.amazonaws.com" for region in ("eu-central-1", "us-east-1")]
#: an AWS knows its callers by their keys only in so far as it must
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2-hunter2"}


@pytest.fixture(scope="module", params=["moto", "ministack"])
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(request.param, tmp_path_factory.mktemp(request.param)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def one_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server("moto", tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Cron:
    """The CronJob's account, and what it runs."""

    plane: ControlPlane
    home: str  #: its namespace
    kubeconfig: Path
    folder: Path

    def run(
        self, *words: str, endpoint: str, registries: list[str] = REGISTRIES[:1], **variables: str
    ) -> Ran:
        each = [f"--registry={registry}" for registry in registries]
        done = subprocess.run(
            [sys.executable, "-m", "funade", "ecr-login", *each, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            timeout=120,
            env={
                "PATH": os.defpath,
                "HOME": str(self.folder),
                "KUBECONFIG": str(self.kubeconfig),
                "AWS_ENDPOINT_URL_ECR": endpoint,
                "AWS_EC2_METADATA_DISABLED": "true",
                **KEYS,
                **variables,
            },
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def cron(plane: ControlPlane, namespace: str, tmp_path: Path) -> Cron:
    """Apply what we ship, in a namespace of the test's."""
    apply(plane, MANIFESTS, namespace, home=namespace)
    token = tmp_path / "token"
    token.write_text(plane.new_token(namespace, "ecr-login"))
    document = plane.document("ecr-login", {"tokenFile": str(token)})
    document["contexts"][0]["context"]["namespace"] = namespace
    return Cron(plane, namespace, plane.write_document(document), tmp_path)


def apply(plane: ControlPlane, folder: Path, namespace: str, *, home: str) -> None:
    """Do as an overlay does: another namespace for what is in there."""
    rendered = list(yaml.safe_load_all(plane.kubectl("kustomize", str(folder))))
    for one in rendered:
        one["metadata"]["namespace"] = namespace
        for subject in one.get("subjects", ()):
            subject["namespace"] = home
    plane.kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump_all(rendered))
    user = f"system:serviceaccount:{home}:ecr-login"
    plane.wait_until_may(user, namespace, "patch", "secrets", name="ecr")


def secret_of(plane: ControlPlane, namespace: str) -> dict[str, Any]:
    secret: dict[str, Any] = plane.ask("GET", f"/api/v1/namespaces/{namespace}/secrets/ecr")
    return secret


def logins_of(secret: dict[str, Any]) -> dict[str, Any]:
    logins: dict[str, Any] = json.loads(b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    return logins


def password_of(endpoint: str, region: str) -> str:
    ecr = boto3.client(
        "ecr",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return b64decode(token).decode().partition(":")[2]


def test_an_absent_secret_is_made_of_the_kind_that_nodes_read(cron: Cron, aws: str):
    ran = cron.run(endpoint=aws)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"`{cron.home}` can pull from {REGISTRIES[0]} until ")
    secret = secret_of(cron.plane, cron.home)
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    login = logins_of(secret)[REGISTRIES[0]]
    assert login["username"] == "AWS"
    assert b64decode(login["auth"]).decode() == f"AWS:{login['password']}"
    until = datetime.fromisoformat(secret["metadata"]["annotations"]["funade.dev/good-until"])
    assert until.tzinfo is not None


def test_a_secret_is_refreshed_by_the_account_that_may_not_read_it(cron: Cron, aws: str):
    assert cron.run(endpoint=aws).code == 0
    first = secret_of(cron.plane, cron.home)
    assert cron.run(endpoint=aws).code == 0
    assert secret_of(cron.plane, cron.home)["metadata"]["uid"] == first["metadata"]["uid"]
    reading = [
        cron.plane.ask(
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "spec": {
                    "user": f"system:serviceaccount:{cron.home}:ecr-login",
                    "resourceAttributes": {"namespace": cron.home, "resource": "secrets", **wish},
                }
            },
        )["status"]["allowed"]
        for wish in ({"verb": "get", "name": "ecr"}, {"verb": "list"}, {"verb": "patch", "name": "another"})
    ]
    assert reading == [False, False, False]


def test_several_registries_of_several_regions_share_one_secret(cron: Cron, one_aws: str):
    ran = cron.run(endpoint=one_aws, registries=REGISTRIES)
    assert ran.code == 0, ran
    logins = logins_of(secret_of(cron.plane, cron.home))
    assert list(logins) == REGISTRIES
    # moto's passwords name their region: each registry has its own.
    passwords = [login["password"] for login in logins.values()]
    assert passwords == [password_of(one_aws, region) for region in ("eu-central-1", "us-east-1")]


def test_the_password_and_the_keys_are_nowhere_in_what_is_printed(cron: Cron, aws: str):
    ran = cron.run("--namespace", cron.home, "--namespace", "absent", endpoint=aws)
    assert f"`{cron.home}` can pull" in ran.out, ran
    [login] = logins_of(secret_of(cron.plane, cron.home)).values()
    for secret in (login["password"], login["auth"], *KEYS.values(), (cron.folder / "token").read_text()):
        assert secret not in ran.said


def test_an_absent_namespace_is_named_and_the_others_are_served(cron: Cron, one_aws: str):
    other = cron.plane.new_namespace()
    apply(cron.plane, MANIFESTS / "namespace", other, home=cron.home)
    wanted = [f"--namespace={name}" for name in (cron.home, "absent-for-good", other)]
    ran = cron.run(*wanted, endpoint=one_aws)
    assert ran.code == 6
    assert "absent-for-good" in ran.err
    assert [line.split("`")[1] for line in ran.out.splitlines()] == [cron.home, other]
    assert logins_of(secret_of(cron.plane, other))


def test_the_administrator_hears_that_a_namespace_is_absent(cron: Cron, one_aws: str):
    ran = cron.run(f"--kubeconfig={cron.plane.kubeconfig}", "--namespace=absent-for-good", endpoint=one_aws)
    assert (ran.code, ran.out) == (6, "")
    assert ran.err == "funade: there is no namespace `absent-for-good` — create it, or leave it out\n"


def test_a_namespace_without_our_role_says_what_to_bind(cron: Cron, one_aws: str):
    other = cron.plane.new_namespace()
    ran = cron.run(f"--namespace={other}", endpoint=one_aws, LANG="ja_JP.UTF-8")
    assert ran.code == 6
    assert f"`{other}` の Secret `ecr` に書き込む権限がありません" in ran.err


def test_a_check_writes_nothing_and_knows_what_would_fail(cron: Cron, one_aws: str):
    ran = cron.run("--check", endpoint=one_aws)
    assert ran.code == 0, ran
    assert "nothing was written" in ran.out
    secrets = cron.plane.ask("GET", f"/api/v1/namespaces/{cron.home}/secrets")["items"]
    assert secrets == []
    assert cron.run("--check", f"--namespace={cron.plane.new_namespace()}", endpoint=one_aws).code == 6


def test_a_secret_that_a_person_made_is_theirs_until_forced(cron: Cron, one_aws: str):
    made = ("create", "secret", "docker-registry", "ecr", "-n", cron.home, "--docker-server=hub.example")
    cron.plane.kubectl(*made, "--docker-username=ada", "--docker-password=hunter2")
    ran = cron.run(endpoint=one_aws)
    assert ran.code == 6
    assert "kubectl-create" in ran.err
    assert "--force" in ran.err
    assert "hub.example" in logins_of(secret_of(cron.plane, cron.home))
    assert cron.run("--force", endpoint=one_aws).code == 0
    assert list(logins_of(secret_of(cron.plane, cron.home))) == REGISTRIES[:1]
    assert cron.run(endpoint=one_aws).code == 0


def test_a_secret_of_another_kind_is_left_alone(cron: Cron, one_aws: str):
    cron.plane.kubectl("create", "secret", "generic", "ecr", "-n", cron.home, "--from-literal=a=b")
    ran = cron.run("--force", endpoint=one_aws)
    assert ran.code == 6
    assert "is of another kind" in ran.err
    assert secret_of(cron.plane, cron.home)["type"] == "Opaque"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no usable AWS credentials"),
        ({"KUBECONFIG": "/absent"}, "there is no kubeconfig at `/absent`"),
    ],
)
def test_what_is_missing_is_named_and_the_old_secret_stays(cron: Cron, one_aws: str, variables, says):
    assert cron.run(endpoint=one_aws).code == 0
    before = secret_of(cron.plane, cron.home)
    ran = cron.run(**{"endpoint": one_aws, **variables})
    assert ran.code == 6
    assert says in ran.err
    assert secret_of(cron.plane, cron.home) == before


def test_a_registry_of_somebody_else_is_a_mistake_of_the_command(cron: Cron, one_aws: str):
    ran = cron.run(endpoint=one_aws, registries=["registry.example"])
    assert ran.code == 6
    assert "`registry.example` is no registry of ECR" in ran.err


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_around_the_write_leaves_nothing_that_the_next_run_does_not_mend(
    cron: Cron, one_aws: str, moment: str
):
    died = cron.run(endpoint=one_aws, FUNADE_FAILPOINTS=f"images.apply_pull_secret:{moment}=kill")
    assert died.code == -signal.SIGKILL
    assert cron.run(endpoint=one_aws).code == 0
    assert logins_of(secret_of(cron.plane, cron.home))


def test_what_we_ship_can_be_applied_twice_and_pruned(plane: ControlPlane, namespace: str):
    rendered = plane.kubectl("kustomize", str(MANIFESTS)).replace(
        "namespace: funade", f"namespace: {namespace}"
    )
    plane.kubectl("apply", "-f", "-", given=rendered)
    assert set(plane.kubectl("apply", "-f", "-", given=rendered).split()) & {"created", "configured"} == set()
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=rendered)
    [job] = [one for one in yaml.safe_load_all(rendered) if one["kind"] == "CronJob"]
    words = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert words[0] == "ecr-login"
    assert ADMIN not in rendered
    json.loads((MANIFESTS / "iam-policy.json").read_text())


def test_the_overlay_of_the_documents_says_who_pulls_what_where(plane: ControlPlane, tmp_path: Path):
    page = (ROOT / "docs/how-to/pull-from-ecr.md").read_text()
    overlay, further = re.findall(r"```yaml\n# \S*kustomization.yaml\n(.+?)```", page, re.DOTALL)
    shutil.copytree(MANIFESTS, tmp_path / "shipped")
    (tmp_path / "mine/shop").mkdir(parents=True)
    for folder, text in ((tmp_path / "mine", overlay), (tmp_path / "mine/shop", further)):
        there = os.path.relpath(tmp_path / "shipped", folder)
        local = re.sub(r"https://\S+?//deploy/kubernetes/ecr-login(\S*)\?ref=v1", rf"{there}\1", text)
        (folder / "kustomization.yaml").write_text(local)
    made = list(yaml.safe_load_all(plane.kubectl("kustomize", str(tmp_path / "mine"))))
    [job] = [one for one in made if one["kind"] == "CronJob"]
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.acme.example/funade:v1"
    assert container["args"][-2:] == ["--namespace=funade", "--namespace=shop"]
    bindings = [one for one in made if one["kind"] == "RoleBinding"]
    assert {one["metadata"]["namespace"] for one in bindings} == {"funade", "shop"}
    assert {one["subjects"][0]["namespace"] for one in bindings} == {"funade"}
