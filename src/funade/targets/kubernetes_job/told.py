"""What the facts about one attempt come to; pure, in whatever order they came."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from funade.domain.messages import Fact, ReportedEnd, ReportedProgress, ReportedSighting, ReportedStart
from funade.domain.orders import Sighting, Standing

_FINAL = frozenset({Standing.ENDED, Standing.LOST, Standing.SEALED})
_LIVING = frozenset({Standing.RUNNING, Standing.ENDED, Standing.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a place has told of one attempt; `end` is what counts for good, once there is one."""

    highest_fence: int = 0
    began: bool = False
    end: Sighting | None = None
    #: how much output there is, where the place has said it
    output: int | None = None
    progress: str = ""
    answers: dict[str, Sighting] = field(default_factory=dict)
    #: it grows with everything that is told
    heard: int = 0

    def __post_init__(self) -> None:
        # Whoever asks wants to know of the highest fence, whichever fact has told it.
        for name, one in self.answers.items():
            self.answers[name] = self._raised(one)

    def answer(self, question: str) -> Sighting | None:
        """Return the answer to a question."""
        return self.answers.get(question)

    @property
    def running(self) -> Sighting:
        """Return what is so while it runs."""
        return Sighting(standing=Standing.RUNNING, highest_fence=self.highest_fence)

    def _raised(self, sighting: Sighting) -> Sighting:
        return replace(sighting, highest_fence=max(self.highest_fence, sighting.highest_fence))


def told_by(facts: Iterable[Fact], highest_fence: int) -> Told:
    """Return what these facts come to; the end itself says more than any answer about it."""
    began, output, progress, heard = False, None, "", 0
    ended: Sighting | None = None
    answers: dict[str, Sighting] = {}
    for fact in facts:
        heard += 1
        if fact.execution.fence == 0 and isinstance(fact, ReportedSighting):
            # It was asked before any fence was given: nothing can have begun, whatever the place takes it for.
            answers[fact.question] = replace(fact.sighting, standing=Standing.UNSEEN, ending=None)
            continue
        match fact:
            case ReportedStart():
                began = True
            case ReportedProgress():
                progress, heard = fact.shown, heard + fact.sequence
            case ReportedEnd():
                began, output = True, fact.output
                ended = Sighting(standing=Standing.ENDED, highest_fence=highest_fence, ending=fact.ending)
            case ReportedSighting():
                answers[fact.question] = fact.sighting
                began = began or fact.sighting.standing in _LIVING
            case _:
                # Output is kept elsewhere.
                pass
    return Told(
        highest_fence=highest_fence,
        began=began,
        end=ended or _final(answers.values(), highest_fence, began=began),
        output=output,
        progress=progress,
        answers=answers,
        heard=heard,
    )


def _final(answers: Iterable[Sighting], highest_fence: int, *, began: bool) -> Sighting | None:
    # What began is not sealed, whoever says so of an order that came a second time.
    found = [
        one for one in answers if one.standing in _FINAL and not (began and one.standing is Standing.SEALED)
    ]
    # An end with its record is worth more than the word that there is none.
    found.sort(key=lambda one: (one.ending is None, one.standing is not Standing.LOST))
    if not found:
        return None
    return replace(found[0], highest_fence=max(highest_fence, found[0].highest_fence))
