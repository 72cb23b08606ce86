"""What `funade ecr-login` may do, in the cluster and in AWS: what is written down suffices, and is no more than needed.

The API server is Kubernetes' own. The AWS is moto, which looks at policies and signatures when it is told to; it does
not know of which repository a call is, and words a refusal as no AWS does.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from tests.architecture.source import ROOT
from tests.contracts.queues import REGION, server
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.test_ecr_login import MANIFESTS, REGISTRIES, Cron, apply, cron, logins_of, secret_of

__all__ = ["cron"]
pytestmark = pytest.mark.needs("kubernetes")

POLICY: dict[str, Any] = json.loads((MANIFESTS / "iam-policy.json").read_text())
#: what everybody may: ask who they are, and what they may
EVERYBODY = {"authorization.k8s.io", "authentication.k8s.io"}
Right = tuple[str, str, tuple[str, ...], str]


def rights(plane: ControlPlane, home: str, namespace: str) -> set[Right]:
    """Return what the CronJob's account may do there, beside what everybody may; asked by itself."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    kubeconfig = plane.write_kubeconfig("ecr-login", plane.new_token(home, "ecr-login"))
    told = ("create", "--validate=false", "--output=json", "-f", "-")
    said = plane.kubectl(*told, given=json.dumps(review), kubeconfig=kubeconfig)
    return set(_each(json.loads(said)["status"]["resourceRules"]))


def _each(rules: list[dict[str, Any]]) -> Iterator[Right]:
    for rule in rules:
        for group in set(rule["apiGroups"]) - EVERYBODY:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, tuple(rule.get("resourceNames") or ()), verb


def test_its_account_may_do_what_is_written_down_and_nothing_else(cron: Cron):
    (role,) = [
        one
        for one in yaml.safe_load_all((MANIFESTS / "namespace/role.yaml").read_text())
        if one["kind"] == "Role"
    ]
    written = set(_each(role["rules"]))
    assert written == {("", "secrets", ("ecr",), verb) for verb in ("create", "patch")}
    assert rights(cron.plane, cron.home, cron.home) == written
    other = cron.plane.new_namespace()
    assert rights(cron.plane, cron.home, other) == set()
    apply(cron.plane, MANIFESTS / "namespace", other, home=cron.home)
    assert rights(cron.plane, cron.home, other) == written
    assert rights(cron.plane, cron.home, "default") == set()


@pytest.mark.parametrize(
    ("verb", "resource", "name"),
    [
        *((verb, "secrets", "ecr") for verb in ("get", "update", "delete", "watch")),
        *((verb, "secrets", "another") for verb in ("get", "create", "patch", "update", "delete")),
        *((verb, "secrets", "") for verb in ("create", "list", "watch", "patch", "deletecollection")),
        *((verb, "pods", "") for verb in ("get", "list", "create", "delete")),
        ("create", "pods/exec", ""),
        ("create", "serviceaccounts/token", "ecr-login"),
        *((verb, "roles.rbac.authorization.k8s.io", "ecr-login") for verb in ("get", "patch", "escalate")),
        ("create", "rolebindings.rbac.authorization.k8s.io", ""),
        ("patch", "cronjobs.batch", "ecr-login"),
        ("create", "jobs.batch", ""),
        ("patch", "serviceaccounts", "default"),
        ("impersonate", "serviceaccounts", "default"),
        ("get", "configmaps", "kube-root-ca.crt"),
    ],
)
def test_beside_it_nothing_is_allowed(cron: Cron, verb: str, resource: str, name: str):
    thing, _, part = resource.partition("/")
    plural, _, group = thing.partition(".")
    asked = {"verb": verb, "group": group, "resource": plural, "subresource": part, "name": name}
    assert not may(cron, cron.home, asked)


def test_the_two_rights_are_those_of_that_secret_in_that_namespace(cron: Cron):
    for verb in ("create", "patch"):
        asked = {"verb": verb, "group": "", "resource": "secrets", "name": "ecr"}
        assert may(cron, cron.home, asked)
        assert not may(cron, cron.plane.new_namespace(), asked)
        assert not may(cron, "kube-system", asked)


def may(cron: Cron, namespace: str, asked: dict[str, str]) -> bool:
    user = f"system:serviceaccount:{cron.home}:ecr-login"
    review = {
        "spec": {
            "user": user,
            "groups": [
                "system:serviceaccounts",
                f"system:serviceaccounts:{cron.home}",
                "system:authenticated",
            ],
            "resourceAttributes": {"namespace": namespace, **asked},
        }
    }
    answer = cron.plane.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


# In AWS


