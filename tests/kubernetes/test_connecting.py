"""Who we are for a real API server, and how that is renewed."""

import json
import stat
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from funade.clients.kubernetes import (
    CONFIG_MAPS,
    Cluster,
    ClusterError,
    Forbidden,
    Misconfigured,
    NeverSent,
    Unauthorized,
    Unreachable,
    connect,
    connecting,
)
from tests.kubernetes.control_plane import ADMIN, ControlPlane
from tests.kubernetes.mischief import mischief

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.asyncio]

NOT_A_TOKEN = "somebody-elses-token"


def plugin(folder: Path, *lines: str, name: str = "get-token") -> Path:
    """Make a program that fetches a token, as a cloud's would."""
    path = folder / name
    path.write_text("\n".join([f"#!{sys.executable}", "import json, os, sys, pathlib", *lines]))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def printing(token: str, **status: str) -> str:
    return f"""
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({{"apiVersion": asked["apiVersion"], "kind": "ExecCredential",
    "status": {{"token": {token}, **{status!r}}}}}))
"""


def with_program(plane: ControlPlane, command: Path, version: str = "v1", **keys: Any) -> Path:
    told = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": str(command), **keys}
    return plane.write_kubeconfig("program", None, exec=told)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("funade.clients.kubernetes.wire.FIRST_PAUSE_SECONDS", 0.001)


async def is_known(cluster: Cluster) -> bool:
    return (await cluster.list(CONFIG_MAPS, "default")).version != ""


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_a_program_fetches_the_token(plane: ControlPlane, tmp_path: Path, version: str):
    command = plugin(tmp_path, printing("os.environ['GIVEN'] + sys.argv[1]"))
    told = {"env": [{"name": "GIVEN", "value": ADMIN[:5]}], "args": [ADMIN[5:]]}
    async with connect(with_program(plane, command, version, **told)) as cluster:
        assert await is_known(cluster)


async def test_a_program_is_asked_again_when_its_token_is_refused(plane: ControlPlane, tmp_path: Path):
    counting = "seen = pathlib.Path(__file__).with_name('seen'); seen.touch()\n"
    counting += "seen.write_text(seen.read_text() + 'x')\n"
    command = plugin(
        tmp_path, counting, printing(f"{NOT_A_TOKEN!r} if seen.read_text() == 'x' else {ADMIN!r}")
    )
    async with connect(with_program(plane, command)) as cluster:
        assert await is_known(cluster)
        assert await is_known(cluster)
    assert (tmp_path / "seen").read_text() == "xx"


async def test_a_token_that_ends_soon_is_fetched_anew(plane: ControlPlane, tmp_path: Path):
    counting = "seen = pathlib.Path(__file__).with_name('seen'); seen.touch()\n"
    counting += "seen.write_text(seen.read_text() + 'x')\n"
    command = plugin(tmp_path, counting, printing(repr(ADMIN), expirationTimestamp="2026-01-01T00:00:00Z"))
    async with connect(with_program(plane, command)) as cluster:
        assert await is_known(cluster)
        assert await is_known(cluster)
    assert (tmp_path / "seen").read_text() == "xx"


@pytest.mark.parametrize(
    ("lines", "expected", "says"),
    [
        (["print('hunter2', file=sys.stderr); sys.exit(3)"], Unreachable, "ended with 3"),
        (["print('hunter2')"], Misconfigured, "printed no ExecCredential"),
        (["print(json.dumps({'status': {'token': 'hunter2\\nx'}}))"], Misconfigured, "empty or no token"),
        (
            ["print(json.dumps({'status': {'clientCertificateData': 'hunter2'}}))"],
            Misconfigured,
            "a certificate",
        ),
        (
            ["print(json.dumps({'status': {'token': 'h', 'expirationTimestamp': 'x'}}))"],
            Misconfigured,
            "printed no",
        ),
        (["print(json.dumps({'status': {}}))"], Misconfigured, "no token"),
    ],
)
async def test_what_a_program_says_instead_of_a_token_is_not_repeated(
    plane: ControlPlane, tmp_path: Path, lines: list[str], expected: type[ClusterError], says: str
):
    async with connect(with_program(plane, plugin(tmp_path, *lines))) as cluster:
        with pytest.raises(expected, match=says) as raised:
            await is_known(cluster)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None or "hunter2" not in str(raised.value.__cause__)


