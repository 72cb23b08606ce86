"""Every sentence for people, in English and Japanese; it words what others decided and decides nothing."""

from datetime import datetime, tzinfo

from funade.domain.deployment import Deployment
from funade.domain.events import Event
from funade.domain.orders import Problem
from funade.domain.plan import Step
from funade.domain.reason import Because
from funade.texts.catalogue import ENGLISH, LANGUAGES, Reader, mark
from funade.texts.happenings import happening_line
from funade.texts.plain import plain, plain_lines
from funade.texts.reasons import reason_with_remedy, remedy_of
from funade.texts.states import standing_of, step_line
from funade.texts.troubles import trouble

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Reader",
    "happening",
    "plain",
    "plain_lines",
    "problem",
    "remedy",
    "say",
    "state",
    "step",
]

_PROBLEM = mark("`{where}`: {problem}")
_PROBLEM_WITH_REMEDY = mark("`{where}`: {problem} — {remedy}")
_WARNING = mark("warning: {problem}")


def say(
    because: Because, language: str = ENGLISH, *, now: datetime | None = None, zone: tzinfo | None = None
) -> str:
    """Return a reason in one sentence: what is so, and what to do about it."""
    return reason_with_remedy(because, Reader(language, now, zone))


def remedy(
    because: Because, language: str = ENGLISH, *, now: datetime | None = None, zone: tzinfo | None = None
) -> str | None:
    """Return only what to do about it, or None when there is nothing to do."""
    return remedy_of(because, Reader(language, now, zone))


def happening(
    event: Event, language: str = ENGLISH, *, now: datetime | None = None, zone: tzinfo | None = None
) -> str:
    """Return what an event tells, on one line, without its time and its deployment's number."""
    return happening_line(event, Reader(language, now, zone))


def state(deployment: Deployment, language: str = ENGLISH) -> str:
    """Return where a deployment stands, in a word or two."""
    return standing_of(deployment, Reader(language))


def step(step: Step, language: str = ENGLISH) -> str:
    """Return what one step does."""
    return step_line(step, Reader(language))


def problem(problem: Problem, language: str = ENGLISH) -> str:
    """Return a precondition that does not hold, and what to do about it."""
    wording = _PROBLEM_WITH_REMEDY if problem.remedy else _PROBLEM
    reader = Reader(language)
    what, to_do = (trouble(plain(said), reader) for said in (problem.problem, problem.remedy))
    said = reader.word(wording, where=plain(problem.where), problem=what, remedy=to_do)
    return reader.word(_WARNING, problem=said) if problem.warns else said
