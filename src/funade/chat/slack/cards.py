"""A deployment as one card, and what happened to it as lines of its thread. Pure: rows in, messages out."""

from collections.abc import Sequence
from dataclasses import replace

from funade.chat.announcements import announcement
from funade.chat.deployments import course, first_sentence, line_of_deployment, waiting_lines
from funade.chat.replies import changes_lines
from funade.chat.slack.sayings import (
    Block,
    Message,
    call_mark,
    fallback,
    header,
    linked,
    preformatted,
    rich,
    shielded,
)
from funade.domain.answers import DeploymentShown
from funade.domain.deployment import Deployment, State
from funade.domain.events import (
    DeploymentFinished,
    DeploymentRequested,
    Event,
    ExecutionEnded,
    RequestRefused,
)
from funade.texts import Reader, answers, plain, plain_lines, slack
from funade.texts.states import standing_of

WIDTH = 76  #: of a table in a message, on a laptop
MOST_COMMITS = 5
TAIL_LINES, TAIL_SIGNS = 15, 2_000

SIGNS = {
    State.AWAITING_APPROVAL: "✋",
    State.QUEUED: "⏳",
    State.RUNNING: "🚢",
    State.SUCCEEDED: "✅",
    State.FAILED: "❌",
    State.CANCELLED: "⏹",
}
UNVERIFIED = "☑"


def card(
    shown: DeploymentShown, reader: Reader, buttons: Sequence[Block], *, asker: str | None = None
) -> Message:
    """Return the card of a deployment as it is now: `text` says all of it, the blocks show it.

    `asker` is the account of whoever asked, as Slack has proved it.
    """
    link, shown = shown.link, shielded(shown)
    deployment = shown.deployment
    if asker is not None:
        deployment = replace(deployment, asked_by=call_mark(asker, deployment.asked_by))
    top = _top(deployment, reader)
    lines = [first_sentence(shown, reader), *waiting_lines(shown.waiting[1:], reader)]
    lines += ["", line_of_deployment(deployment, reader), *course(deployment, reader)]
    changes = deployment.preview.changes
    below = [] if changes is None else changes_lines(changes, reader, WIDTH, MOST_COMMITS)
    page = [] if link is None else [linked(link, reader.word(slack.PAGE, number=deployment.number))]
    said = [] if link is None else [reader.word(answers.PAGE, link=link)]
    return Message(
        text=fallback([top, *lines, *said, *below]),
        blocks=(header(top), *rich([*lines, *below]), *page, *buttons),
    )


def _top(deployment: Deployment, reader: Reader) -> str:
    sign = SIGNS[deployment.state]
    if deployment.state is State.SUCCEEDED and not deployment.verified:
        sign = UNVERIFIED
    application, environment = plain(deployment.application), plain(deployment.environment)
    return f"{sign} #{deployment.number} {application} → {environment}: {standing_of(deployment, reader)}"


def is_told(event: Event) -> bool:
    """Tell whether an event belongs into the thread: the card itself tells the request, whoever asked heard a no."""
    return not isinstance(event.happening, (DeploymentRequested, RequestRefused))


def is_loud(event: Event) -> bool:
    """Tell whether everybody in the channel must see it, not only who reads the thread."""
    happening = event.happening
    return isinstance(happening, DeploymentFinished) and happening.state is State.FAILED


def wants_output(event: Event) -> bool:
    """Tell whether the end of a program's output helps to understand it."""
    happening = event.happening
    if isinstance(happening, ExecutionEnded):
        return False
    return is_loud(event)


def told(event: Event, deployment: Deployment | None, reader: Reader, output: bytes = b"") -> Message:
    """Return the line that tells an event, with the end of a program's output where it failed."""
    line = announcement(shielded(event), shielded(deployment), reader)
    tail = _tail(output)
    if not tail:
        return Message(text=fallback([line]), blocks=tuple(rich([line])))
    lines = [line, reader.word(slack.OUTPUT)]
    return Message(
        text=fallback([*lines, *shielded(tail).split("\n")]),
        blocks=(*rich(lines), preformatted(shielded(tail))),
    )


def _tail(output: bytes) -> str:
    """Return the last lines of an output, in which nothing acts."""
    if not output:
        return ""
    lines = plain_lines(output.decode(errors="replace")).rstrip("\n").split("\n")[-TAIL_LINES:]
    said = "\n".join(lines)
    return said if len(said) <= TAIL_SIGNS else "…" + said[-TAIL_SIGNS:]
