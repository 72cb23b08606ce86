"""The page of one deployment: where it stands and why, its plan, who decided, what happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from funade.domain.answers import DeploymentShown, Waiting
from funade.domain.deployment import Deployment, State
from funade.domain.reason import Because
from funade.domain.revision import Changes, Commit, short
from funade.domain.wire import Plain, to_plain
from funade.texts import Reader, answers, pages, plain
from funade.texts.barriers import overridden, with_reason
from funade.texts.happenings import happening_line
from funade.texts.reasons import reason_with_remedy
from funade.texts.states import standing_of, step_line
from funade.texts.times import moment, span

#: how a page looks: its colour and its icon
TONES: dict[State, str] = {
    State.AWAITING_APPROVAL: "asks",
    State.QUEUED: "waits",
    State.RUNNING: "runs",
    State.SUCCEEDED: "good",
    State.FAILED: "bad",
    State.CANCELLED: "off",
}
UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing with its time: as a program reads it, and as people do."""

    at: str
    shown: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """One commit on one line."""

    sha: str
    subject: str
    authors: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPage:
    """Everything that the template shows, in the reader's words; none of it is markup."""

    number: int
    application: str
    environment: str
    ref: str
    revision: str
    whole_revision: str
    state: str
    tone: str
    has_ended: bool
    why: str | None
    waiting: tuple[str, ...]
    facts: tuple[Told, ...]
    live: str
    summary: str | None
    dropped: str | None
    commits: tuple[CommitLine, ...]
    more: str | None
    steps: tuple[str, ...]
    digest: str
    decisions: tuple[str, ...]
    events: tuple[Told, ...]
    attempt: int

    @property
    def title(self) -> str:
        """Return what a tab of the browser is called."""
        return f"#{self.number} {self.state}: {self.application} {self.environment}"


def deployment_page(shown: DeploymentShown, reader: Reader) -> DeploymentPage:
    """Return the page of a deployment."""
    deployment = shown.deployment
    changes = deployment.preview.changes
    return DeploymentPage(
        number=deployment.number,
        application=plain(deployment.application),
        environment=plain(deployment.environment),
        ref=plain(deployment.ref),
        revision=short(deployment.revision),
        whole_revision=plain(deployment.revision),
        state=standing_of(deployment, reader),
        tone=tone_of(deployment),
        has_ended=deployment.has_ended,
        why=_why(shown, reader),
        waiting=tuple(_worded(one, reader) for one in shown.waiting[1:]),
        facts=tuple(_facts(deployment, reader)),
        live=_live(deployment, reader),
        summary=_summary(changes, reader) if changes else None,
        dropped=answers.dropped(changes.dropped, reader) if changes and changes.dropped else None,
        commits=tuple(_commit(one, reader) for one in changes.commits) if changes else (),
        more=pages.more_commits(changes, reader) if changes else None,
        steps=tuple(step_line(one, reader) for one in deployment.plan.steps),
        digest=reader.word(pages.DIGEST, digest=deployment.digest[:7]),
        decisions=tuple(_decisions(deployment, reader)),
        events=tuple(_told(one.at, happening_line(one, reader), reader) for one in shown.events),
        attempt=deployment.attempt,
    )


def tone_of(deployment: Deployment) -> str:
    """Return how a deployment looks; a success that nobody saw looks like none."""
    is_unsure = deployment.state is State.SUCCEEDED and not deployment.verified
    return UNSURE if is_unsure else TONES[deployment.state]


def _why(shown: DeploymentShown, reader: Reader) -> str | None:
    """Return why it stands where it stands; a success says so itself."""
    deployment = shown.deployment
    if deployment.state is State.SUCCEEDED:
        return None
    if shown.waiting:
        return _worded(shown.waiting[0], reader)
    return None if deployment.because is None else reason_with_remedy(deployment.because, reader)


def _worded(waiting: Waiting, reader: Reader) -> str:
    times: dict[str, Plain] = {"since": to_plain(waiting.since)}
    if waiting.until is not None:
        times["until"] = to_plain(waiting.until)
    told = Because(code=waiting.because.code, detail={**times, **waiting.because.detail})
    return reason_with_remedy(told, reader)


def _facts(deployment: Deployment, reader: Reader) -> Iterator[Told]:
    """Yield what is known about it, each under its name."""
    words = pages.words(reader)
    yield _fact(words["asked_by"], plain(deployment.asked_by))
    if deployment.reason:
        yield _fact(words["why_asked"], plain(deployment.reason))
    yield _told(deployment.asked_at, words["asked_at"], reader)
    if deployment.started_at is not None:
        yield _told(deployment.started_at, words["started_at"], reader)
    if deployment.ended_at is not None:
        yield _told(deployment.ended_at, words["ended_at"], reader)
    if deployment.started_at is not None and deployment.ended_at is not None:
        yield _fact(words["took"], span(deployment.ended_at - deployment.started_at, reader))
    if deployment.state is State.SUCCEEDED:
        yield _fact(words["verified"], words["yes" if deployment.verified else "no"])


def _fact(name: str, value: str) -> Told:
    return Told(at="", shown=value, text=name)


def _told(at: datetime, text: str, reader: Reader) -> Told:
    return Told(at=str(to_plain(at)), shown=moment(at, reader, to_the_second=True), text=text)


def _live(deployment: Deployment, reader: Reader) -> str:
    live = deployment.preview.live
    if live is None:
        return reader.word(answers.FIRST)
    number = deployment.preview.live_number
    what = f"{short(live)} (#{number})" if number is not None else short(live)
    if live == deployment.revision:
        return reader.word(answers.SAME)
    return reader.word(answers.LIVE_NOW, what=what)


def _summary(changes: Changes, reader: Reader) -> str | None:
    if not changes.total:
        return None
    return answers.commits(changes.total, ", ".join(plain(one) for one in changes.authors), reader)


def _commit(commit: Commit, reader: Reader) -> CommitLine:
    authors = dict.fromkeys((commit.author, *commit.co_authors))
    return CommitLine(
        sha=short(commit.revision),
        subject=plain(commit.subject),
        authors=reader.word(pages.BY, authors=", ".join(plain(one) for one in authors)),
    )


def _decisions(deployment: Deployment, reader: Reader) -> Iterator[str]:
    """Yield who approved it and who went ahead despite what; then who wishes it gone."""
    for approval in deployment.approvals:
        said = reader.word(answers.APPROVED, by=plain(approval.by), at=moment(approval.at, reader))
        yield with_reason(said, approval.reason, reader)
    for one in deployment.overrides:
        despite, reason = overridden(one.despite, reader), plain(one.reason)
        at = moment(one.at, reader)
        yield reader.word(answers.OVERRIDDEN, by=plain(one.by), at=at, despite=despite, reason=reason)
    wish = deployment.wish
    if wish is not None and not deployment.has_ended:
        yield reader.word(answers.WISHED_AWAY, by=plain(wish.by), at=moment(wish.at, reader))
