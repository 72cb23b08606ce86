import ast
from pathlib import Path
from textwrap import indent

import pytest

from tests.architecture import effects, source
from tests.architecture.allowed_effects import ALLOWED

SNIPPETS = {
    "import subprocess\nsubprocess.run(['git'])": "subprocess.run",
    "import subprocess as sp\nsp.Popen(['git'])": "sp.Popen",
    "from subprocess import check_output as ask\nask(['git'])": "ask",
    "import asyncio\nawait asyncio.create_subprocess_exec('git')": "asyncio.create_subprocess_exec",
    "import os\nos.replace(a, b)": "os.replace",
    "from os import rename\nrename(a, b)": "rename",
    "import os\nos.unlink(a)": "os.unlink",
    "import os\nos.kill(1, 15)": "os.kill",
    "import os\nos.killpg(1, 15)": "os.killpg",
    "import os\nos.open(a, os.O_WRONLY | os.O_CREAT)": "os.open",
    "from os import open as o, O_RDWR\no(a, O_RDWR)": "o",
    "import shutil\nshutil.rmtree(a)": "shutil.rmtree",
    "path.unlink(missing_ok=True)": "path.unlink",
    "(folder / 'x').write_text('y')": "(folder / 'x').write_text",
    "path.write_bytes(b'')": "path.write_bytes",
    "path.rename(b)": "path.rename",
    "path.replace(b)": "path.replace",
    "path.touch()": "path.touch",
    "open(a, 'w')": "open",
    "open(a, 'ab')": "open",
    "open(a, mode='x')": "open",
    "open(a, mode)": "open",
    "path.open('w')": "path.open",
    "path.open(mode='r+')": "path.open",
    "path.open(mode)": "path.open",
    "await client.send_message_batch(QueueUrl=url)": "client.send_message_batch",
    "await ask(lambda client: client.receive_message(QueueUrl=url))": "client.receive_message",
    "await self._cluster.create(JOBS, job, manager='us')": "self._cluster.create",
    "await cluster.replace(JOBS, job, manager='us')": "cluster.replace",
    "import gzip\ngzip.open(a, 'wb')": "gzip.open",
    "process.terminate()": "process.terminate",
    "process.send_signal(15)": "process.send_signal",
    "await self._session.get(url)": "self._session.get",
    "async with session.post(url) as answer: pass": "session.post",
    "await http.request('GET', url)": "http.request",
    "connection.commit()": "connection.commit",
    "with self._engine.begin() as connection: pass": "self._engine.begin",
    "await self._ledger.change(work)": "self._ledger.change",
    "import asyncio, os\nawait asyncio.to_thread(os.replace, a, b)": "os.replace",
    "import asyncio\nawait asyncio.to_thread(path.write_text, a)": "path.write_text",
    "import shutil\npool.submit(fn=shutil.rmtree)": "shutil.rmtree",
}

HARMLESS = [
    "open(a)",
    "open(a, 'rb')",
    "path.open()",
    "self.targets.open(configuration)",
    "doors.open('wide')",
    "path.read_text()",
    "import os\nos.open(a, os.O_RDONLY)",
    "'a'.replace('b', 'c')",
    "when.replace(tzinfo=None)",
    "from dataclasses import replace\nreplace(a)",
    "import dataclasses\ndataclasses.replace(a)",
    "settings.get('x')",
    "await cluster.get(JOBS, 'x', 'y')",
    "import subprocess\nisinstance(a, subprocess.Popen)",
    "import subprocess\na: subprocess.Popen[bytes] = b",
    "import subprocess\ntry: pass\nexcept subprocess.CalledProcessError: pass",
]

GUARD = "from funade.failpoints import effect\n"


def found(code: str, name: str = "funade.store.x") -> list[str]:
    module = source.Module(name, Path("x.py"), ast.parse(code))
    return [finding.call for finding in effects.unguarded(module)]


def test_every_outside_effect_can_be_stopped_before_and_after():
    wrong = [
        str(finding)
        for module in source.modules()
        if module.room != "testing"
        for finding in effects.unguarded(module)
        if finding.place not in ALLOWED
    ]
    assert not wrong, (
        "put it into `with effect(…)`, or say in allowed_effects.py why it needs none:\n" + "\n".join(wrong)
    )


def test_no_exception_outlives_its_effect():
    places = {finding.place for module in source.modules() for finding in effects.unguarded(module)}
    assert sorted(ALLOWED) == list(ALLOWED)
    assert ALLOWED.keys() <= places


@pytest.mark.parametrize(("code", "call"), SNIPPETS.items())
def test_an_unguarded_effect_is_found(code, call):
    assert found(code) == [call]


@pytest.mark.parametrize("code", SNIPPETS)
def test_a_guarded_effect_is_not(code):
    assert found(GUARD + "with effect('store.x'):\n" + indent(code, "    ")) == []


@pytest.mark.parametrize("code", HARMLESS)
def test_a_look_is_no_effect(code):
    assert found(code) == []


def test_a_guard_covers_what_follows_it_in_the_same_line_and_nothing_before():
    assert found(GUARD + "with effect('store.x'), engine.begin() as connection: pass") == []
    assert found(GUARD + "with engine.begin() as connection, effect('store.x'): pass") == ["engine.begin"]


def test_a_guard_does_not_cover_a_function_that_is_only_made_in_it():
    assert found(GUARD + "with effect('store.x'):\n    def later(): path.unlink()\nlater()") == [
        "path.unlink"
    ]
    assert found(GUARD + "with effect('store.x'):\n    pool.submit(lambda: path.unlink())") == []


CALLER = GUARD + "async def act():\n    with effect('store.x'):\n        await to_thread(_really, path)\n"
PRIVATE = "def _really(path):\n    def remove(): path.unlink()\n    remove()\n"


def test_a_private_function_shares_the_span_of_its_callers():
    assert found(CALLER + PRIVATE) == []


def test_a_private_function_with_a_caller_outside_of_spans_does_not():
    assert found(CALLER + PRIVATE + "def also(path): _really(path)") == ["path.unlink"]


def test_a_public_function_has_callers_that_nobody_knows():
    assert found((CALLER + PRIVATE).replace("_really", "really")) == ["path.unlink"]


def test_another_effect_of_the_same_name_is_no_guard():
    assert found("from elsewhere import effect\nwith effect('store.x'): path.unlink()") == ["path.unlink"]


def test_a_commit_is_the_business_of_the_store_only():
    assert found("repository.commit()", name="funade.sources.git") == []
