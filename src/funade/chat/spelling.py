"""From a command back to a line that means exactly it: for suggestions, cards and echoes."""

import re
from datetime import timedelta
from typing import Any

from funade.chat.names import Names
from funade.chat.saying import BEGINNINGS, HELP_WORDS
from funade.chat.sentences import KEYWORDS, NEVER_REFS
from funade.chat.values import RIGHT_WORDS, read_span, spell_span
from funade.chat.verbs import BY_COMMAND, SLOTS, Kind, Slot, Verb
from funade.chat.words import quote
from funade.domain.commands import Command

#: may stand without quotation marks wherever a word can
_BARE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/@+#-]*[A-Za-z0-9/@+#-])?")
_OURS = KEYWORDS | HELP_WORDS
#: may follow `because` as it is
_SIMPLE_REASON = re.compile(r"[^\W_](?:[\w,.:!()/+#']|(?<=\w)-(?=\w)| (?=[\w(#]))*")

#: words that mean something else than a name: small words, rights, and the second words of verbs (`resume all`)
_OURS = KEYWORDS | HELP_WORDS | RIGHT_WORDS | {word for said in BEGINNINGS for word in said[1:]}


def spell(command: Command, names: Names | None = None) -> str:
    """Return a line that `parse` reads as `command`, whatever the names are; with `names` it reads better."""
    verb = BY_COMMAND[type(command)]
    given = {slot.name: getattr(command, slot.name) for slot in verb.slots}
    return spell_values(verb, given, names)


def spell_values(verb: Verb, values: dict[str, Any], names: Names | None) -> str:
    """Return what is known so far as a line."""
    said = [verb.words[0]]
    options: list[str] = []
    application, environment = values.get("application"), values.get("environment")
    number = values.get("number")
    if number is not None:
        said.append(_number(verb, number, names))
    if application is not None:
        if number is None:
            # A name of nothing but digits must not be taken for a deployment's number.
            said.append(quote(application) if application.isdecimal() else _word(application))
        else:
            options += _option("application", application)
    ref = values.get("ref")
    if ref is not None and application is not None and _is_plainly_a_ref(ref, application, names):
        said.append(ref)
        ref = None
    if environment is not None:
        if application is None or number is not None:
            options += _option("environment", environment)
        else:
            said += [*([verb.joins_environment] if verb.joins_environment else []), _word(environment)]
    plainly = _plainly(values, names)
    said += [word for words in plainly.values() for word in words]
    for slot in verb.slots:
        if slot.name in plainly or slot.name in ("application", "environment", "number", "reason"):
            continue
        value = ref if slot.name == "ref" else values.get(slot.name)
        if value is not None and value != _default(verb, slot):
            options += _said(slot, value)
    return " ".join([*said, *options, *spell_reason(values.get("reason"))])


def _said(slot: Slot, value: object) -> list[str]:
    if slot.kind is Kind.FLAG:
        return [slot.options[0]]
    if slot.kind is Kind.DURATION and isinstance(value, timedelta):
        return [slot.options[0], spell_span(value)]
    if slot.kind is Kind.RIGHT:
        return [slot.options[0], str(value)]
    return _option(slot.name, str(value))


def _plainly(values: dict[str, Any], names: Names | None) -> dict[str, list[str]]:
    """Return what needs no option: the digits of a commit, and a time or a right that is nobody's name."""
    found = {}
    if values.get("revision") is not None:
        found["revision"] = [values["revision"]]
    if names is None:
        return found
    right, lasts = values.get("right"), values.get("lasts")
    if right is not None and names.find_application(right) is None:
        found["right"] = [right]
    if lasts is not None:
        span = spell_span(lasts)
        if names.find_application(span) is None and names.find_environment(None, span) is None:
            found["lasts"] = ["for", span]
    return found


def _default(verb: Verb, slot: Slot) -> object:
    return verb.command.__dataclass_fields__[slot.name].default


def _number(verb: Verb, number: int, names: Names | None) -> str:
    """Return a deployment's number; with `#` where it could be an application's name."""
    clear = not verb.has("application") or (names is not None and names.find_application(str(number)) is None)
    return str(number) if clear else f"#{number}"


def _option(name: str, value: str) -> list[str]:
    return [SLOTS[name].options[0], _word(value)]


def _word(text: str) -> str:
    """Return a name or value, in quotation marks unless it can be mistaken for nothing else."""
    is_clear = _BARE.fullmatch(text) and text.lower() not in _OURS and read_span(text) is None
    return text if is_clear else quote(text)


def _is_plainly_a_ref(ref: str, application: str, names: Names | None) -> bool:
    """Tell whether nobody could take it for anything else, so that it needs no `--ref`."""
    if names is None or not _BARE.fullmatch(ref) or ref.lower() in NEVER_REFS:
        return False
    return names.find_environment(application, ref) is None and names.find_application(ref) is None


def spell_reason(reason: str | None) -> list[str]:
    """Return why, as the end of a line."""
    if reason is None:
        return []
    return ["because", reason] if _SIMPLE_REASON.fullmatch(reason) else ["--reason", quote(reason)]
