"""What every store and every reader can keep of what people send; the same at every door."""

from dataclasses import fields

from funade.domain.commands import Command
from funade.domain.reason import Because, Reason, because

LONGEST_TEXT = 4_000  #: characters of one field; history keeps a reason for good
LARGEST_NUMBER = 2**63 - 1


def unkeepable(command: Command) -> Because | None:
    """Return what is wrong with a text of `command` that nobody could keep or read, or None."""
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            return because(Reason.TEXT_TOO_LONG, field=field.name, limit=LONGEST_TEXT)
        if isinstance(value, str) and not is_text(value):
            return because(Reason.TEXT_UNREADABLE, field=field.name)
    return None


def is_text(value: str) -> bool:
    """Tell whether these are characters: neither NUL nor half of one, which JSON and a command line can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
