"""The page in a real browser: live, in two languages and both lights, by keyboard, without a script of its own.

Screenshots are kept in the folder that FUNADE_SCREENSHOTS names, else in the test's own.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped] # it says nothing
from playwright.async_api import Browser, Page, async_playwright, expect

from funade.domain.application import Site
from funade.domain.deployment import State
from funade.web import feeds
from tests.integration.test_web_pages import address, showing
from tests.unit.web.page_desk import PageDesk
from tests.unit.web.test_deployment_page import EVIL, MOMENTS, typed

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow, pytest.mark.timeout(240)]

#: read before a test has its clean environment
KEPT = os.environ.get("FUNADE_SCREENSHOTS")
SANDBOXED = [] if os.geteuid() else ["--no-sandbox"]
SECONDS = 30_000  #: in a browser's milliseconds, on a busy machine
LOG = b"\x1b[1mDeploying\x1b[0m shop\n\x1b[32mok\x1b[0m <b>step</b>\n\x1b[33mwarning\x1b[0m \x1b[31mred\x1b[0m\n"


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.05)


@pytest.fixture
def screenshots(tmp_path):
    folder = Path(KEPT or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def browse(desk: PageDesk, story: Callable[[Browser, Site, str], Awaitable[None]]) -> None:
    """Let a browser look at the pages of a desk; `story` gets the address of its deployment's."""

    async def both() -> None:
        async with showing(desk) as site, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=SANDBOXED
            )
            try:
                await story(browser, site, f"http://localhost:{site.port}{address()}")
            finally:
                await browser.close()

    asyncio.run(both())


async def opened(browser: Browser, url: str, **more: Any) -> Page:
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **more})
    page = await context.new_page()
    page.set_default_timeout(SECONDS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.problems = problems  # type: ignore[attr-defined] # the test's own
    await page.goto(url)
    return page


async def comes_true(page: Page, claim: str) -> None:
    """Wait for it from outside: inside, the page's own policy forbids what Playwright would evaluate."""
    deadline = time.monotonic() + SECONDS / 1000
    while not await page.evaluate(claim):
        assert time.monotonic() < deadline, f"it never came true: {claim}"
        await asyncio.sleep(0.02)


async def faults(page: Page) -> list[str]:
    """Return what axe finds wrong."""
    await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate("axe.run()")
    return [
        f"{one['impact']}: {one['help']}: {node['html'][:120]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def moment(name: str) -> PageDesk:
    shown = MOMENTS[name]
    log = {1: LOG} if shown.deployment.attempt else {}
    return PageDesk(deployment=shown.deployment, waiting=shown.waiting, events=shown.events, logs=log)


def test_a_log_is_followed_live_and_the_story_with_it(screenshots):
    desk = PageDesk()

    async def story(browser: Browser, _: Site, url: str) -> None:
        page = await opened(browser, url)
        await expect(page.locator("#standing")).to_have_text("as it is written", timeout=SECONDS)
        desk.starts()
        desk.writes(LOG)
        await expect(page.locator("#output")).to_have_text(
            "Deploying shop\nok <b>step</b>\nwarning red\n", timeout=SECONDS
        )
        await expect(page.locator(".state")).to_have_text("running", timeout=SECONDS)
        assert await page.locator("#output .c2").inner_text() == "ok"
        assert await page.locator("#output b").count() == 0
        desk.writes(b"line\n" * 500)
        at_end = "log.scrollHeight - log.scrollTop - log.clientHeight < 40"
        await comes_true(page, f"output.textContent.split('line').length == 501 && {at_end}")
        await page.evaluate("log.scrollTop = 0")
        await expect(page.locator("#follow")).to_be_visible(timeout=SECONDS)
        await page.screenshot(path=screenshots / "deployment-live.png")
        await page.locator("#follow").click()
        await comes_true(page, at_end)
        desk.writes(b"the end\n")
        desk.ends(State.SUCCEEDED)
        await expect(page.locator(".state")).to_have_text("succeeded", timeout=SECONDS)
        await expect(page.locator("#standing")).to_have_text("", timeout=SECONDS)
        assert (await page.locator("#output").inner_text()).endswith("the end\n")
        assert "succeeded" in await page.title()
        assert "icon-good" in str(await page.locator("link[rel=icon]").get_attribute("href"))
        assert page.problems == []  # type: ignore[attr-defined] # the test's own

    browse(desk, story)


@pytest.mark.parametrize("name", ["asks", "runs", "bad"])
def test_no_page_has_a_fault_that_axe_finds(name, screenshots):
    async def story(browser: Browser, _: Site, url: str) -> None:
        for scheme, language, width in (("light", "en", 1280), ("dark", "ja", 1280), ("dark", "en", 360)):
            page = await opened(
                browser,
                f"{url}?lang={language}",
                color_scheme=scheme,
                viewport={"width": width, "height": 860},
                bypass_csp=True,
                reduced_motion="reduce",
            )
            assert await faults(page) == []
            wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert await page.evaluate(wide), "nothing is wider than the screen"
            picture = f"deployment-{name}-{scheme}-{language}-{width}.png"
            await page.screenshot(path=screenshots / picture, full_page=width < 500)
            await page.context.close()

    browse(moment(name), story)


def test_a_link_that_opens_nothing_has_no_fault_either(screenshots):
    async def story(browser: Browser, _: Site, url: str) -> None:
        page = await opened(browser, url[:-2], bypass_csp=True, color_scheme="dark")
        assert "opens nothing" in await page.locator("h1").inner_text()
        assert await faults(page) == []
        await page.screenshot(path=screenshots / "link-that-opens-nothing.png")

    browse(PageDesk(), story)


def test_S20_nothing_that_was_typed_runs_in_a_browser():
    text = " ".join(EVIL)
    shown = typed(text)
    desk = PageDesk(deployment=shown.deployment, waiting=shown.waiting, events=shown.events)
    desk.logs[1] = text.encode() + b"\n"

    async def story(browser: Browser, _: Site, url: str) -> None:
        page = await opened(browser, url)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        await expect(page.locator("#standing")).to_have_text("as it is written", timeout=SECONDS)
        desk.logs[1] += text.encode() + b"\n"
        desk.is_renamed(asked_by=text + "!")
        await expect(page.locator(".facts dd").first).to_contain_text("!", timeout=SECONDS)
        await comes_true(page, "output.textContent.split('alert').length > 6")
        assert await page.locator("#output script, #output img, #story script, #story img").count() == 0
        assert all("localhost" in one for one in asked)
        assert page.problems == []  # type: ignore[attr-defined] # the test's own

    browse(desk, story)


def test_a_page_reads_without_scripts_and_by_keyboard():
    async def story(browser: Browser, _: Site, url: str) -> None:
        page = await opened(browser, url, java_script_enabled=False)
        assert "Deploying shop" in await page.locator("#output").inner_text()
        assert await page.locator("#story").inner_text()
        page = await opened(browser, url)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await comes_true(page, "document.activeElement.id == 'log'")

    browse(moment("runs"), story)
