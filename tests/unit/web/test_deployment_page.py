"""What the page of a deployment says, in every state and both languages; and that nothing typed acts in it.

After a change: `UPDATE_GOLDEN=1 pytest -n 0 tests/unit/web/test_deployment_page.py`, then read the diff.
"""

import os
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.answers import DeploymentShown, Waiting
from funade.domain.approval import Approval, Override
from funade.domain.deployment import Deployment, Phase, Preview, State, Wish
from funade.domain.events import DeploymentFinished, DeploymentRequested, DeploymentStarted, Event, about
from funade.domain.plan import Plan, Step
from funade.domain.reason import Reason, because
from funade.domain.revision import Changes
from funade.texts import Reader, pages
from funade.web.log_text import pieces
from funade.web.pages.deployment import TONES, deployment_page
from funade.web.rendering import TONES as DRAWN
from funade.web.rendering import prose, render
from tests.unit.web.deployments import COMMITS, LIVE, NOON, WANTED, commit, deployment

GOLDEN = Path(__file__).parent / "golden"
NOW = NOON + timedelta(minutes=30)

ASKS = because(Reason.AWAITING_APPROVAL, number=4, needed=2, given=1)
LOCKED = because(
    Reason.LOCKED, application="shop", environment="production", by="bob", reason="moving the database"
)


def requested(one: Deployment) -> Event:
    asked = DeploymentRequested(
        ref=one.ref, revision=one.revision, digest=one.digest, purpose="deploy", reason=one.reason
    )
    return about(one, asked, "ada", NOON)


def shown(one: Deployment, *waiting: Waiting, events: tuple[Event, ...] = ()) -> DeploymentShown:
    return DeploymentShown(deployment=one, waiting=waiting, events=(requested(one), *events), log_length=9)


def running(**more: object) -> Deployment:
    given = {"phase": Phase.EXECUTING, "started_at": NOON + timedelta(minutes=2), **more}
    return deployment(state=State.RUNNING, attempt=1, fence=7, **given)


def ended(state: State, why: Reason, **more: object) -> DeploymentShown:
    at = NOON + timedelta(minutes=9)
    detail = {"exit_code": 3} if why is Reason.PROGRAM_FAILED else {}
    told = because(why, **detail)
    one = running(**{"phase": Phase.DONE, "because": told, "ended_at": at, "verified": False, **more})
    one = replace(one, state=state)
    last = DeploymentFinished(state=state, because=told, verified=one.verified)
    began = about(one, DeploymentStarted(attempt=1, fence=7), "funade", NOON + timedelta(minutes=2))
    return shown(one, events=(began, about(one, last, "funade", at)))


APPROVED = Approval(by="bob", by_id="local:1001", at=NOON, digest="x", reason="looked at the plan")
OVERRIDDEN = Override(
    by="cy", by_id="local:1002", at=NOON, reason="the shop is down", despite=("locked", "frozen")
)
#: every way in which the page can look
MOMENTS = {
    "asks": shown(
        deployment(state=State.AWAITING_APPROVAL, approvals=(APPROVED,)),
        Waiting(because=ASKS, since=NOON, until=NOON + timedelta(days=1)),
        Waiting(because=LOCKED, since=NOON),
    ),
    "waits": shown(
        deployment(), Waiting(because=because(Reason.AWAITING_TURN, ahead=3, position=1), since=NOON)
    ),
    "runs": shown(
        running(overrides=(OVERRIDDEN,), wish=Wish(by="ada", at=NOW)),
        Waiting(because=because(Reason.PROGRAM_RUNNING), since=NOON + timedelta(minutes=2)),
    ),
    "good": ended(State.SUCCEEDED, Reason.COMPLETED, verified=True),
    "unsure": ended(State.SUCCEEDED, Reason.COMPLETED),
    "bad": ended(State.FAILED, Reason.PROGRAM_FAILED),
    "off": ended(State.CANCELLED, Reason.CANCELLED),
}


