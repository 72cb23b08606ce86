"""The overlays as they are shipped, applied to a Kubernetes of their own; no Pod of them runs here."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import ROOT
from tests.kubernetes import control_plane
from tests.kubernetes.control_plane import ControlPlane

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.slow]

OVERLAYS = ROOT / "deploy/kubernetes/overlays"
NAMESPACE = "funade"
ROLE = "eks.amazonaws.com/role-arn"
#: the first time with the other way of applying
TAKING_OVER = ("--server-side", "--force-conflicts")

Object = dict[str, Any]
Who = tuple[dict[str, str], list[Any], set[str]]


@pytest.fixture(scope="module", params=sorted(one.name for one in OVERLAYS.iterdir()))
def overlay(request: pytest.FixtureRequest) -> Path:
    return OVERLAYS / str(request.param)


@pytest.fixture(scope="module")
def fresh(overlay: Path) -> Iterator[ControlPlane]:
    """Give a Kubernetes in which nothing but that overlay ever was; it is not there yet."""
    assert overlay.is_dir()
    with control_plane.running() as plane:
        yield plane


@pytest.fixture(scope="module")
def applied(fresh: ControlPlane, overlay: Path) -> ControlPlane:
    """Apply it as somebody does who follows no page: with `kubectl apply -k`, and nothing before or after."""
    said = fresh.kubectl("apply", "-k", str(overlay))
    assert {line.rpartition(" ")[2] for line in said.splitlines()} == {"created"}
    return fresh


def there(plane: ControlPlane, overlay: Path) -> list[Object]:
    """Return the same objects as the server has them."""
    found: list[Object] = json.loads(plane.kubectl("get", "-k", str(overlay), "--output=json"))["items"]
    return found


def versions(plane: ControlPlane, overlay: Path) -> dict[tuple[str, str], str]:
    """Return of each object what changes with every change that somebody makes to it."""
    found = {}
    for one in there(plane, overlay):
        # Definitions are written to by the server itself, for a while.
        counts = "generation" if one["kind"] == "CustomResourceDefinition" else "resourceVersion"
        found[one["kind"], one["metadata"]["name"]] = str(one["metadata"][counts])
    return found


@pytest.mark.parametrize("how", [(), TAKING_OVER[:1]], ids=["client", "server"])
def test_to_apply_it_once_more_changes_nothing(applied: ControlPlane, overlay: Path, how: tuple[str, ...]):
    # Whoever comes second with the other way of applying takes the fields over, once.
    applied.kubectl("apply", *(TAKING_OVER if how else how), "-k", str(overlay))
    before = versions(applied, overlay)
    said = applied.kubectl("apply", *how, "-k", str(overlay))
    assert versions(applied, overlay) == before
    verb = "serverside-applied" if how else "unchanged"
    assert {line.rpartition(" ")[2] for line in said.splitlines()} == {verb}
    assert applied.kubectl("diff", *how, "-k", str(overlay)) == ""


def test_applied_by_the_server_at_first_it_is_the_same(overlay: Path):
    with control_plane.running() as plane:
        said = plane.kubectl("apply", "--server-side", "-k", str(overlay))
        assert {line.rpartition(" ")[2] for line in said.splitlines()} == {"serverside-applied"}
        before = versions(plane, overlay)
        plane.kubectl("apply", "--server-side", "-k", str(overlay))
        assert versions(plane, overlay) == before
        assert plane.kubectl("diff", "--server-side", "-k", str(overlay)) == ""


def test_everything_of_it_is_in_one_namespace(applied: ControlPlane, overlay: Path):
    for one in there(applied, overlay):
        if one["kind"] not in ("Namespace", "CustomResourceDefinition"):
            assert one["metadata"]["namespace"] == NAMESPACE, one
        assert one["kind"] not in ("ClusterRole", "ClusterRoleBinding"), one


def test_each_workload_is_one_of_an_account_that_is_there(applied: ControlPlane, overlay: Path):
    all_of_it = there(applied, overlay)
    accounts = {one["metadata"]["name"] for one in all_of_it if one["kind"] == "ServiceAccount"}
    used = {pod["serviceAccountName"] for pod in pods_of(all_of_it)}
    bound = {
        subject["name"]
        for one in all_of_it
        if one["kind"] == "RoleBinding"
        for subject in one["subjects"]
        if subject["namespace"] == NAMESPACE
    }
    assert used == accounts == bound


def test_who_it_is_for_aws_is_said_where_the_documents_say(applied: ControlPlane, overlay: Path):
    all_of_it = there(applied, overlay)
    roles = {
        one["metadata"]["name"]: one["metadata"]["annotations"][ROLE]
        for one in all_of_it
        if ROLE in one["metadata"].get("annotations", {})
    }
    containers = [container for pod in pods_of(all_of_it) for container in pod["containers"]]
    keys = [container.get("envFrom") for container in containers]
    workloads = {one["metadata"]["name"] for one in all_of_it if one["kind"] in ("CronJob", "Deployment")}
    # A webhook of EKS gives Pods of an account with that annotation what they need; its nodes find into ECR.
    on_eks: Who = (
        {"funade-controller": "arn:aws:iam::123456789012:role/funade-controller"},
        [None],
        {"funade-controller"},
    )
    secret = [{"secretRef": {"name": "funade-aws"}}]
    on_premises: Who = ({}, [secret, secret], {"funade-controller", "ecr-login"})
    assert (roles, keys, workloads) == {"eks": on_eks, "on-premises": on_premises}[overlay.name]
    assert not [one for one in all_of_it if one["kind"] == "Secret"]
    assert not [container for container in containers if "env" in container]


def pods_of(all_of_it: list[Object]) -> list[Object]:
    """Return the Pods that its workloads make."""
    deployments = [one["spec"] for one in all_of_it if one["kind"] == "Deployment"]
    jobs = [one["spec"]["jobTemplate"]["spec"] for one in all_of_it if one["kind"] == "CronJob"]
    return [one["template"]["spec"] for one in (*deployments, *jobs)]