class Aws:
    """An AWS that looks at policies, and at signatures."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @contextmanager
    def somebody(self, *statements: dict[str, Any]) -> Iterator[dict[str, str]]:
        """Give the keys of somebody who has these rights alone."""
        self._look(from_request=10**9)
        iam = self.client("iam", {"AWS_ACCESS_KEY_ID": "root", "AWS_SECRET_ACCESS_KEY": "root"})
        iam.create_user(UserName="cron")
        policy = json.dumps({**POLICY, "Statement": statements})
        iam.put_user_policy(UserName="cron", PolicyName="ecr", PolicyDocument=policy)
        key = iam.create_access_key(UserName="cron")["AccessKey"]
        self._look(from_request=0)
        try:
            yield {
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            }
        finally:
            self._look(from_request=10**9)
            iam.delete_access_key(UserName="cron", AccessKeyId=key["AccessKeyId"])
            iam.delete_user_policy(UserName="cron", PolicyName="ecr")
            iam.delete_user(UserName="cron")

    def client(self, service: str, keys: dict[str, str]) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )

    def _look(self, *, from_request: int) -> None:
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/reset-auth",
            data=str(from_request).encode(),
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with server("moto", tmp_path_factory.mktemp("moto")) as endpoint:
        yield Aws(endpoint)


def statements() -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in POLICY["Statement"]}


def test_the_policy_of_the_documents_names_each_right_and_who_logs_in_needs_one():
    page = (ROOT / "docs/how-to/pull-from-ecr.md").read_text()
    assert "deploy/kubernetes/ecr-login/iam-policy.json" in page
    login, pulling = (statements()[name] for name in ("LogIn", "PullWithThatLogin"))
    assert len(POLICY["Statement"]) == 2
    assert login == {
        "Sid": "LogIn",
        "Effect": "Allow",
        "Action": "ecr:GetAuthorizationToken",
        # It is for no repository: AWS takes nothing else here.
        "Resource": "*",
    }
    assert not [one for one in pulling["Action"] if "*" in one]
    assert pulling["Resource"].startswith("arn:aws:ecr:")


def test_our_program_makes_that_one_call():
    """Look for every call of a client of AWS in the room; whatever else it asked would need a right of its own."""
    room = ROOT / "src/funade/images"
    called = {
        name
        for one in room.rglob("*.py")
        for name in re.findall(r"await client\.get\(\)\)\.(\w+)\(", one.read_text())
    }
    assert called == {"get_authorization_token"}


def test_to_log_in_the_first_statement_suffices(cron: Cron, strict: Aws):
    with strict.somebody(statements()["LogIn"]) as keys:
        ran = cron.run(endpoint=strict.endpoint, registries=REGISTRIES[:1], **keys)
        assert (ran.code, ran.err) == (0, "")
    assert logins_of(secret_of(cron.plane, cron.home))


def test_without_it_nobody_logs_in_and_the_old_secret_stays(cron: Cron, strict: Aws):
    with strict.somebody(statements()["LogIn"]) as keys:
        assert cron.run(endpoint=strict.endpoint, registries=REGISTRIES[:1], **keys).code == 0
    before = secret_of(cron.plane, cron.home)
    with strict.somebody(statements()["PullWithThatLogin"]) as keys:
        ran = cron.run(endpoint=strict.endpoint, registries=REGISTRIES[:1], **keys)
        assert ran.code == 6, ran
        assert "refuses what we asked (403)" in ran.err, ran.err
        for secret in keys.values():
            assert secret not in ran.said
    assert secret_of(cron.plane, cron.home) == before


@pytest.mark.parametrize(
    ("call", "words", "is_allowed"),
    [
        ("get_authorization_token", {}, True),
        ("batch_get_image", {"repositoryName": "shop", "imageIds": [{"imageTag": "v1"}]}, True),
        ("describe_repositories", {}, False),
        ("describe_images", {"repositoryName": "shop"}, False),
        ("create_repository", {"repositoryName": "shop"}, False),
        ("delete_repository", {"repositoryName": "shop"}, False),
        ("put_image", {"repositoryName": "shop", "imageManifest": "{}"}, False),
        ("batch_delete_image", {"repositoryName": "shop", "imageIds": [{"imageTag": "v1"}]}, False),
    ],
)
def test_the_whole_policy_lets_in_to_pull_and_to_nothing_else(
    strict: Aws, call: str, words: dict[str, Any], is_allowed: bool
):
    anywhere = [{**one, "Resource": "*"} for one in POLICY["Statement"]]
    with strict.somebody(*anywhere) as keys:
        try:
            getattr(strict.client("ecr", keys), call)(**words)
        except ClientError as error:
            # What is absent was looked for.
            refused = "AccessDenied" in str(error)
        else:
            refused = False
    assert refused is not is_allowed
