"""What every test stands on: no network, a clean environment, real parts only where they are asked for."""

import os
import shutil
import signal
import sys
from pathlib import Path

import hypothesis
import pytest

from tests.contracts.elasticmq import fetch
from tests.kubernetes.assets import build

HERE = Path(__file__).parent

LONG = os.environ.get("FUNADE_LONG") == "1"
REQUIRE_ALL = os.environ.get("FUNADE_REQUIRE_ALL") == "1"

#: the folders whose tests may talk to servers on this machine; the others talk to nobody
REAL = ("contracts", "integration", "crash", "kubernetes", "e2e")
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
#: where a node of the tests meets this machine: a cable that leads nowhere else
NODES = "10.88.0.0/16"

WHERE_PROGRAMS_LIE = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)

# Whoever starts the tests in the background of a shell has them ignore these, and every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(ignored, signal.SIG_DFL)

# Two busy cores make any deadline a lie.
# The same examples every time: what lands was seen to pass. The long mode looks for new ones.
hypothesis.settings.register_profile("quick", deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("long" if LONG else "quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        real = item.path.relative_to(HERE).parts[0] in REAL
        item.add_marker(pytest.mark.allow_hosts([*LOOPBACK, NODES]) if real else pytest.mark.disable_socket)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if problem := forbids(program):
                pytest.skip(problem)
            if problem := lacks(program):
                give_up = pytest.fail if REQUIRE_ALL else pytest.skip
                give_up(problem)
    if item.get_closest_marker("storm") and not LONG:
        pytest.skip("a storm: `bin/test long`")


def forbids(program: str) -> str:
    """Say why a test that needs this may not run here, whatever is installed; nothing when it may."""
    if program != "pods":
        return ""
    from tests.kubernetes import keeper  # noqa: PLC0415 -- few tests ask

    return keeper.forbids()


def lacks(program: str) -> str:
    """Say what is missing for a test that needs the program; nothing when it is there."""
    if program == "kubernetes" or program in build.PROGRAMS:
        # Ten minutes are too long for a test to build it by the way.
        built = build.find()
        if built is None:
            return "Kubernetes is not built here: run tests/kubernetes/assets/build.py"
        lacking = program in build.PROGRAMS and not (built / program).exists()
        return f"{program} is not among what {build.GIVEN_BY} names" if lacking else ""
    if program == "pods":
        from tests.kubernetes import keeper  # noqa: PLC0415 -- few tests ask

        return keeper.lacks()
    if program == "elasticmq":
        return "" if fetch.find() else "ElasticMQ is not here: run tests/contracts/elasticmq/fetch.py"
    return "" if shutil.which(program, path=WHERE_PROGRAMS_LIE) else f"{program} is not on this machine"


def pytest_sessionfinish() -> None:
    """Stop the servers that this test process may have started."""
    for name in ("tests.postgres", "tests.kubernetes.control_plane", "tests.kubernetes.pods"):
        if found := sys.modules.get(name):
            found.remove_shared()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test nothing of the person who runs it: no settings, no keys, no cloud, no home."""
    for name in os.environ:
        if name.startswith(("FUNADE_", "GIT_", "AWS_", "XDG_", "LC_", "SSH_", "PG", "KUBE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("LANG", "C.UTF-8")
