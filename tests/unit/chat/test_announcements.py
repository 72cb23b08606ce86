from dataclasses import replace

import pytest

from funade.chat.announcements import announcement
from funade.domain.deployment import State
from funade.domain.events import AutomationHeld, DeploymentFinished
from funade.domain.reason import Reason, because
from funade.texts import Reader
from tests.unit.chat.moments import FAILED, FINISHED, NOW, QUEUED, REQUESTED, STARTED, SUCCEEDED, event

SEEN = DeploymentFinished(state=State.SUCCEEDED, because=because(Reason.COMPLETED), verified=True)


@pytest.mark.parametrize(
    ("told", "row", "english", "japanese"),
    [
        (
            REQUESTED,
            QUEUED,
            "#12: ada asked to deploy `v1.2.0` (f5c0df1) of `shop` to `production`: fixes login",
            "#12: ada が `shop` の `v1.2.0` (f5c0df1) を `production` へデプロイするよう依頼: fixes login",
        ),
        (STARTED, QUEUED, "#12 `shop` to `production`: started", "#12 `shop` → `production`: 開始"),
        (
            event(SEEN),
            SUCCEEDED,
            "#12 `shop` to `production`: succeeded, seen live (3 min)",
            "#12 `shop` → `production`: 成功、稼働を確認済み（3分）",
        ),
        (
            FINISHED,
            FAILED,
            "#12 `shop` to `production`: failed: its program ended with status 3 (3 min)",
            "#12 `shop` → `production`: 失敗: プログラムが終了ステータス 3 で終わりました（3分）",
        ),
        (
            FINISHED,
            None,
            "#12 `shop` to `production`: failed: its program ended with status 3",
            "#12 `shop` → `production`: 失敗: プログラムが終了ステータス 3 で終わりました",
        ),
        (
            replace(event(AutomationHeld(number=12)), number=None),
            None,
            "automatic deploys to `production` of `shop` are held by rollback #12",
            "ロールバック #12 により `shop` の `production` への自動デプロイを保留",
        ),
    ],
)
def test_a_channel_is_told_in_one_line(told, row, english, japanese):
    assert announcement(told, row, Reader("en", NOW)) == english
    assert announcement(told, row, Reader("ja", NOW)) == japanese
