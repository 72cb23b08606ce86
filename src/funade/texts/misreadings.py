"""What to say when a person's words were not understood: what was, what was not, and a line to paste."""

from collections.abc import Mapping

from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain

#: by the grammar's codes; wordings from the fullest to the barest, as with reasons
MISREADINGS: dict[str, tuple[str, ...]] = {
    "too_long": (mark("that is longer than {limit} characters"),),
    "unprintable": (mark("there is an invisible sign in it that does not belong there: {signs}"),),
    "bidi_control": (mark("there is a sign in it that turns the direction of reading: {signs}"),),
    "lookalike": (mark("`{word}` looks like something else: it contains {signs}"),),
    "several_commands": (mark("that is more than one command, and nothing was done: one command a message"),),
    "unclosed_quote": (mark("a quotation mark is not closed: {word}"),),
    "wholly_quoted": (mark("the whole line is in quotation marks: is it a quotation or a command?"),),
    "struck_out": (mark("part of it is struck out"),),
    "question": (mark("that is a question: to have it done, say it without the question mark"),),
    "mention_not_first": (mark("a command begins with my name"),),
    "unknown_verb": (mark("I do not know the word `{word}`"), mark("there is no command in it")),
    "unknown_application": (mark("there is no application `{word}`"),),
    "unknown_environment": (
        mark("`{application}` has no environment `{word}`, only `{environments}`"),
        mark("there is no environment `{word}`"),
    ),
    "missing_application": (mark("which application?"),),
    "missing_environment": (
        mark("which environment of `{application}`: `{environments}`?"),
        mark("which environment?"),
    ),
    "missing_number": (mark("which deployment? Its number is missing"),),
    "missing_value": (mark("`{option}` lacks its value"),),
    "not_a_number": (mark("`{word}` is no number of a deployment"), mark("`{word}` is no number")),
    "not_a_span": (mark("`{word}` is no span of time: write `30m`, `2h` or `1d`"),),
    "not_a_revision": (mark("`{word}` is no commit: write seven of its digits or more"),),
    "not_a_right": (mark("`{word}` is no right: there are `{rights}`"),),
    "unexpected_value": (mark("`{option}` takes no value"),),
    "not_a_name": (mark("`{word}` is a mention or a link, not a name"),),
    "invalid_ref": (mark("nothing in git can be called `{word}`"),),
    "ambiguous": (mark("`{word}` may be {readings}"), mark("`{word}` may mean several things")),
    "unexpected_words": (mark("I do not know what `{word}` means here"),),
    "unknown_option": (mark("`{verb}` knows no option `{option}`"),),
    "duplicate_option": (mark("`{option}` is there twice"),),
    "option_in_reason": (mark("is `{option}` part of the reason? Put the reason in quotation marks"),),
    "unquoted_reason": (mark("where does the reason end? Put it in quotation marks"),),
}
#: what a word may be, for `ambiguous`
ROLES: dict[str, str] = {
    "application": mark("an application"),
    "environment": mark("an environment"),
    "ref": mark("a ref"),
    "number": mark("a deployment's number"),
    "span": mark("a span of time"),
    "right": mark("a right"),
    "name": mark("a name"),
}
_UNDERSTOOD = mark("I understood `{understood}`, but not all: {problem}")
_SUGGESTION = mark("Try: `{suggestion}`")
_HELP = mark("`help` shows what can be said")
_OR = mark(" or ")


def misreading_lines(
    code: str, understood: str, suggestion: str, detail: Mapping[str, str | tuple[str, ...]], reader: Reader
) -> list[str]:
    """Return what was not understood, and the line to paste if there is one."""
    values = {key: _shown(key, value, reader) for key, value in detail.items() if value}
    problem = reader.first_of(MISREADINGS.get(code, ()), values)
    problem = plain(code) if problem is None else problem
    if understood:
        problem = reader.word(_UNDERSTOOD, understood=plain(understood), problem=problem)
    lines = [problem]
    if suggestion:
        lines.append(reader.word(_SUGGESTION, suggestion=plain(suggestion)))
    elif code == "unknown_verb":
        lines.append(reader.word(_HELP))
    return lines


def _shown(key: str, value: str | tuple[str, ...], reader: Reader) -> str:
    if key == "readings":
        return reader.word(_OR).join(reader.word(ROLES[one]) if one in ROLES else one for one in value)
    return plain(value) if isinstance(value, str) else "`, `".join(map(plain, value))
