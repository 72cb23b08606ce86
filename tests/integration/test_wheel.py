import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    if UV.exists():
        run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    else:
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "funade",
        f"funade-{wheel.name.split('-')[1]}.dist-info",
    }
    assert {"funade/__init__.py", "funade/py.typed"} <= set(names)
    assert any(name.endswith("/LICENSE") for name in names)


def test_the_wheel_holds_every_file_of_ours(wheel):
    tracked = run("git", "-C", ROOT, "ls-files", "src").splitlines()
    ours = {path.removeprefix("src/") for path in tracked if (ROOT / path).exists()}
    assert ours
    assert ours <= set(zipfile.ZipFile(wheel).namelist())


def test_what_only_some_need_is_an_extra(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    lines = archive.read(metadata).decode().splitlines()
    assert "Provides-Extra: aws" in lines
    needed = [line for line in lines if line.startswith("Requires-Dist: aiobotocore")]
    assert needed
    assert all("extra == 'aws'" in line for line in needed)


@pytest.mark.skipif(
    not (ROOT / "src/funade/cli/__init__.py").exists(), reason="the command line is not built yet"
)
def test_a_user_installs_the_wheel_and_asks_for_help(wheel, tmp_path):
    venv.create(tmp_path / "fresh", with_pip=not UV.exists())
    python = tmp_path / "fresh/bin/python"
    if UV.exists():
        run(UV, "pip", "install", "--quiet", "--python", python, wheel)
    else:
        run(python, "-m", "pip", "install", "--quiet", wheel)
    shown = run(tmp_path / "fresh/bin/funade", "--help")
    assert "Usage: funade" in shown
    assert run(python, "-m", "funade", "--help").startswith("Usage:")
