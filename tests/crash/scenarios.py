"""What people do in the voyages: small stories that together pass every point of a deployment."""

from collections.abc import Callable
from dataclasses import dataclass

from funade.domain.commands import Approve, Cancel, PauseAll, Resume, ResumeAll, Retry, Rollback
from funade.domain.deployment import Deployment, State
from tests.crash import slack_stories
from tests.crash.voyage import Voyage, until


@dataclass(frozen=True)
class Scenario:
    """A story; `before` is told to servers without the trap, `beside` are traps that the story itself needs.

    One that is at Slack has a workspace beside its servers, and rules about people.
    """

    name: str
    act: Callable[[Voyage], None]
    before: Callable[[Voyage], None] = lambda _: None
    beside: str = ""
    is_at_slack: bool = False


def succeeds(voyage: Voyage) -> None:
    voyage.end_of(voyage.deploy("first", "production"))


def fails(voyage: Voyage) -> None:
    failed = voyage.deploy("fail")
    voyage.end_of(failed)
    voyage.ask(Rollback(application="shop", environment="staging"))
    voyage.end_of(voyage.want(Retry(number=failed.number), "fail"))


def cancelled_while_it_runs(voyage: Voyage) -> None:
    deployment = voyage.deploy("stubborn")
    voyage.begun(deployment)
    voyage.ask(Cancel(number=deployment.number))
    voyage.end_of(deployment)


def rolled_back(voyage: Voyage) -> None:
    first, second = (voyage.end_of(voyage.deploy(tag))[0] for tag in ("first", "second"))
    # Whichever was not seen healthy is no goal; one that did not begin changed nothing.
    if first.verified and second.was_started:
        voyage.end_of(voyage.want(Rollback(application="shop", environment="staging"), "first"))
    voyage.ask(Resume(application="shop", environment="staging"))


def two_in_the_queue(voyage: Voyage) -> None:
    running = voyage.deploy("wait")
    voyage.begun(running)
    first, cancelled = voyage.deploy("second"), voyage.deploy("third")
    voyage.ask(Cancel(number=cancelled.number))
    voyage.world.let_go()
    voyage.end_of(running, first, cancelled)


def paused(voyage: Voyage) -> None:
    running = voyage.deploy("wait")
    voyage.begun(running)
    waiting = voyage.deploy("second")
    voyage.ask(PauseAll())
    voyage.world.let_go()
    voyage.end_of(running)
    voyage.ask(ResumeAll())
    voyage.end_of(waiting)


def confirmed(voyage: Voyage) -> None:
    """Something newer goes live while an older revision waits; a person says yes to it."""
    newer = voyage.deploy("wait")
    voyage.begun(newer)
    older = voyage.deploy("first")
    voyage.world.let_go()
    voyage.end_of(newer)
    waits = until("a question or an end", lambda: _asks_or_ended(voyage, older))
    if waits.state is State.AWAITING_APPROVAL:
        voyage.ask(Approve(number=older.number))
    voyage.end_of(older)


def _dies_after_its_start_is_written(voyage: Voyage) -> None:
    voyage.servers.start("store.start:after=kill", again=False, alone=True)
    voyage.deploy("first")
    until("its death", lambda: voyage.servers.deaths)


def _keeps_its_checkout(voyage: Voyage) -> None:
    voyage.servers.start("workspace.remove:before=error@2")
    voyage.end_of(voyage.deploy("first"))
    voyage.servers.drain()


def _is_cut_short_while_it_speaks(voyage: Voyage) -> None:
    voyage.servers.start("journal.append:after=kill@2", again=False, alone=True)
    voyage.deploy("first")
    until("its death", lambda: voyage.servers.deaths)
    journal = voyage.world.data / "announcements.jsonl"
    # As a power cut leaves it, before the disk had all of it: nobody lived on who might have taken its word for said.
    journal.write_bytes(journal.read_bytes()[:-20])


def goes_on(voyage: Voyage) -> None:
    voyage.end_of(*(one for one in voyage.history().deployments if not one.has_ended))


def is_swept(voyage: Voyage) -> None:
    until("a sweep", lambda: not voyage.status().obligations or _has_complained(voyage))


def _has_complained(voyage: Voyage) -> bool:
    return "store.complain:after" in {point for _, point in voyage.passed()}


def _asks_or_ended(voyage: Voyage, deployment: Deployment) -> Deployment | None:
    row = voyage.row(deployment)
    return row if row.has_ended or row.state is State.AWAITING_APPROVAL else None


SCENARIOS = (
    Scenario("a deploy that succeeds", succeeds),
    Scenario("a deploy that fails, and again", fails),
    Scenario("a deploy that is cancelled while it runs", cancelled_while_it_runs),
    Scenario("a rollback", rolled_back),
    Scenario("two in the queue, one cancelled", two_in_the_queue),
    Scenario("a deploy that waits while all is paused", paused),
    Scenario("a deploy that must be confirmed", confirmed),
    Scenario("a start that was never ordered", goes_on, before=_dies_after_its_start_is_written),
    Scenario("a checkout that was left", is_swept, before=_keeps_its_checkout),
    Scenario(
        "a checkout that cannot be removed",
        is_swept,
        before=_keeps_its_checkout,
        beside="workspace.remove:before=error@1",
    ),
    Scenario("an announcement cut short", goes_on, before=_is_cut_short_while_it_speaks),
    Scenario("a place that falls silent", succeeds, beside="command.reach_supervisor:before=error@1"),
    Scenario("asked and approved at Slack", slack_stories.asked_and_approved, is_at_slack=True),
    Scenario("a form, a home and a command at Slack", slack_stories.by_form, is_at_slack=True),
    Scenario("cards and commands deleted at Slack", slack_stories.in_haste, is_at_slack=True),
    Scenario("told outside of the channel at Slack", slack_stories.from_outside, is_at_slack=True),
    Scenario(
        "words left in the inbox of Slack",
        slack_stories.is_answered,
        before=slack_stories.dies_with_words_in_hand,
        is_at_slack=True,
    ),
)
