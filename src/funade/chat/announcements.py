"""What a channel is told when something has happened: one line, rendered from the row as it is now. Pure."""

from funade.domain.deployment import Deployment
from funade.domain.events import DeploymentFinished, DeploymentRequested, Event
from funade.texts import Reader, plain
from funade.texts.catalogue import mark
from funade.texts.happenings import happening_line
from funade.texts.times import span

_ABOUT_PLACE = mark("#{number} `{application}` to `{environment}`: {what}")
_NUMBERED = mark("#{number}: {what}")
_WITH_SPAN = mark("{what} ({span})")


def announcement(event: Event, deployment: Deployment | None, reader: Reader) -> str:
    """Return the line that tells `event`; `deployment` is its row beside it, where it is about one."""
    what = happening_line(event, reader)
    if event.number is None:
        return what
    if isinstance(event.happening, DeploymentFinished) and deployment is not None:
        what = _with_span(what, deployment, reader)
    if isinstance(event.happening, DeploymentRequested):
        return reader.word(_NUMBERED, number=event.number, what=what)
    return reader.word(
        _ABOUT_PLACE,
        number=event.number,
        application=plain(event.application),
        environment=plain(event.environment),
        what=what,
    )


def _with_span(what: str, deployment: Deployment, reader: Reader) -> str:
    """Return it with how long the execution took, where one began."""
    if deployment.started_at is None or deployment.ended_at is None:
        return what
    length = deployment.ended_at - deployment.started_at
    return reader.word(_WITH_SPAN, what=what, span=span(length, reader))
