import json
from pathlib import Path
from typing import Any

import pytest

from funade.clients.kubernetes import LibraryMissing, Misconfigured, connect

TOKEN = "hunter2-hunter2"


def written(path: Path, *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> Path:
    document = {
        "clusters": [{"name": "c", "cluster": cluster or {"server": "https://kubernetes.example"}}],
        "users": [{"name": "u", "user": user or {"token": TOKEN}}],
        "contexts": [
            {"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "broken", "context": {"cluster": "absent", "user": "u"}},
        ],
        "current-context": "a",
    }
    path.write_text(json.dumps(document))
    return path


def test_the_context_says_where_and_in_which_namespace(tmp_path: Path):
    cluster = connect(written(tmp_path / "config"))
    assert (cluster.server, cluster.namespace) == ("https://kubernetes.example", "shop")
    assert TOKEN not in repr(cluster)


def test_an_absent_file_is_named(tmp_path: Path):
    with pytest.raises(Misconfigured, match=r"there is no kubeconfig at `.*absent`"):
        connect(tmp_path / "absent")


def test_without_a_word_the_person_s_own_is_taken():
    with pytest.raises(Misconfigured, match=r"\.kube/config"):
        connect()


@pytest.mark.parametrize(
    ("context", "says"),
    [("b", "'b' not found — there are `a`, `broken`"), ("broken", "'absent' is named and not")],
)
def test_a_context_that_leads_nowhere_is_named(tmp_path: Path, context: str, says: str):
    with pytest.raises(Misconfigured, match=says):
        connect(written(tmp_path / "config"), context)


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ({"server": "https://k", "insecure-skip-tls-verify": True}, "not followed"),
        ({"server": "http://kubernetes.example"}, "without TLS"),
        ({"server": "https://k", "tls-server-name": "other"}, "`tls-server-name` of `c`"),
        ({"server": "https://k", "certificate-authority": "/absent/ca.crt"}, "a certificate for"),
        ({"server": "https://k", "certificate-authority-data": "bm90IGE="}, "a certificate for"),
        ({"server": 7}, "is no kubeconfig"),
        ({"server": "https://[k"}, "address of the API server"),
        ({"server": "https://"}, "address of the API server|without TLS"),
        ({"server": f"https://ada:{TOKEN}@k"}, "`k` holds a name or a password"),
        ({"server": "https://k", "proxy-url": f"socks5://ada:{TOKEN}@p"}, "asked by `socks5`"),
    ],
)
def test_a_server_that_could_be_another_is_refused(tmp_path: Path, cluster: dict[str, Any], says: str):
    with pytest.raises(Misconfigured, match=says) as raised:
        connect(written(tmp_path / "config", cluster=cluster))
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"token": TOKEN, "as": "root"}, "`as` of `u`"),
        ({"username": "ada", "password": TOKEN}, "is not understood"),
        ({"auth-provider": {"name": "gcp"}}, "`auth-provider` of `u`"),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "x"}},
            "speaks .*v1alpha1",
        ),
        ({"token": {"a": TOKEN}}, "is no kubeconfig"),
        ({"client-certificate-data": "eA==", "client-key-data": "eA=="}, "a certificate for"),
    ],
)
def test_a_user_that_is_not_understood_is_refused_and_not_quoted(
    tmp_path: Path, user: dict[str, Any], says: str
):
    with pytest.raises(Misconfigured, match=says) as raised:
        connect(written(tmp_path / "config", user=user))
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["token: [hunter2", "- a", "clusters: [a]\n", "users: [{name: a, user: hunter2}]"]
)
def test_a_file_that_is_no_kubeconfig_is_not_quoted(tmp_path: Path, text: str):
    (tmp_path / "config").write_text(text)
    with pytest.raises(Misconfigured) as raised:
        connect(tmp_path / "config")
    assert "hunter2" not in str(raised.value)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "lightkube.config.kubeconfig", None)
    with pytest.raises(LibraryMissing, match=r"funade\[kubernetes\]"):
        connect()
