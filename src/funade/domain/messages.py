"""What orders and facts are while they travel through a queue between networks, apart from their text.

`queue_text` writes and reads them. `rest` keeps fields that a newer release wrote beside the known ones. What is said
here was checked: whoever holds one of these need not ask again whether its revision is a full SHA.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from funade.domain.orders import Ending, Execution, Observed, Sighting
from funade.domain.revision import Revision, parse_revision
from funade.domain.wire import Plain

#: What a piece of a log may weigh, so that it fits into a message however it must be written.
LOG_LIMIT = 200 << 10
#: The questions to which every start that was refused, and every cancel, is an answer.
START, CANCEL = "start", "cancel"
#: Longer words are nobody's.
_LONGEST = 1000
#: What SQS takes as a group or as a key, and how much of it.
_NAMEABLE = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedStart:
    """Begin this execution, at most once, before `not_after`; `store` is the id of the store that says so."""

    execution: Execution
    repository: str
    ref: str
    revision: Revision
    digest: str
    not_after: datetime
    store: str = ""
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)
        parse_revision(self.revision)
        for name in ("repository", "ref", "digest"):
            _check_word(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedCancel:
    """End this execution if it runs; see that it never begins if it does not."""

    execution: Execution
    store: str = ""
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLook:
    """Say what is so now; the answer repeats `question`, by which two looks are two."""

    execution: Execution
    question: str
    store: str = ""
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)
        _check_word("question", self.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMessage:
    """A message from somebody else's program: it passed no policy of ours, and names no deployment.

    The form of the first of its kind is `{"repository", "environment", "hash"}`; any other object is one too. `body` is
    the whole of it; `fields` is empty where it is no JSON object.
    """

    fields: Mapping[str, Plain]
    body: str = ""

    def text(self, name: str) -> str | None:
        """Return a field that holds text; None for any other."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStart:
    """It began, at that moment."""

    execution: Execution
    at: datetime
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLog:
    """A piece of its output, from the byte `offset` on."""

    execution: Execution
    offset: int
    content: bytes = field(repr=False)
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)
        if self.offset < 0:
            problem = "`offset` is less than nothing"
            raise ValueError(problem)
        if not 0 < len(self.content) <= LOG_LIMIT:
            problem = f"a piece of a log has 1 to {LOG_LIMIT} bytes, not {len(self.content)}"
            raise ValueError(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedProgress:
    """How far it is, in words for people, and since when (`at`); the one with the highest `sequence` counts.

    `waits`: what it tells keeps its program from running.
    """

    execution: Execution
    sequence: int
    shown: str
    at: datetime
    waits: bool = False
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)
        _check_word("shown", self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEnd:
    """How it ended and what was seen then; `template` tells which version of the place's own settings was used.

    `output` is the length of all that it wrote, as far as the place knows.
    """

    execution: Execution
    ending: Ending
    observed: Observed | None = None
    template: str = ""
    output: int | None = None
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedSighting:
    """The answer to a look."""

    execution: Execution
    question: str
    sighting: Sighting
    rest: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_execution(self.execution)
        _check_word("question", self.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerMessage:
    """What a newer release wrote: it is left alone until a newer release reads it."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenMessage:
    """What nobody can read: it is set aside and shown, and the rest goes on."""

    problem: str


Order = OrderedStart | OrderedCancel | OrderedLook
Fact = ReportedStart | ReportedLog | ReportedProgress | ReportedEnd | ReportedSighting


def check_execution(execution: Execution) -> None:
    """Return if it names one run at a place without doubt, or raise ValueError."""
    if str(UUID(execution.deployment)) != execution.deployment:
        problem = "`deployment` is no UUID as we write them"
        raise ValueError(problem)
    for name, least in (("attempt", 1), ("fence", 0), ("number", 0)):
        if getattr(execution, name) < least:
            problem = f"`{name}` is less than {least}"
            raise ValueError(problem)
    _check_word("application", execution.application)
    _check_word("environment", execution.environment)


def group_of(message: Order | Fact) -> str:
    """Return what must stay in order: what is said about one application and environment."""
    return _nameable(f"{message.execution.application}/{message.execution.environment}")


def key_of(message: Order | Fact) -> str:
    """Return the name by which the same message said again is known to be the same."""
    return _nameable(f"{message.execution.deployment}.{message.execution.attempt}.{_said(message)}")


def name_of(fact: Fact) -> str:
    """Return the name under which a fact of an attempt is kept: of progress there is one, the furthest."""
    return "progress" if isinstance(fact, ReportedProgress) else _nameable(_said(fact))


def fence_told(fact: Fact) -> int:
    """Return a fence that the place knows for sure: whoever asks of an execution proves nothing by its fence."""
    return fact.sighting.highest_fence if isinstance(fact, ReportedSighting) else fact.execution.fence


def _said(message: Order | Fact) -> str:
    match message:
        case OrderedStart():
            return f"start.{message.execution.fence}"
        case OrderedCancel():
            return "cancel"
        case OrderedLook():
            return f"look.{message.question}"
        case ReportedStart():
            return "started"
        case ReportedLog():
            # Of another length it is another piece, also when it begins where an earlier one began.
            return f"log.{message.offset}.{len(message.content)}"
        case ReportedProgress():
            return f"progress.{message.sequence}"
        case ReportedEnd():
            return "ended"
        case ReportedSighting():
            return f"looked.{message.question}"


def _nameable(text: str) -> str:
    return text if _NAMEABLE.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()


def _check_word(name: str, text: str) -> None:
    if not 0 < len(text) <= _LONGEST:
        problem = f"`{name}` has {len(text)} characters; 1 to {_LONGEST} are wanted"
        raise ValueError(problem)
    if any(character < " " for character in text):
        problem = f"`{name}` holds a control character"
        raise ValueError(problem)
