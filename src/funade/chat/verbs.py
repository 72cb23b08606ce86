"""The table of verbs: a new command is a dataclass in the domain and one row here."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any

from funade.chat.japanese import WHO, forms
from funade.domain.commands import (
    Approve,
    Cancel,
    Command,
    Deploy,
    Hold,
    Lock,
    Override,
    PauseAll,
    PlanDeployment,
    ReadLog,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowRights,
    ShowStatus,
    Unlock,
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
    FLAG = "flag"  #: an option without a value
    DURATION = "duration"  #: `30m`, `2h`, `1d`
    REVISION = "revision"  #: seven digits of a commit, or more
    PERSON = "person"
    RIGHT = "right"


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
        Slot("force", Kind.FLAG, ("--force",)),
        Slot("steal", Kind.FLAG, ("--steal",)),
        Slot("link", Kind.FLAG, ("--link",)),
        Slot("lasts", Kind.DURATION, ("--for",)),
        Slot("revision", Kind.REVISION, ("--revision",)),
        Slot("person", Kind.PERSON, ("--person",)),
        Slot("right", Kind.RIGHT, ("--right",)),
    )
}


#: the fields that only a program fills: how long it waits for an answer, and what it has seen already
UNSAID = frozenset({"seen", "patience"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing that can be asked.

    `words` are how it is said at the beginning, the first one being how it is spelled; `japanese` stems are also said
    at the end, in the forms of `する`; `also` are further forms. `telling` are words that say a field's value too.
    `only_reads` may be asked as a question; `wants_reason` is refused without one.
    """

    name: str
    command: type[Any]
    words: tuple[str, ...]
    japanese: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    telling: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    only_reads: bool = False
    wants_reason: bool = False
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
        own = tuple(one for one in fields(self.command) if one.name not in UNSAID)
        slots = tuple(SLOTS[one.name] for one in own)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "fields", frozenset(one.name for one in own))
        object.__setattr__(self, "needed", frozenset(one.name for one in own if one.default is MISSING))
        object.__setattr__(self, "options", {option: slot for slot in slots for option in slot.options})

    def has(self, name: str) -> bool:
        """Tell whether its command has that field."""
        return name in self.fields


ALL_OF_IT = ("全", "すべて", "全て", "全部", "全デプロイ", "すべてのデプロイ", "全てのデプロイ")
STEALING: dict[str, dict[str, Any]] = {
    said: {"steal": True}
    for said in (
        *("steal the lock", "steal lock", "steal", "take over the lock"),
        *(
            "ロックを奪う",
            "ロックを奪って",
            "ロックを奪ってください",
            *forms("ロックを奪取"),
            *forms("ロック奪取"),
        ),
    )
}

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
    Verb(name="reject", command=Reject, words=("reject",), japanese=("却下", "否認")),
    Verb(
        name="override",
        command=Override,
        words=("override",),
        japanese=("強行", "強制実行"),
        wants_reason=True,
    ),
    Verb(
        name="cancel",
        command=Cancel,
        words=("cancel",),
        japanese=("キャンセル", "中止", "取消"),
        also=("取り消し", "取り消して", "取り消してください", "取り消す"),
    ),
    Verb(
        name="lock",
        command=Lock,
        words=("lock",),
        japanese=("ロック",),
        telling=STEALING,
        wants_reason=True,
    ),
    Verb(
        name="unlock",
        command=Unlock,
        words=("unlock",),
        japanese=("ロック解除", "ロックを解除", "アンロック"),
        also=("ロックを外して", "ロックを外してください", "ロックを外す"),
    ),
    Verb(
        name="reopen",
        command=Reopen,
        words=("reopen", "re-open"),
        japanese=("再オープン", "閉鎖を解除", "閉鎖解除"),
    ),
    Verb(
        name="hold",
        command=Hold,
        words=("hold",),
        japanese=("保留", "自動デプロイを保留", "自動デプロイを停止"),
    ),
    Verb(name="resume", command=Resume, words=("resume",), japanese=("再開", "自動デプロイを再開")),
    Verb(
        name="pause all",
        command=PauseAll,
        words=("pause all", "pause everything", "stop everything", "stop all"),
        japanese=tuple(
            f"{all_of_it}{particle}停止" for all_of_it in ALL_OF_IT for particle in ("", " ", "を")
        ),
    ),
    Verb(
        name="resume all",
        command=ResumeAll,
        words=("resume all", "resume everything"),
        japanese=tuple(
            f"{all_of_it}{particle}再開" for all_of_it in ALL_OF_IT for particle in ("", " ", "を")
        ),
    ),
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
        name="rights",
        command=ShowRights,
        words=("rights", "show rights"),
        also=("権限", "権限は", "権限を見せて", "権限を教えて", "権限を表示"),
        telling={
            said: {"person": None} for said in ("who may", "who can", "who", "誰", WHO, "誰 が", "誰ですか")
        },
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

BY_COMMAND: dict[type[Any], Verb] = {verb.command: verb for verb in VERBS}
BY_NAME: dict[str, Verb] = {verb.name: verb for verb in VERBS}

OPTIONS: frozenset[str] = frozenset(option for slot in SLOTS.values() for option in slot.options)


def build(verb: Verb, values: dict[str, Any]) -> Command:
    """Return the command; every field that it needs is among `values`."""
    command: Command = verb.command(**values)
    return command
