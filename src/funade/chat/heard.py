"""What a text may turn out to be, besides a command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from funade.domain.limits import LONGEST_TEXT

#: Longer than any command that people type; keeps every later step small.
LONGEST = LONGEST_TEXT


class Via(StrEnum):
    """The way by which a text came; each spells things its own way."""

    TERMINAL = "terminal"  #: as typed
    SLASH = "slash"  #: the text of a slash command: Slack's entities and escapes
    MENTION = "mention"  #: a message that mentions us: as above, and the mention is part of it


class Misreading(StrEnum):
    """Why a text is not taken for a command. `texts` words them."""

    TOO_LONG = "too_long"  #: limit
    UNPRINTABLE = "unprintable"  #: signs
    BIDI_CONTROL = "bidi_control"  #: signs
    LOOKALIKE = "lookalike"  #: word, signs
    SEVERAL_COMMANDS = "several_commands"  #: (none)
    UNCLOSED_QUOTE = "unclosed_quote"  #: word
    WHOLLY_QUOTED = "wholly_quoted"  #: (none)
    STRUCK_OUT = "struck_out"  #: (none)
    QUESTION = "question"  #: (none)
    MENTION_NOT_FIRST = "mention_not_first"  #: (none)
    UNKNOWN_VERB = "unknown_verb"  #: word
    UNKNOWN_APPLICATION = "unknown_application"  #: word
    UNKNOWN_ENVIRONMENT = "unknown_environment"  #: word, application, environments
    MISSING_APPLICATION = "missing_application"  #: (none)
    MISSING_ENVIRONMENT = "missing_environment"  #: application, environments
    MISSING_NUMBER = "missing_number"  #: (none)
    MISSING_VALUE = "missing_value"  #: option
    NOT_A_NUMBER = "not_a_number"  #: word
    NOT_A_SPAN = "not_a_span"  #: word
    NOT_A_REVISION = "not_a_revision"  #: word
    NOT_A_RIGHT = "not_a_right"  #: word, rights
    NOT_A_NAME = "not_a_name"  #: word
    INVALID_REF = "invalid_ref"  #: word
    AMBIGUOUS = "ambiguous"  #: word, readings
    UNEXPECTED_WORDS = "unexpected_words"  #: word
    UNEXPECTED_VALUE = "unexpected_value"  #: option
    UNKNOWN_OPTION = "unknown_option"  #: verb, option
    DUPLICATE_OPTION = "duplicate_option"  #: option
    OPTION_IN_REASON = "option_in_reason"  #: option
    UNQUOTED_REASON = "unquoted_reason"  #: (none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """Not understood, and nothing was done: what was understood so far, and a line to paste if there is one."""

    code: Misreading
    understood: str = ""
    suggestion: str = ""
    detail: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Somebody wants to know what can be said, or how to say one thing."""

    verb: str | None = None


class Silence(StrEnum):
    """Why a text is not meant for us."""

    EMPTY = "empty"
    QUOTATION = "quotation"  #: somebody else's words
    CONVERSATION = "conversation"  #: we are spoken of, not to


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Not for us; nothing is answered."""

    because: Silence


class NotUnderstood(Exception):
    """Inside the grammar: reading ends here. `repaired` is the text as it may have been meant, to be suggested."""

    def __init__(self, code: Misreading, repaired: str = "", **detail: str | tuple[str, ...]) -> None:
        self.code, self.repaired, self.detail = code, repaired, detail
        super().__init__(code)
