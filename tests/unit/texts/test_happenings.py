import dataclasses
import typing
from datetime import UTC, datetime, timedelta

import pytest

from funade.domain.deployment import Phase, Purpose, State
from funade.domain.events import (
    AutomationHeld,
    AutomationResumed,
    CancelAsked,
    ConfirmationWanted,
    DeadLettersFound,
    DeploymentApproved,
    DeploymentFinished,
    DeploymentRejected,
    DeploymentRequested,
    DeploymentStarted,
    DeploymentTakenOver,
    EnvironmentClosed,
    EnvironmentReopened,
    Event,
    EverythingPaused,
    EverythingResumed,
    ExecutionEnded,
    Happening,
    LockReleased,
    LockTaken,
    ProgressTold,
    RequestRefused,
    RulesOverridden,
)
from funade.domain.orders import EndedBy, Problem
from funade.domain.plan import Step
from funade.domain.reason import Reason, because
from funade.domain.revision import Revision
from funade.texts import LANGUAGES, happening, problem, step
from funade.texts.happenings import ENDINGS, REQUESTS
from funade.texts.states import PHASES, STATES

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SHA = Revision("f5c0df1" + "0" * 33)
REFUSAL = because(Reason.UNKNOWN_REF, application="shop", ref="v9")

TOLD = [
    (
        DeploymentRequested(
            ref="v1.2.0", revision=SHA, digest="d" * 64, purpose="deploy", reason="fixes login"
        ),
        "ada asked to deploy `v1.2.0` (f5c0df1) of `shop` to `production`: fixes login",
        "ada が `shop` の `v1.2.0` (f5c0df1) を `production` へデプロイするよう依頼: fixes login",
    ),
    (
        DeploymentRequested(ref=SHA, revision=SHA, digest="d" * 64, purpose="retry", of=11),
        "ada asked to retry #11: `f5c0df1` of `shop` to `production`",
        "ada が #11 の再試行を依頼: `shop` の `f5c0df1` を `production` へ",
    ),
    (
        DeploymentRequested(ref=SHA, revision=SHA, digest="d" * 64, purpose="rollback", of=9),
        "ada asked to roll `production` of `shop` back to `f5c0df1` of #9",
        "ada が `shop` の `production` を #9 の `f5c0df1` へ戻すロールバックを依頼",
    ),
    (
        ConfirmationWanted(because=because(Reason.NEWER_WENT_LIVE, number=12, live="a" * 40)),
        "asks again: `aaaaaaa` went live since the plan was shown",
        "再確認待ち: 計画を表示した後に `aaaaaaa` が稼働を始めました",
    ),
    (DeploymentApproved(digest="d" * 64), "ada approved plan `ddddddd`", "ada が計画 `ddddddd` を承認"),
    (
        DeploymentApproved(digest="d" * 64, reason="looks good"),
        "ada approved plan `ddddddd`: looks good",
        "ada が計画 `ddddddd` を承認: looks good",
    ),
    (DeploymentRejected(reason="too late"), "ada rejected it: too late", "ada が却下: too late"),
    (
        RulesOverridden(despite=("locked", "frozen", "later"), reason="it burns"),
        "OVERRIDE: ada goes ahead despite a lock and a freeze and later: it burns",
        "【強行】ada がロック・凍結期間・laterにもかかわらず強行: it burns",
    ),
    (
        LockTaken(reason="migrating"),
        "ada locked `production` of `shop`: migrating",
        "ada が `shop` の `production` をロック: migrating",
    ),
    (
        LockTaken(reason="migrating", until=NOON),
        "ada locked `production` of `shop` until 2026-11-21 12:00 UTC: migrating",
        "ada が `shop` の `production` を 2026-11-21 12:00 UTC までロック: migrating",
    ),
    (
        LockTaken(reason="it burns", stolen_from="bob"),
        "ada TOOK OVER the lock of bob on `production` of `shop`: it burns",
        "【ロック奪取】ada が `shop` の `production` のロックを bob から奪取: it burns",
    ),
    (
        LockTaken(reason="it burns", until=NOON, stolen_from="bob"),
        "ada TOOK OVER the lock of bob on `production` of `shop` until 2026-11-21 12:00 UTC: it burns",
        "【ロック奪取】ada が `shop` の `production` のロックを bob から奪取（2026-11-21 12:00 UTC まで）: it burns",
    ),
    (
        LockReleased(of="ada"),
        "ada unlocked `production` of `shop`",
        "ada が `shop` の `production` のロックを解除",
    ),
    (
        LockReleased(of="bob", reason="it burns"),
        "OVERRIDE: ada opened the lock of bob on `production` of `shop`: it burns",
        "【強行】ada が `shop` の `production` に対する bob のロックを解除: it burns",
    ),
    (
        EverythingPaused(reason="it burns"),
        "ada PAUSED everything: it burns",
        "【全停止】ada がすべてのデプロイを停止: it burns",
    ),
    (EverythingResumed(), "ada let everything go on", "ada が全停止を解除"),
    (
        AutomationHeld(reason="sale"),
        "ada held automatic deploys to `production` of `shop`: sale",
        "ada が `shop` の `production` への自動デプロイを保留: sale",
    ),
    (DeploymentStarted(attempt=1, fence=3), "started", "開始"),
    (DeploymentStarted(attempt=2, fence=4), "started, attempt 2", "開始（2 回目）"),
    (
        ProgressTold(shown="no node takes its Pod: Unschedulable", since=NOON, waits=True),
        "waits: no node takes its Pod: Unschedulable",
        "待機中: Pod を受け入れるノードがありません: Unschedulable",
    ),
    (
        ProgressTold(shown="its program runs on the node `mill`", since=NOON, waits=False),
        "its program runs on the node `mill`",
        "プログラムはノード `mill` で動いています",
    ),
    (
        DeploymentTakenOver(by="p-2", standing="executing", host="mill", pid=42),
        "taken over by process 42 on mill: running",
        "mill のプロセス 42 が引き継ぎ: 実行中",
    ),
    (
        DeploymentTakenOver(by="p-2", standing="executing"),
        "taken over by another process: running",
        "別のプロセスが引き継ぎ: 実行中",
    ),
    (
        ExecutionEnded(attempt=1, by="itself", exit_code=0, ended_at=NOON - timedelta(days=1, hours=4)),
        "its program ended with status 0, at 2026-11-20 08:00:00 UTC",
        "プログラムが終了（終了ステータス 0）、終了時刻 2026-11-20 08:00:00 UTC",
    ),
    (
        ExecutionEnded(attempt=1, by="itself", exit_code=3),
        "its program ended with status 3",
        "プログラムが終了（終了ステータス 3）",
    ),
    (
        ExecutionEnded(attempt=1, by="cancel", signal=15),
        "its program was ended by the cancel by signal 15",
        "取り消しによりプログラムを停止（シグナル 15）",
    ),
    (CancelAsked(reason="wrong tag"), "ada asked to cancel it: wrong tag", "ada が取り消しを依頼: wrong tag"),
    (
        DeploymentFinished(state=State.SUCCEEDED, because=because(Reason.COMPLETED), verified=True),
        "succeeded, seen live",
        "成功、稼働を確認済み",
    ),
    (
        DeploymentFinished(state=State.SUCCEEDED, because=because(Reason.COMPLETED), verified=False),
        "succeeded, not verified",
        "成功（稼働は未確認）",
    ),
    (
        DeploymentFinished(
            state=State.FAILED, because=because(Reason.PROGRAM_FAILED, exit_code=3), verified=False
        ),
        "failed: its program ended with status 3",
        "失敗: プログラムが終了ステータス 3 で終わりました",
    ),
    (
        RequestRefused(asked="deploy shop production v9", because=REFUSAL),
        "ada was refused `deploy shop production v9`: `v9` is no branch, tag or commit of `shop`",
        "ada の `deploy shop production v9` を拒否: `v9` というブランチ、タグ、コミットは `shop` にありません",
    ),
    (
        EnvironmentClosed(problem="no answer"),
        "`production` of `shop` was closed: no answer",
        "`shop` の `production` を閉鎖: no answer",
    ),
    (
        EnvironmentReopened(reason="looked at it"),
        "ada reopened `production` of `shop`: looked at it",
        "ada が `shop` の `production` の閉鎖を解除: looked at it",
    ),
    (
        AutomationHeld(number=12),
        "automatic deploys to `production` of `shop` are held by rollback #12",
        "ロールバック #12 により `shop` の `production` への自動デプロイを保留",
    ),
    (
        AutomationResumed(),
        "ada let automatic deploys to `production` of `shop` go on",
        "ada が `shop` の `production` への自動デプロイを再開",
    ),
    (
        DeadLettersFound(
            queue="shop-facts",
            holds="facts",
            number=2,
            used_by=("shop/production", "shop/staging"),
            problems=("no JSON: Expecting value", "no deployment of this store has that id"),
        ),
        (
            "2 messages of the queue `shop-facts` could not be dealt with"
            " (facts about `shop/production`, `shop/staging`): no JSON: Expecting value; no deployment of this store"
            " has that id — look at them with `funade queue list shop-facts`; `funade queue redrive shop-facts` sends"
            " them again, `funade queue discard shop-facts ID` throws one away"
        ),
        (
            "キュー `shop-facts` のメッセージ 2 件を処理できませんでした（`shop/production`, `shop/staging`"
            " からの報告）: JSON ではありません: Expecting value; この ID のデプロイはこのストアにありません。"
            "`funade queue list shop-facts` で確認できます。`funade queue redrive shop-facts` で送り直し、"
            "`funade queue discard shop-facts ID` で 1 件ずつ破棄できます"
        ),
    ),
    (
        DeadLettersFound(queue="shop", holds="orders", number=1, used_by=("shop/production",), is_kept=False),
        (
            "1 message of the queue `shop` could not be dealt with (orders for `shop/production`) — they come again and"
            " again: give the queue a queue for dead letters, where they can be sorted"
        ),
        (
            "キュー `shop` のメッセージ 1 件を処理できませんでした（`shop/production` への指示）。"
            "同じメッセージが何度も届きます。整理できるよう、キューにデッドレターキューを設定してください"
        ),
    ),
]