async def test_a_program_that_is_not_there_is_named_with_what_its_author_says(
    plane: ControlPlane, tmp_path: Path
):
    told = with_program(plane, tmp_path / "absent", installHint="Install the cloud's tools.")
    async with connect(told) as cluster:
        with pytest.raises(Misconfigured, match=r"absent.*does not start.*Install the cloud's tools\."):
            await is_known(cluster)


async def test_a_token_file_is_read_again_when_the_old_token_is_refused(plane: ControlPlane, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text(f"{NOT_A_TOKEN}\n")
    async with mischief(plane) as proxy:
        document = plane.document("pod", {"tokenFile": str(token)}, server=proxy.url)
        async with connect(plane.write_document(document)) as cluster:
            with pytest.raises(Unauthorized):
                await is_known(cluster)
            token.write_text(f"{ADMIN}\n")
            assert await is_known(cluster)
        sent = [str(one).removeprefix("Bearer ") for one in proxy.tokens]
        assert sent == [NOT_A_TOKEN, NOT_A_TOKEN, ADMIN]


async def test_a_pod_finds_its_server_and_its_token_as_the_kubelet_renews_it(
    plane: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plane.new_account(namespace, "controller")
    plane.allow(namespace, "controller", "list", "configmaps")
    (tmp_path / "ca.crt").write_bytes(plane.authority.read_bytes())
    (tmp_path / "namespace").write_text(namespace)
    (tmp_path / "token").write_text(plane.new_token(namespace, "controller"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(plane.port))
    assert connecting.in_pod(tmp_path)
    async with connecting.of_pod(tmp_path) as cluster:
        assert cluster.namespace == namespace
        assert (await cluster.list(CONFIG_MAPS, namespace)).objects == []
        (tmp_path / "token").write_text(plane.new_token(namespace, "controller"))
        monkeypatch.setattr("funade.clients.kubernetes.credentials.REREAD_AFTER_SECONDS", -1)
        assert (await cluster.list(CONFIG_MAPS, namespace)).objects == []
        (tmp_path / "token").unlink()
        with pytest.raises(Misconfigured, match="cannot be read"):
            await cluster.list(CONFIG_MAPS, namespace)


@pytest.mark.parametrize("inline", [True, False])
async def test_a_certificate_says_who_we_are(plane: ControlPlane, tmp_path: Path, inline: bool):
    certificate, key = plane.certify("ada")
    keys = {
        "client-certificate-data": b64encode(certificate).decode(),
        "client-key-data": b64encode(key).decode(),
    }
    if not inline:
        (tmp_path / "ada.crt").write_bytes(certificate)
        (tmp_path / "ada.key").write_bytes(key)
        keys = {"client-certificate": "ada.crt", "client-key": "ada.key"}
    config = tmp_path / "config"
    config.write_text(json.dumps(plane.document("ada", {**keys})))
    async with connect(config) as cluster:
        with pytest.raises(Forbidden, match='User "ada" cannot list'):
            await is_known(cluster)


async def test_a_server_that_another_authority_signed_hears_nothing(plane: ControlPlane):
    document = plane.document("admin", {"token": ADMIN})
    del document["clusters"][0]["cluster"]["certificate-authority"]
    async with connect(plane.write_document(document)) as cluster:
        with pytest.raises(NeverSent, match="certificate") as raised:
            await is_known(cluster)
    assert ADMIN not in str(raised.value)


async def test_a_server_is_not_asked_without_verifying_it(plane: ControlPlane):
    document = plane.document("admin", {"token": ADMIN})
    document["clusters"][0]["cluster"] = {"server": plane.url, "insecure-skip-tls-verify": True}
    with pytest.raises(Misconfigured, match="insecure-skip-tls-verify"):
        connect(plane.write_document(document))


async def test_the_variable_names_the_kubeconfigs(plane: ControlPlane, tmp_path: Path, monkeypatch):
    document = plane.document("admin", {"token": ADMIN})
    clusters = tmp_path / "clusters"
    clusters.write_text(json.dumps({"clusters": document["clusters"]}))
    rest = tmp_path / "rest"
    rest.write_text(json.dumps({**document, "clusters": []}))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{clusters}:{rest}")
    async with connect() as cluster:
        assert await is_known(cluster)