def page(
    answer: DeploymentShown, language: str = "en", log: bytes = b"\x1b[32mok\x1b[0m <b>bold</b>\n"
) -> str:
    reader = Reader(language, NOW)
    attempt = answer.deployment.attempt
    return render(
        "deployment.html",
        base="",
        edition="0",
        language=language,
        word=pages.words(reader),
        page=deployment_page(answer, reader),
        address="seal",
        attempts=[(number, f"Attempt {number}") for number in range(1, attempt + 1)],
        position={"attempt": attempt, "offset": len(log)},
        attempt_word=reader.word(pages.ATTEMPT, attempt="{attempt}"),
        is_whole=True,
        is_newest=True,
        log=pieces(log) if attempt else [],
        link_ends="",
        again_seconds=10,
    )


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_page_says_what_it_said(moment, language):
    golden = GOLDEN / f"{moment}.{language}.html"
    said = re.sub(r"\n\s*\n+", "\n", page(MOMENTS[moment], language))
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said)
    assert said == golden.read_text()


def test_every_state_looks_different():
    assert set(MOMENTS) == {*TONES.values(), "unsure"} == set(DRAWN)
    assert set(TONES) == set(State)


def test_a_commit_that_would_be_lost_is_told():
    changes = Changes(base=LIVE, head=WANTED, commits=COMMITS, total=120, dropped=2)
    told = page(shown(deployment(preview=Preview(live=LIVE, live_number=3, changes=changes))))
    assert "Careful: 2 commits that are live would be dropped" in told
    assert "… and 117 more commits" in told


class Elements(HTMLParser):
    """Every element and attribute of a page; what stands in it as text is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, " ".join(sorted(name for name, _ in attrs))))
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def elements(text: str) -> Elements:
    found = Elements()
    found.feed(text)
    return found


EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre><script src=//evil.example></script>",
    "{{ 7*7 }}{% raw %}",
    "`<b>code</b>`",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "&lt;script&gt;",
]


def typed(text: str) -> DeploymentShown:
    """Return a deployment in which `text` stands wherever anybody can type."""
    one = running(
        ref=text,
        asked_by=text,
        reason=text,
        approvals=(replace(APPROVED, by=text, reason=text),),
        overrides=(replace(OVERRIDDEN, by=text, reason=text, despite=(text,)),),
        wish=Wish(by=text, at=NOW, reason=text),
    )
    changes = Changes(
        base=LIVE,
        head=WANTED,
        commits=(commit(text, text, "f5c0df1", co_authors=(text,)),),
        total=1,
    )
    steps = (Step(name=text, data={text: text}), Step(name="run", data={"argv": [text]}))
    one = replace(
        one,
        plan=Plan(steps=steps),
        preview=Preview(live=LIVE, changes=changes),
        release=replace(one.release, application=text, environment=text),
    )
    lock = because(Reason.LOCKED, application=text, environment=text, by=text, reason=text)
    return shown(one, Waiting(because=lock, since=NOON), Waiting(because=lock, since=NOON))


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_S20_nothing_that_was_typed_or_written_acts_on_a_page(text, language):
    harmless = elements(page(typed("harmless"), language, b"harmless"))
    told = elements(page(typed(text), language, text.encode()))
    with_code = [one for one in told.found if one[0] != "code"]
    assert with_code == [one for one in harmless.found if one[0] != "code"]
    assert "49" not in told.text
    assert "\u202e" not in told.text
    assert "\x1b" not in told.text


@given(st.text(max_size=40))
def test_S20_no_text_whatsoever_makes_an_element(text):
    named = {"code"}
    found = elements(str(prose(text)))
    assert {tag for tag, _ in found.found} <= named
    harmless = elements(page(typed("harmless"), log=b"x")).found
    told = elements(page(typed(text), log=text.encode(errors="replace"))).found
    kinds = {tag for tag, _ in told}
    assert kinds <= {tag for tag, _ in harmless} | {"code", "span"}
    assert sum(tag == "script" for tag, _ in told) == 1
