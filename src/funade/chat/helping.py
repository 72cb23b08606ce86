"""What can be said: every verb with its usage, or one verb with examples."""

from funade.chat.layout import indented, table
from funade.chat.usage import usage
from funade.chat.verbs import BY_NAME, VERBS
from funade.texts import Reader, answers

#: understood as they stand; `docs/chat.md` shows the same
EXAMPLES: dict[str, tuple[str, ...]] = {
    "deploy": (
        "deploy shop to production",
        "deploy v1.2.0 of shop to production because fixes login",
        "deploy shop to production --force because production is down",
        "shop の v1.2.0 を production に デプロイ",
    ),
    "plan": ("plan v1.2.0 of shop to production", "計画 shop production"),
    "rollback": (
        "rollback shop production",
        "roll back production of shop to #12",
        "shop の production を ロールバック",
    ),
    "retry": ("retry 12", "#12 を 再試行"),
    "approve": ("approve 12", "approve 12 f5c0df1", "#12 を 承認"),
    "reject": ("reject 12 because not on a Friday", "#12 を 却下 理由: 金曜日なので"),
    "override": ("override 12 because production is down", "#12 を 強行 理由: 障害対応"),
    "cancel": ("cancel 12 because wrong tag", "#12 を 取り消して"),
    "lock": (
        "lock shop production because migrating the database",
        "lock shop production for 2h because migrating the database",
        "steal the lock of shop production because ada has gone home",
        "shop の production を 2時間 ロック 理由: DB 移行",
    ),
    "unlock": (
        "unlock shop production",
        "unlock shop production --force because ada has gone home",
        "shop の production の ロックを解除",
    ),
    "hold": ("hold shop production because of the sale", "shop の production の 自動デプロイを保留"),
    "pause all": ("pause all because the network is down", "すべて停止 理由: ネットワーク障害"),
    "resume all": ("resume all", "すべて再開"),
    "rights": (
        "rights",
        "who may deploy shop to production",
        "rights of ada",
        "誰が shop を production に デプロイできる",
        "ada の 権限",
    ),
    "reopen": ("reopen shop production because I have looked", "shop の production を 再オープン"),
    "resume": ("resume shop production", "shop の production を 再開"),
    "status": ("status", "what is live on shop", "shop の 状況"),
    "history": ("history", "history shop production --limit 50", "shop の 履歴"),
    "why": ("why", "why 12", "why shop production", "#12 は なぜ"),
    "show": ("show 12", "#12 の 詳細"),
    "logs": ("logs 12", "#12 の ログ"),
}


def help_lines(name: str | None, reader: Reader) -> list[str]:
    """Return how things are said; one verb with its examples when it is named."""
    verb = BY_NAME.get(name or "")
    if verb is None:
        rows = [[usage(one, {}, None), reader.word(answers.VERBS[one.name])] for one in VERBS]
        return [reader.word(answers.HELP), *indented(table(rows)), "", reader.word(answers.HELP_MORE)]
    lines = [f"{usage(verb, {}, None)} — {reader.word(answers.VERBS[verb.name])}"]
    return [*lines, "", reader.word(answers.EXAMPLES), *indented(EXAMPLES[verb.name])]