def event(told: Happening, by: str = "ada") -> Event:
    return Event(at=NOON, by=by, application="shop", environment="production", number=12, happening=told)


@pytest.mark.parametrize(("told", "english", "japanese"), TOLD)
def test_history_reads_like_sentences(told, english, japanese):
    assert happening(event(told), "en") == english
    assert happening(event(told), "ja") == japanese


def test_every_happening_is_told_above():
    assert {type(told) for told, _, _ in TOLD} == set(typing.get_args(Happening))


@pytest.mark.parametrize("told", [told for told, _, _ in TOLD], ids=lambda told: type(told).__name__)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_people_typed_rules_the_terminal(told, language):
    nasty = {
        field.name: "\x1b[2K\u202e\n"
        for field in dataclasses.fields(told)
        if isinstance(getattr(told, field.name), str) and field.name != "state"
    }
    said = happening(event(dataclasses.replace(told, **nasty), by="\x1b]0;x\x07"), language)
    assert not set(said) & set("\x1b\x07\u202e\n")


def test_every_word_for_where_things_stand_is_there():
    assert set(STATES) == set(State)
    assert {phase.value for phase in Phase} <= set(PHASES)
    assert set(ENDINGS) == set(EndedBy)
    assert set(REQUESTS) == set(Purpose)


