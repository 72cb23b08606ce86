"""Whatever is asked can be written as a line that is read as exactly that."""

from dataclasses import MISSING, fields
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from funade.chat.entities import encode
from funade.chat.folding import BIDI, CONTROL, HIDDEN
from funade.chat.grammar import parse, spell
from funade.chat.heard import LONGEST, Help, Ignored, Misread, Via
from funade.chat.names import Names
from funade.chat.sentences import KEYWORDS
from funade.chat.verbs import UNSAID
from funade.domain.commands import (
    COMMANDS,
    Deploy,
    PlanDeployment,
)
from funade.domain.durations import LONGEST as LONGEST_SPAN
from funade.domain.people import Right
from funade.domain.ref import is_name


def can_be_typed(text: str) -> bool:
    """Tell whether a text holds nothing that no command may hold."""
    return bool(text.strip()) and not (BIDI.search(text) or CONTROL.search(text))


def can_be_named(text: str) -> bool:
    """Tell whether a name holds nothing that no word of a command may hold."""
    return can_be_typed(text) and not HIDDEN.search(text)


TYPED = st.characters(exclude_categories=["Cs", "Cc"])
ODD_WORDS = st.sampled_from(
    [
        *sorted(KEYWORDS),
        *(
            "deploy",
            "help",
            "status",
            "#12",
            "12",
            "--ref",
            "-e",
            "—",
            "&&",
            ";",
            "v1.2.0",
            "main",
            "Prod",
            "prod",
        ),
        *(
            "を",
            "デプロイ",
            "shopを",
            "「a」",
            "“a”",
            "it's",
            "a b",
            '"',
            "\\",
            "*a*",
            "`a`",
            "_a_",
            "<@U1>",
            "&lt;",
        ),
        *("all", "everything", "2h", "30m", "2時間", "lock", "roll", "back", "may", "for", "f5c0df1", "権限"),
        *("production", "staging", "feature/a-b", "ｓｈｏｐ", "a.", "a?", "理由", "funade", "$"),
    ]
)
TEXTS = (ODD_WORDS | st.text(TYPED, min_size=1, max_size=20)).filter(can_be_typed)
SENTENCES = st.lists(TEXTS, min_size=1, max_size=6).map(" ".join) | st.text(min_size=1).filter(can_be_typed)
WORDS = TEXTS.filter(can_be_named)
REFS = WORDS.filter(is_name)
NUMBERS = st.integers(min_value=1, max_value=10**15 - 1)
SPANS = st.timedeltas(min_value=timedelta(microseconds=1), max_value=LONGEST_SPAN) | st.sampled_from(
    [timedelta(minutes=30), timedelta(hours=2), timedelta(days=1)]
)
REVISIONS = st.text("0123456789abcdefABCDEF", min_size=7, max_size=40)
COUNTS = st.integers(min_value=0, max_value=10**15)


@st.composite
def names_and_commands(draw):
    places = st.dictionaries(WORDS, st.lists(WORDS, max_size=2).map(tuple), min_size=1, max_size=3)
    applications = draw(st.dictionaries(WORDS, places, min_size=1, max_size=3))
    application = draw(st.sampled_from(sorted(applications)))
    environment = draw(st.sampled_from(sorted(applications[application])))
    command = draw(st.sampled_from(COMMANDS))
    values = {
        "application": application,
        "environment": environment,
        "number": draw(NUMBERS),
        "ref": draw(REFS),
        "reason": draw(SENTENCES),
        "digest": draw(TEXTS),
        "to": draw(NUMBERS),
        "limit": draw(COUNTS),
        "before": draw(COUNTS),
        "attempt": draw(COUNTS),
        "offset": draw(COUNTS),
        "force": True,
        "steal": True,
        "link": True,
        "lasts": draw(SPANS),
        "revision": draw(REVISIONS),
        "person": draw(TEXTS),
        "right": draw(st.sampled_from(Right)).value,
    }
    given = {
        one.name: values[one.name]
        for one in fields(command)
        if one.name not in UNSAID and (one.default is MISSING or draw(st.booleans()))
    }
    if "environment" in given and "application" not in given and not _is_clear(environment, applications):
        del given["environment"]
    return Names(applications), command(**given)


def _is_clear(environment, applications):
    """Tell whether an environment means the same in every application, so that it needs none."""
    names = Names(applications)
    return names.find_environment(None, environment) == environment


@given(names_and_commands(), st.booleans())
def test_what_is_spelled_is_read_as_it_was_meant(given_, with_names):
    names, command = given_
    line = spell(command, names if with_names else None)
    if len(line) <= LONGEST:
        assert parse(line, via=Via.TERMINAL, names=names) == command


@given(names_and_commands(), st.booleans())
def test_it_is_read_so_through_slack_too(given_, with_names):
    names, command = given_
    line = encode(spell(command, names if with_names else None))
    if len(line) <= LONGEST:
        assert parse(line, via=Via.SLASH, names=names) == command
        assert parse(f"<@UBOT> {line}", via=Via.MENTION, names=names) == command


@given(names_and_commands())
def test_a_suggested_line_is_understood(given_):
    names, command = given_
    if isinstance(command, (Deploy, PlanDeployment)):
        slip = f"{command.application} {spell(command, names)}"
        answer = parse(f"depoly {slip}"[:LONGEST], via=Via.TERMINAL, names=names)  # codespell:ignore depoly
        suggestion = getattr(answer, "suggestion", "")
        if suggestion and suggestion.upper() != suggestion and "ENVIRONMENT" not in suggestion:
            meant = parse(suggestion, via=Via.TERMINAL, names=names)
            assert not isinstance(meant, (Misread, Help, Ignored))
            assert spell(meant, names) == suggestion
