"""What every implementation of the Verifier port promises."""

import asyncio
import os
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.orders import Observed
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.testing.verification import FakeVerifier
from funade.usecases.ports import Verifier
from funade.verification import LiveVerifier
from tests.contracts.http_server import HttpServer, http_server

pytestmark = pytest.mark.asyncio

SHA = Revision("f5c0df1" + 33 * "0")
OTHER = "a" * 40
RELEASE = Release(
    application="shop",
    environment="production",
    revision=SHA,
    repository=Repository(url="/srv/shop"),
    target=TargetConfiguration(kind="command", settings={}),
)


@dataclass
class World:
    """Something to look at, and who looks."""

    verifier: Verifier
    show: Callable[[str], Verification]  #: show that text; return how it is seen
    hide: Verification  #: how something is seen that does not answer


@pytest_asyncio.fixture(params=["url", "program", "fake"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    fake = FakeVerifier()

    def in_file(text: str) -> Verification:
        (tmp_path / "live").write_text(text)
        return Verification(run=("cat", str(tmp_path / "live")))

    def in_memory(text: str) -> Verification:
        fake.shows["https://a.example"] = text
        return Verification(url="https://a.example")

    async with http_server() as server:
        match request.param:
            case "url":
                show, gone = (
                    lambda text: Verification(url=server.says("/", text)),
                    Verification(url=server.url("/x")),
                )
                yield World(LiveVerifier(), show, gone)
            case "program":
                yield World(LiveVerifier(), in_file, Verification(run=("cat", str(tmp_path / "x"))))
            case _:
                yield World(fake, in_memory, Verification(url="https://b.example"))


def wanting(seen: Verification, equals: str) -> Verification:
    return Verification(url=seen.url, run=seen.run, equals=equals)


@pytest.mark.parametrize("text", [SHA, f" {SHA}\n", f"\n{SHA}\r\n"])
async def test_the_wanted_revision_is_seen(world, text):
    observed = await world.verifier.look(wanting(world.show(text), "{revision}"), RELEASE)
    assert observed == Observed(matches=True, revision=SHA, shown=SHA)


async def test_another_revision_is_seen_and_named(world):
    observed = await world.verifier.look(wanting(world.show(OTHER), "{revision}"), RELEASE)
    assert observed == Observed(matches=False, revision=OTHER, shown=f"`{OTHER}` instead of `{SHA}`")


async def test_what_names_no_revision_is_shown(world):
    observed = await world.verifier.look(wanting(world.show("v1"), "{revision}"), RELEASE)
    assert observed == Observed(matches=False, revision=None, shown=f"`v1` instead of `{SHA}`")


async def test_a_revision_is_read_out_of_more_text(world):
    seen = wanting(world.show(f'{{"shop": "{OTHER}"}}'), '{{"{application}": "{revision}"}}')
    observed = await world.verifier.look(seen, RELEASE)
    assert (observed.matches, observed.revision) == (False, OTHER)


async def test_a_short_revision_is_compared_and_names_none(world):
    observed = await world.verifier.look(
        wanting(world.show("production f5c0df1"), "{environment} {short_revision}"), RELEASE
    )
    assert observed == Observed(matches=True, revision=None, shown="production f5c0df1")


async def test_without_a_wanted_text_an_answer_is_enough(world):
    assert (await world.verifier.look(world.show("whatever"), RELEASE)).matches is True


async def test_no_answer_is_no_success(world):
    for seen in (world.hide, wanting(world.hide, "{revision}")):
        observed = await world.verifier.look(seen, RELEASE)
        assert observed.matches is False
        assert observed.revision is None
        assert observed.shown


# Addresses


@pytest_asyncio.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


async def look(url: str, equals: str | None = None, time_limit: float = 10) -> Observed:
    verifier = LiveVerifier(url_time_limit=timedelta(seconds=time_limit))
    return await verifier.look(Verification(url=url, equals=equals), RELEASE)


async def test_placeholders_stand_in_the_address_too(server):
    server.says("/shop/production", SHA)
    assert (await look(server.url("/{application}/{environment}"), "{revision}")).matches is True


@pytest.mark.parametrize("status", ["500 Oh No", "404 Not Found", "304 Not Modified", "302 Found"])
async def test_only_2xx_is_an_answer(server, status):
    url = server.says("/", "" if status.startswith("304") else SHA, status)
    assert await look(url, "{revision}") == Observed(matches=False, shown=f"`{url}` answered {status}")


async def test_nobody_is_waited_for_longer_than_the_limit(server):
    async def sleep(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(600):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.1)

    url = server.does("/", sleep)
    began = time.monotonic()
    assert await look(url, time_limit=0.3) == Observed(
        matches=False, shown=f"`{url}` did not answer within 0.3 s"
    )
    assert time.monotonic() - began < 5


async def test_an_endless_answer_is_not_read_to_its_end(server):
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    url = server.does("/", pour)
    assert await look(url) == Observed(matches=False, shown=f"`{url}` answered more than 64 KiB")


async def test_an_answer_that_ends_early_is_none(server):
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nf5c0df1")

    async def say_nothing(writer: asyncio.StreamWriter) -> None:
        pass

    for answer in (break_off, say_nothing):
        observed = await look(server.does("/", answer), "{short_revision}")
        assert observed.matches is False
        assert "broke off" in observed.shown


async def test_what_does_not_speak_http_is_no_answer(server):
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9\r\n\r\n")

    assert (await look(server.does("/", speak))).matches is False


async def test_a_redirect_on_the_same_host_is_followed(server):
    server.says("/new", SHA)
    url = server.says("/", "", "302 Found", "Location: /new")
    assert (await look(url, "{revision}")).matches is True


@pytest.mark.parametrize(
    "location", ["http://localhost:1/", "//127.0.0.2/", "file:///etc/passwd", "http://a@127.0.0.1/"]
)
async def test_a_redirect_to_somewhere_else_is_not_followed(server, location):
    url = server.says("/", "", "302 Found", f"Location: {location}")
    observed = await look(url)
    assert observed.matches is False
    assert "redirects to" in observed.shown


async def test_a_redirect_to_another_port_is_not_followed(server):
    async with http_server() as other:
        url = server.says("/", "", "307 Temporary Redirect", f"Location: {other.says('/', SHA)}")
        assert (await look(url)).matches is False
        assert not other.requests


async def test_redirects_come_to_an_end(server):
    url = server.says("/", "", "302 Found", "Location: /")
    assert await look(url) == Observed(matches=False, shown=f"`{url}` redirects more than 5 times")
    assert len(server.requests) == 6


async def test_nothing_of_this_machine_is_told_to_who_is_asked(server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await look(server.says("/", SHA))
    [head] = server.requests
    assert sorted(line.partition(":")[0] for line in head.splitlines()[1:] if line) == [
        "Accept",
        "Accept-Encoding",
        "Cache-Control",
        "Connection",
        "Host",
        "User-Agent",
    ]


async def test_bytes_that_are_no_text_are_no_answer(server):
    url = server.says("/", b"\xff\xfe")
    assert await look(url) == Observed(matches=False, shown=f"`{url}` answered what is no text")


async def test_foreign_text_is_shown_short_and_in_one_line(server):
    observed = await look(server.says("/", "\x1b[31mred\n" + 1000 * "x"), "{short_revision}")
    assert observed.shown == f"`[31mred {192 * 'x'}…` instead of `f5c0df1`"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://127.0.0.1:99999/", "http:///x"]
)
async def test_an_address_that_leads_nowhere_is_no_answer(url):
    observed = await look(url)
    assert observed.matches is False
    assert observed.shown.startswith(f"`{url}` ")


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    making = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    naming = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", *making, *naming, *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


@pytest.mark.needs("openssl")
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    async with http_server(self_signed(tmp_path)) as server:
        observed = await look(server.says("/", SHA), "{revision}")
        assert observed.matches is False
        assert "shows a certificate that is not trusted" in observed.shown
        assert not server.requests


# Programs


async def run(
    *argv: str, equals: str | None = None, folder: Path = Path("/"), time_limit: float = 20
) -> Observed:
    verifier = LiveVerifier(
        environment={**os.environ, "AWS_SECRET_ACCESS_KEY": "hunter2"},
        folder=folder,
        program_time_limit=timedelta(seconds=time_limit),
    )
    return await verifier.look(Verification(run=argv, equals=equals), RELEASE)


async def test_a_program_is_given_the_release_and_nothing_of_ours():
    observed = await run("env")
    names = {word.partition("=")[0] for word in observed.shown.split()}
    assert names <= {"FUNADE_APPLICATION", "FUNADE_ENVIRONMENT", "FUNADE_REVISION", "HOME", "LANG", "PATH"}
    assert (await run("sh", "-c", "echo $FUNADE_REVISION", equals="{revision}")).revision == SHA


async def test_placeholders_are_one_argument_and_no_shell_reads_them(tmp_path):
    observed = await run(
        "printf", "%s|", "{environment} {revision}; $HOME", equals="production {revision}; $HOME|"
    )
    assert observed.matches is True


async def test_a_program_that_fails_is_no_answer_and_its_last_words_are_shown():
    script = f"echo {SHA}; echo one >&2; echo no such host >&2; exit 3"
    observed = await run("sh", "-c", script, equals="{revision}")
    assert observed == Observed(matches=False, shown="`sh` ended with 3: no such host")


async def test_a_program_that_is_killed_is_no_answer():
    assert (await run("sh", "-c", "kill -9 $$")).shown == "`sh` ended by signal 9"


@pytest.mark.parametrize("argv", [("/no/such/program",), ("/etc/passwd",), ("/",), ("a\0b",)])
async def test_a_program_that_cannot_be_started_is_no_answer(argv):
    observed = await run(*argv)
    assert observed.matches is False
    assert "cannot be started" in observed.shown


async def test_a_program_with_endless_output_is_ended():
    assert (await run("yes")).shown == "`yes` answered more than 64 KiB"


async def test_a_program_with_endless_complaints_is_ended_with_its_time():
    assert (await run("sh", "-c", "yes >&2", time_limit=0.3)).shown == "`sh` did not end within 0.3 s"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{pid} lives"
        time.sleep(0.01)


async def is_gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(wait_until_gone, pid)
    return True


def wait_for_pid(file: Path) -> int:
    deadline = time.monotonic() + 60
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline, "the program did not begin"
        time.sleep(0.01)
    return int(file.read_text())


async def pid_in(file: Path) -> int:
    return await asyncio.to_thread(wait_for_pid, file)


async def test_a_program_that_does_not_end_is_killed_with_its_group(tmp_path):
    script = "trap '' TERM; sleep 1000 & echo $! > child; wait"
    observed = await run("sh", "-c", script, folder=tmp_path, time_limit=0.5)
    assert observed == Observed(matches=False, shown="`sh` did not end within 0.5 s")
    assert await is_gone(await pid_in(tmp_path / "child"))


async def test_what_a_program_leaves_behind_does_not_outlive_it(tmp_path):
    script = "sleep 1000 >/dev/null 2>&1 & echo $! > child; echo done"
    assert (await run("sh", "-c", script, folder=tmp_path)).matches is True
    assert await is_gone(await pid_in(tmp_path / "child"))


async def test_a_look_that_is_given_up_ends_its_program(tmp_path):
    looking = asyncio.create_task(run("sh", "-c", "echo $$ > me; exec sleep 1000", folder=tmp_path))
    pid = await pid_in(tmp_path / "me")
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert await is_gone(pid)


async def test_somebody_who_left_the_group_does_not_keep_the_look_waiting(tmp_path):
    script = "setsid sh -c 'echo $$ > child; exec sleep 1000' & echo done"
    began = time.monotonic()
    assert (await run("sh", "-c", script, folder=tmp_path, time_limit=0.5)).matches is False
    assert time.monotonic() - began < 10
    os.kill(await pid_in(tmp_path / "child"), signal.SIGKILL)
