"""The names that the tests of this folder speak of, and what they say."""

from funade.chat.grammar import parse, spell
from funade.chat.heard import Help, Ignored, Misread, Misreading, Via
from funade.chat.names import Names
from funade.domain.commands import Command

NAMES = Names(
    {
        "api": {"staging": (), "production": ("prod",)},
        "shop": {"staging": ("stg",), "production": ("prod",)},
        "payments.ai": {"production": ("prod",)},
    }
)


def heard(text: str, via: Via = Via.TERMINAL) -> Command | Misread | Help | Ignored:
    """Return what `text` is taken for."""
    return parse(text, via=via, names=NAMES)


def understood(text: str, via: Via = Via.TERMINAL) -> str:
    """Return the command as a line; fail when there is none."""
    command = heard(text, via)
    assert not isinstance(command, (Misread, Help, Ignored)), command
    return spell(command, NAMES)


def misread(text: str, via: Via = Via.TERMINAL) -> tuple[Misreading, str]:
    """Return why `text` is not understood and what is suggested; fail when it is."""
    answer = heard(text, via)
    assert isinstance(answer, Misread), answer
    return answer.code, answer.suggestion
