"""The table of verbs: a new command is a dataclass in the domain and one row here."""

from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any

from funade.chat.japanese import forms
from funade.domain.commands import (
    Approve,
    Cancel,
    Command,
    Deploy,
    PlanDeployment,
    ReadLog,
    Reopen,
    Resume,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowStatus,
    Why,
)


class Kind(StrEnum):
    """What a slot is filled with."""

    APPLICATION = "application"
    ENVIRONMENT = "environment"
    REF = "ref"
    NUMBER = "number"  #: a deployment's: `12`, `#12`
    COUNT = "count"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Slot:
    """A field of a command and the options that fill it; the first one is how it is spelled."""

    name: str
    kind: Kind
    options: tuple[str, ...]


#: by the names of the commands' fields
SLOTS: dict[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot("application", Kind.APPLICATION, ("--application", "-r", "--repository", "--app", "--repo")),
        Slot("environment", Kind.ENVIRONMENT, ("--environment", "-e", "--env")),
        Slot("ref", Kind.REF, ("--ref", "-h", "--hash", "--revision")),
        Slot("number", Kind.NUMBER, ("--number",)),
        Slot("to", Kind.NUMBER, ("--to",)),
        Slot("reason", Kind.TEXT, ("--reason",)),
        Slot("digest", Kind.TEXT, ("--digest",)),
        Slot("limit", Kind.COUNT, ("--limit",)),
        Slot("before", Kind.COUNT, ("--before",)),
        Slot("attempt", Kind.COUNT, ("--attempt",)),
        Slot("offset", Kind.COUNT, ("--offset",)),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing that can be asked.

    `words` are how it is said at the beginning, the first one being how it is spelled; `japanese` stems are also said
    at the end, in the forms of `する`; `also` are further forms. `only_reads` may be asked as a question.
    """

    name: str
    command: type[Any]
    words: tuple[str, ...]
    japanese: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    only_reads: bool = False
    joins_environment: str = ""

    #: the slots of its fields, in their order
    slots: tuple[Slot, ...] = field(init=False, repr=False, compare=False)
    #: the names of its fields
    fields: frozenset[str] = field(init=False, repr=False, compare=False)
    #: the fields that have no default
    needed: frozenset[str] = field(init=False, repr=False, compare=False)
    #: what each option fills
    options: dict[str, Slot] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = fields(self.command)
        slots = tuple(SLOTS[one.name] for one in own)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "fields", frozenset(one.name for one in own))
        object.__setattr__(self, "needed", frozenset(one.name for one in own if one.default is MISSING))
        object.__setattr__(self, "options", {option: slot for slot in slots for option in slot.options})

    def has(self, name: str) -> bool:
        """Tell whether its command has that field."""
        return name in self.fields


VERBS: tuple[Verb, ...] = (
    Verb(name="deploy", command=Deploy, words=("deploy",), japanese=("デプロイ",), joins_environment="to"),
    Verb(
        name="plan",
        command=PlanDeployment,
        words=("plan",),
        japanese=("計画", "プラン"),
        also=("計画を見せて", "計画を表示"),
        only_reads=True,
        joins_environment="to",
    ),
    Verb(
        name="rollback",
        command=Rollback,
        words=("rollback", "roll back", "roll-back"),
        japanese=("ロールバック",),
        also=("切り戻し", "切り戻して", "切り戻してください", "切り戻す"),
    ),
    Verb(name="retry", command=Retry, words=("retry",), japanese=("再試行", "リトライ")),
    Verb(name="approve", command=Approve, words=("approve",), japanese=("承認",)),
    Verb(
        name="cancel",
        command=Cancel,
        words=("cancel",),
        japanese=("キャンセル", "中止", "取消"),
        also=("取り消し", "取り消して", "取り消してください", "取り消す"),
    ),
    Verb(
        name="reopen",
        command=Reopen,
        words=("reopen", "re-open"),
        japanese=("再オープン", "閉鎖を解除", "閉鎖解除"),
    ),
    Verb(name="resume", command=Resume, words=("resume",), japanese=("再開",)),
    Verb(
        name="status",
        command=ShowStatus,
        words=("status", "what is live", "what's live", "show status"),
        japanese=(),
        also=("状況", "状態", "ステータス", "状況は", "状況を見せて", "状況を教えて", "状態は"),
        only_reads=True,
    ),
    Verb(
        name="history",
        command=ShowHistory,
        words=("history", "show history"),
        also=("履歴", "履歴は", "履歴を見せて", "履歴を教えて", "履歴を表示"),
        only_reads=True,
    ),
    Verb(
        name="why",
        command=Why,
        words=("why",),
        also=("なぜ", "なんで", "どうして", "なぜですか"),
        only_reads=True,
    ),
    Verb(
        name="show",
        command=ShowDeployment,
        words=("show",),
        japanese=("表示",),
        also=("詳細", "見せて", "詳細を見せて"),
        only_reads=True,
    ),
    Verb(
        name="logs",
        command=ReadLog,
        words=("logs", "log", "show logs", "show log"),
        also=("ログ", "ログを見せて", "ログを表示"),
        only_reads=True,
    ),
)

#: asked for help, not for a command
HELP_WORDS = frozenset({"help", "?", "usage", "ヘルプ", "使い方", "助けて"})

#: what people who come from elsewhere type; suggested, never assumed
HABITS: dict[str, str] = {
    "abort": "cancel",
    "apply": "deploy",
    "push": "deploy",
    "redeploy": "deploy",
    "release": "deploy",
    "revert": "rollback",
    "ship": "deploy",
    "stop": "cancel",
    "tail": "logs",
    "undo": "rollback",
    "リリース": "deploy",
    "戻して": "rollback",
    "停止": "cancel",
    "止めて": "cancel",
    "反映": "deploy",
}

BY_COMMAND: dict[type[Any], Verb] = {verb.command: verb for verb in VERBS}
BY_NAME: dict[str, Verb] = {verb.name: verb for verb in VERBS}

#: a verb as the beginning of a text, by its words
BEGINNINGS: dict[tuple[str, ...], Verb] = {
    tuple(said.split()): verb
    for verb in VERBS
    for said in (*verb.words, *(form for stem in verb.japanese for form in forms(stem)), *verb.also)
}
#: how many words a verb can have that begins with this one
FIRST_WORDS: dict[str, int] = {
    first: max(len(said) for said in BEGINNINGS if said[0] == first)
    for first in {said[0] for said in BEGINNINGS}
}
#: a verb as the end of a text: only Japanese ends with its verb
ENDINGS: dict[str, Verb] = {
    said: verb
    for verb in VERBS
    for said in (*(form for stem in verb.japanese for form in forms(stem)), *verb.also)
}
OPTIONS: frozenset[str] = frozenset(option for slot in SLOTS.values() for option in slot.options)


def build(verb: Verb, values: dict[str, Any]) -> Command:
    """Return the command; every field that it needs is among `values`."""
    command: Command = verb.command(**values)
    return command