@pytest.mark.parametrize(
    ("given", "english", "japanese"),
    [
        (Step(name="checkout"), "check out the revision", "リビジョンをチェックアウト"),
        (Step(name="checkout", data={"revision": SHA}), "check out `f5c0df1`", "`f5c0df1` をチェックアウト"),
        (
            Step(name="run", data={"argv": ["cap", "production", "deploy"], "folder": "."}),
            "run `cap production deploy`",
            "`cap production deploy` を実行",
        ),
        (
            Step(name="verify", data={"url": "https://shop.example/version", "equals": SHA}),
            "look until `https://shop.example/version` answers `f5c0df1`",
            "`https://shop.example/version` が `f5c0df1` を返すまで確認",
        ),
        (
            Step(name="send", data={"revision": SHA, "path": "/srv/shop", "hosts": ["web1", "web2"]}),
            "send the files of `f5c0df1` to `/srv/shop` on `web1 web2`, where they are not yet",
            "`web1 web2` の `/srv/shop` へ `f5c0df1` のファイルを送信 (まだ無いホストのみ)",
        ),
        (
            Step(name="switch", data={"revision": SHA, "hosts": ["web1", "web2"]}),
            "make `f5c0df1` live on `web1 web2`",
            "`web1 web2` で `f5c0df1` に切り替え",
        ),
        (
            Step(name="run_on", data={"argv": ["bin/migrate"], "hosts": ["web1"]}),
            "run `bin/migrate` on `web1`",
            "`web1` で `bin/migrate` を実行",
        ),
        (Step(name="drain", data={"hosts": 3, "note": None}), "drain hosts=`3`", "drain hosts=`3`"),
    ],
)
def test_a_step_says_what_it_does(given, english, japanese):
    assert step(given, "en") == english
    assert step(given, "ja") == japanese


def test_a_problem_says_where_and_what_to_do():
    found = Problem(where="shop", problem="git is not on this machine", remedy="install git")
    assert problem(found) == "`shop`: git is not on this machine — install git"
    assert problem(found, "ja") == "`shop`: git is not on this machine（対処: install git）"
    assert problem(Problem(where="shop", problem="broken")) == "`shop`: broken"
