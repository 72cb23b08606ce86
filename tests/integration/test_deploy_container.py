"""What the deploy container runs: its entry point with real keys and agents, and Capistrano with its reports."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from tests.integration.git_sshd import make_key, sshd

pytestmark = [
    pytest.mark.needs("cap", "sshd", "ssh-agent", "ssh-add", "git", "busybox", "dash"),
    pytest.mark.slow,
    pytest.mark.timeout(240),
]

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "deploy" / "capistrano" / "entrypoint"
EXAMPLE = ROOT / "examples" / "capistrano-container"
SHELLS = [("dash",), ("busybox", "sh")]
KEY_WORDS = "PRIVATE KEY"


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    yield folder
    for process in psutil.process_iter():
        try:
            if process.name() == "ssh-agent" and process.environ().get("HOME") == str(folder):
                process.kill()
        except psutil.Error:
            continue


def mounted(home: Path, name: str = "private_key", mode: int = 0o400) -> Path:
    key = make_key(home.parent / f"{name}.made")
    path = home / ".ssh" / name
    shutil.move(key, path)
    path.chmod(mode)
    return path


def entered(
    home: Path, *command: str, shell: tuple[str, ...] = ("dash",), **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(ENTRYPOINT), *command],
        env=variables(home, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def variables(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home.parent), **more}


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_agent_has_the_keys_of_the_mounted_folder_and_nothing_else_of_it(home, shell):
    mounted(home, "one")
    mounted(home, "two")
    (home / ".ssh" / "known_hosts").write_text("example.com ssh-ed25519 AAAA\n")
    (home / ".ssh" / "..data").symlink_to(".")
    done = entered(home, "ssh-add", "-l", shell=shell)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ED25519") == 2
    assert done.stderr == ""


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_command_gets_its_arguments_as_they_are_and_takes_the_place_of_the_shell(home, shell):
    strange = ["a b", "", "$(touch pwned)", "'\"`;", "line\nbreak", "-n"]
    done = entered(home, "printf", "%s\\0", *strange, shell=shell)
    assert done.stdout.split("\0")[:-1] == strange
    assert entered(home, "sh", "-c", "exit 7", shell=shell).returncode == 7


def test_whoever_ends_the_container_ends_the_command(home):
    mounted(home)
    process = subprocess.Popen(
        ["dash", str(ENTRYPOINT), "sh", "-c", 'echo "$$"; exec sleep 600'],
        env=variables(home, {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_a_key_that_everybody_may_read_is_refused_and_no_agent_is_left(home, shell):
    mounted(home, mode=0o444)
    done = entered(home, "true", shell=shell)
    assert done.returncode == 78
    assert "may be read by everybody: mount it with `defaultMode: 0400`" in done.stderr
    assert not list(home.parent.glob("tmp.*"))


def test_a_key_that_the_group_may_read_is_taken_as_a_pod_with_a_group_gets_it(home):
    mounted(home, mode=0o440)
    assert "ED25519" in entered(home, "ssh-add", "-l").stdout


def test_a_key_that_is_locked_is_refused_in_words_and_asks_nobody(home):
    key = home / ".ssh" / "private_key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", str(key)]
    subprocess.run(command, check=True)
    done = entered(home, "true")
    assert done.returncode == 78
    assert "is it locked by a passphrase?" in done.stderr
    assert KEY_WORDS not in done.stderr


def test_without_keys_the_command_runs_and_the_log_says_so(home):
    assert "there is no private key in" in entered(home, "true").stderr
    done = entered(home, "true", DEPLOY_KEYS=str(home / "nowhere"))
    assert done.returncode == 0
    assert "hosts that ask for a key will refuse" in done.stderr


def test_a_command_is_wanted(home):
    done = entered(home)
    assert done.returncode == 78
    assert "no command was given" in done.stderr


class Channel:
    """Takes what an incoming webhook takes, and refuses what it would."""

    def __init__(self, file: Path) -> None:
        self.posts: list[str] = []
        self.file = file
        self.answer = 200
        channel = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                told = json.loads(sent)
                assert self.headers["Content-Type"] == "application/json"
                assert set(told) == {"text"}
                channel.posts.append(told["text"])
                self.send_response(channel.answer)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/services/T0/B0/s3cr3t"
        file.write_text(f"{self.url}\n")
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> "Channel":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def channel(tmp_path) -> Iterator[Channel]:
    with Channel(tmp_path / "webhook") as one:
        yield one


@pytest.fixture
def private(shop, tmp_path) -> Iterator[dict[str, str]]:
    """Serve the shop's repository to one key, which only the container's agent has."""
    (tmp_path / "git").mkdir()
    with sshd(tmp_path / "git") as server:
        yield {
            "SHOP_REPOSITORY": server.url(shop.source.folder),
            "SHOP_GIT_KNOWN_HOSTS": str(shutil.copy(server.known_hosts, tmp_path / "git_known_hosts")),
            "git_key": str(server.key),
        }


@pytest.fixture
def deploy(hosts, home, private, channel, tmp_path):
    """Run the example's `cap production deploy` as its container does."""
    shutil.copy(hosts.known_hosts, home / ".ssh" / "known_hosts")
    for name, key in (("hosts", hosts.key), ("git", Path(private.pop("git_key")))):
        shutil.copy(key, home / ".ssh" / name)
        (home / ".ssh" / name).chmod(0o400)
    host = hosts.hosts[0]

    def run(revision: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ENTRYPOINT), "cap", "production", "deploy"],
            cwd=EXAMPLE,
            env=variables(
                home,
                {
                    "REVISION": revision,
                    "SHOP_PATH": str(host.place),
                    "SHOP_HOSTS": host.address,
                    "DEPLOY_REPORT": str(ROOT / "deploy" / "capistrano" / "report.rake"),
                    "REPORT_FILE": str(tmp_path / "report"),
                    "SLACK_WEBHOOK_FILE": str(channel.file),
                    **private,
                    **more,
                },
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


def test_it_deploys_the_exact_revision_from_a_private_repository_with_a_forwarded_agent(
    deploy, shop, hosts, channel, tmp_path
):
    host = hosts.hosts[0]
    wanted = shop.source.commit({"index.html": "wanted\n"})
    shop.source.commit({"index.html": "newer, and not asked for\n"})
    done = deploy(wanted)
    assert done.returncode == 0, done.stdout
    assert host.live == wanted
    assert (host.place / "current" / "index.html").read_text() == "wanted\n"
    seen = {"revision": wanted, "shown": f"{host.ip}: {wanted[:7]}"}
    assert json.loads((tmp_path / "report").read_text()) == seen
    assert channel.posts[0] == f"shop {wanted[:7]} is being deployed to production"
    assert channel.posts[1].startswith(f"shop {wanted[:7]} was deployed to production in ")
    assert len(channel.posts) == 2
    assert channel.url not in done.stdout
    assert KEY_WORDS not in done.stdout
    assert not [
        one for one in host.home.rglob("*") if one.is_file() and KEY_WORDS.encode() in one.read_bytes()
    ]


def test_what_fails_is_told_in_the_language_of_the_team(deploy, channel, tmp_path):
    done = deploy("0" * 40, REPORT_LANGUAGE="ja")
    assert done.returncode != 0
    assert channel.posts[-1] == (
        "shop 0000000 を production にデプロイできませんでした。ログを確認してください"
    )
    assert not (tmp_path / "report").exists()


def test_a_branch_is_no_revision(deploy, channel):
    done = deploy("main")
    assert done.returncode != 0
    assert "REVISION is no full SHA" in done.stdout
    assert channel.posts == []


@pytest.mark.parametrize("broken", ["answer", "nobody", "address"])
def test_a_report_that_is_lost_changes_nothing_and_its_address_is_not_shown(
    deploy, shop, hosts, channel, broken
):
    revision = shop.source.commit({"index.html": "wanted\n"})
    if broken == "answer":
        channel.answer = 404
    else:
        bad = {"nobody": "http://127.0.0.1:9/s3cr3t", "address": "http://hooks.example.com/s3cr3t"}
        channel.file.write_text(bad[broken])
    done = deploy(revision)
    assert done.returncode == 0, done.stdout
    assert hosts.hosts[0].live == revision
    assert "Slack" in done.stdout
    assert "s3cr3t" not in done.stdout
