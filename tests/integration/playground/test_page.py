"""A real browser goes through the page, by mouse and by keyboard; axe looks at every step of it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from funade.playground import Playground
from tests import node
from tests.integration.playground.manifests import MANIFEST
from tests.integration.playground.story import connected_story

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.needs("node", "npm", "chromium"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[2] / ".cache" / "screenshots" / "playground"  #: kept, to be looked at


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_person_finds_everything_and_axe_nothing(scheme):
    folder = await asyncio.to_thread(node.installed, HERE / "node")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    async with Playground(MANIFEST) as playground, connected_story(playground):
        process = await asyncio.create_subprocess_exec(
            *("node", "page.mjs"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                **node.environment(),
                "ADDRESS": playground.address,
                "SCREENSHOTS": str(SCREENSHOTS),
                "CHROMIUM": shutil.which("chromium") or "",
                "SCHEME": scheme,
            },
        )
        said, _ = await process.communicate()
    assert said.decode() == "done\n"
