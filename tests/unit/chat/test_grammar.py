from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from funade.chat.grammar import parse, spell
from funade.chat.heard import Help, Misread, Misreading, Via
from funade.chat.names import Names
from funade.chat.verbs import BY_COMMAND
from funade.domain.commands import (
    COMMANDS,
    Approve,
    Cancel,
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
from tests.unit.chat.people import NAMES, heard, misread, understood

DEPLOY_USAGE = "deploy APPLICATION [REF] to ENVIRONMENT [--force] [because REASON]"
SHOP = Deploy(application="shop", environment="production")
PRODUCTION: dict[str, Any] = {"application": "shop", "environment": "production"}
MIGRATING = Lock(**PRODUCTION, lasts=timedelta(hours=2), reason="migrating")
SHOP_V1 = Deploy(application="shop", environment="production", ref="v1.2.0")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("deploy shop to production", SHOP),
        ("deploy shop production", SHOP),
        ("DEPLOY Shop INTO Prod", SHOP),
        ("please deploy the shop app to the production environment please", SHOP),
        ("funade deploy shop production", SHOP),
        ("$ funade deploy shop production", SHOP),
        ("deploy v1.2.0 of shop to production", SHOP_V1),
        ("deploy shop v1.2.0 to prod", SHOP_V1),
        ("deploy shop production v1.2.0", SHOP_V1),
        ("deploy shop v1.2.0 production", SHOP_V1),
        ("deploy shop to production v1.2.0", SHOP_V1),
        ("deploy shop from v1.2.0 to production", SHOP_V1),
        ("deploy tag v1.2.0 of shop to production", SHOP_V1),
        ("deploy -r shop -e production -h v1.2.0", SHOP_V1),
        ("deploy -h v1.2.0 -e production -r shop", SHOP_V1),
        ("deploy --ref=v1.2.0 shop --environment production", SHOP_V1),
        ("deploy --repository shop --env prod --hash v1.2.0", SHOP_V1),
        (
            "deploy shop v1.2.0 to prod because fixes login",
            Deploy(application="shop", environment="production", ref="v1.2.0", reason="fixes login"),
        ),
        (
            'deploy shop prod because "fixes login" --ref v1.2.0',
            Deploy(application="shop", environment="production", ref="v1.2.0", reason="fixes login"),
        ),
        ("deploy shop prod --ref prod", Deploy(application="shop", environment="production", ref="prod")),
        ("deploy shop branch prod to prod", Deploy(application="shop", environment="production", ref="prod")),
        ("deploy shop prod --ref now", Deploy(application="shop", environment="production", ref="now")),
        ("deploy shop #42 to prod", Deploy(application="shop", environment="production", ref="#42")),
        (
            "deploy shop 機能/ログイン_1.x to prod",
            Deploy(application="shop", environment="production", ref="機能/ログイン_1.x"),
        ),
        (
            "plan v1.2.0 of shop to prod",
            PlanDeployment(application="shop", environment="production", ref="v1.2.0"),
        ),
        ("rollback shop production", Rollback(application="shop", environment="production")),
        (
            "roll back production of shop to #12",
            Rollback(application="shop", environment="production", to=12),
        ),
        ("rollback shop in production to 12", Rollback(application="shop", environment="production", to=12)),
        ("rollback shop production #12", Rollback(application="shop", environment="production", to=12)),
        ("rollback shop production --to 12", Rollback(application="shop", environment="production", to=12)),
        ("retry 12", Retry(number=12)),
        ("retry deployment #12.", Retry(number=12)),
        ("retry #12 because flaky", Retry(number=12, reason="flaky")),
        ("cancel 12", Cancel(number=12)),
        ("approve 4", Approve(number=4)),
        (
            "reopen shop production because I have looked",
            Reopen(application="shop", environment="production", reason="I have looked"),
        ),
        ("resume shop production", Resume(application="shop", environment="production")),
        ("approve 4 f5c0df1", Approve(number=4, revision="f5c0df1")),
        ("approve #4 at F5C0DF1.", Approve(number=4, revision="F5C0DF1")),
        ("approve 4 --revision f5c0df1", Approve(number=4, revision="f5c0df1")),
        ("reject 4 because not on a Friday", Reject(number=4, reason="not on a Friday")),
        ("override 4 because it burns", Override(number=4, reason="it burns")),
        ("deploy shop to production --force because it burns", replace(SHOP, force=True, reason="it burns")),
        ("deploy --force shop production --reason 'it burns'", replace(SHOP, force=True, reason="it burns")),
        (
            "deploy shop to production --reason 'it burns' —force",
            replace(SHOP, force=True, reason="it burns"),
        ),
        ("retry 12 --force", Retry(number=12, force=True)),
        ("rollback shop production --force", Rollback(**PRODUCTION, force=True)),
        ("lock shop production because migrating", Lock(**PRODUCTION, reason="migrating")),
        ("lock shop production for 2h because migrating", MIGRATING),
        ("lock production of shop for 2 hours because migrating", MIGRATING),
        ("lock shop production 120m because migrating", MIGRATING),
        ("lock shop production --for=2h because migrating", MIGRATING),
        ("Lock Shop Prod for 2 Hrs. because migrating", MIGRATING),
        ("lock shop production --steal because it burns", Lock(**PRODUCTION, steal=True, reason="it burns")),
        ("steal the lock of shop production", Lock(**PRODUCTION, steal=True)),
        ("steal shop production --steal", Lock(**PRODUCTION, steal=True)),
        ("unlock shop production", Unlock(**PRODUCTION)),
        (
            "unlock shop production --force because ada left",
            Unlock(**PRODUCTION, force=True, reason="ada left"),
        ),
        ("hold shop production because sale", Hold(**PRODUCTION, reason="sale")),
        ("pause all", PauseAll()),
        ("stop everything because it burns", PauseAll(reason="it burns")),
        ("resume all", ResumeAll()),
        ("resume everything because it is out", ResumeAll(reason="it is out")),
        ("rights", ShowRights()),
        ("who?", ShowRights()),
        ("who may deploy shop to production?", ShowRights(**PRODUCTION, right="deploy")),
        ("who can roll back shop in production", ShowRights(**PRODUCTION, right="rollback")),
        ("who may approve", ShowRights(right="approve")),
        ("rights of ada", ShowRights(person="ada")),
        ("rights of ada in shop production", ShowRights(person="ada", **PRODUCTION)),
        ("rights ada shop production deploy", ShowRights(person="ada", **PRODUCTION, right="deploy")),
        ("rights shop production", ShowRights(**PRODUCTION)),
        ("why", Why()),
        ("why 12?", Why(number=12)),
        ("why shop production", Why(application="shop", environment="production")),
        ("status", ShowStatus()),
        ("what is live?", ShowStatus()),
        ("what’s live on shop", ShowStatus(application="shop")),
        ("what is live in prod", ShowStatus(environment="production")),
        ("status of shop in prod", ShowStatus(application="shop", environment="production")),
        ("history", ShowHistory()),
        (
            "history shop production --limit 5",
            ShowHistory(application="shop", environment="production", limit=5),
        ),
        ("show 12", ShowDeployment(number=12)),
        ("logs of #12", ReadLog(number=12)),
        ("logs 12 --attempt 2 --offset 100", ReadLog(number=12, attempt=2, offset=100)),
        # In Japanese
        ("shop を production に デプロイ", SHOP),
        ("shopをproductionにデプロイして", SHOP),
        ("ｓｈｏｐをｐｒｏｄにデプロイしてください。", SHOP),
        ("デプロイ shop production", SHOP),
        ("デプロイしてください　shop　production", SHOP),
        ("shop production のデプロイをお願いします", SHOP),
        ("shopのv1.2.0をproductionにデプロイ", SHOP_V1),
        ("v1.2.0 を shop の production に デプロイ", SHOP_V1),
        ("v1.2.0 で shop を production へ デプロイ", SHOP_V1),
        (
            "shop を production に デプロイ 理由：ログインを直す",
            Deploy(application="shop", environment="production", reason="ログインを直す"),
        ),
        ("shop の production を ロールバック", Rollback(application="shop", environment="production")),
        ("production の shop を切り戻して", Rollback(application="shop", environment="production")),
        (
            "shop の production を #12 にロールバック",
            Rollback(application="shop", environment="production", to=12),
        ),
        ("#12を再試行", Retry(number=12)),
        ("12番を取り消して", Cancel(number=12)),
        ("＃１２ を キャンセル", Cancel(number=12)),
        ("#4 を承認してください", Approve(number=4)),
        ("#4を却下 理由: 金曜日", Reject(number=4, reason="金曜日")),
        ("#4 を強行して 理由: 障害対応", Override(number=4, reason="障害対応")),
        ("#4 の f5c0df1 を承認", Approve(number=4, revision="f5c0df1")),
        ("shop の production を ロック 理由: migrating", Lock(**PRODUCTION, reason="migrating")),
        ("shopのproductionを2時間ロックして 理由: migrating", MIGRATING),
        ("shop の production を １２０分間 ロック してください 理由: migrating", MIGRATING),
        ("shop の production の ロックを奪って 理由: 障害", Lock(**PRODUCTION, steal=True, reason="障害")),
        ("shop の production の ロック を 解除", Unlock(**PRODUCTION)),
        ("shopのproductionのロックを解除してください", Unlock(**PRODUCTION)),
        ("ロック解除 shop production", Unlock(**PRODUCTION)),
        ("shop の production を 保留", Hold(**PRODUCTION)),
        ("shopのproductionの自動デプロイを再開して", Resume(**PRODUCTION)),
        ("すべて停止", PauseAll()),
        ("すべてのデプロイを停止して", PauseAll()),
        ("すべて を 停止 して", PauseAll()),
        ("全停止 理由: 障害", PauseAll(reason="障害")),
        ("全再開してください", ResumeAll()),
        ("権限", ShowRights()),
        ("ada の 権限", ShowRights(person="ada")),
        ("誰がshopをproductionにデプロイできる？", ShowRights(**PRODUCTION, right="deploy")),
        ("誰 が shop を production に 承認できますか", ShowRights(**PRODUCTION, right="approve")),
        ("状況", ShowStatus()),
        ("shopの状況を教えて", ShowStatus(application="shop")),
        ("shop production の履歴", ShowHistory(application="shop", environment="production")),
        ("#12 はなぜ？", Why(number=12)),
        ("#12 のログを見せて", ReadLog(number=12)),
    ],
)
def test_people_may_say_it_as_they_like(text, command):
    assert heard(text) == command


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("deplo shop to production", Misreading.UNKNOWN_VERB, "deploy shop to production"),
        ("ship shop to production", Misreading.UNKNOWN_VERB, "deploy shop to production"),
        ("don't deploy shop to production", Misreading.UNKNOWN_VERB, ""),
        ("should we deploy shop to production", Misreading.UNKNOWN_VERB, ""),
        ("shopをproductionにデプロイしないで", Misreading.UNKNOWN_VERB, ""),
        ("shopをproductionにデプロイしますか？", Misreading.UNKNOWN_VERB, ""),
        ("help foo", Misreading.UNKNOWN_VERB, ""),
        ("deploy shop to production?", Misreading.QUESTION, "deploy shop to production"),
        ("deploy shp to production", Misreading.UNKNOWN_APPLICATION, "deploy shop to production"),
        ("deploy production shop", Misreading.UNKNOWN_APPLICATION, "deploy shop to production"),
        ("deploy web to production", Misreading.UNKNOWN_APPLICATION, ""),
        ("why did 12 fail", Misreading.UNKNOWN_APPLICATION, "why 12"),
        ("deploy shop to prodution", Misreading.UNKNOWN_ENVIRONMENT, "deploy shop to production"),
        ("deploy shop v1 prodution", Misreading.UNKNOWN_ENVIRONMENT, "deploy shop v1 to production"),
        ("status shop qa", Misreading.UNKNOWN_ENVIRONMENT, ""),
        ("deploy", Misreading.MISSING_APPLICATION, DEPLOY_USAGE),
        ("deploy to production", Misreading.MISSING_APPLICATION, DEPLOY_USAGE),
        ("deploy shop", Misreading.MISSING_ENVIRONMENT, "deploy shop [REF] to ENVIRONMENT"),
        ("deploy shop v1", Misreading.MISSING_ENVIRONMENT, "deploy shop v1 to ENVIRONMENT"),
        ("rollback shop", Misreading.MISSING_ENVIRONMENT, "rollback shop ENVIRONMENT"),
        ("retry", Misreading.MISSING_NUMBER, "retry NUMBER [--force] [because REASON]"),
        ("retry shop", Misreading.NOT_A_NUMBER, ""),
        ("retry 0", Misreading.NOT_A_NUMBER, ""),
        ("retry 12345678901234567890", Misreading.NOT_A_NUMBER, ""),
        ("history --limit many", Misreading.NOT_A_NUMBER, ""),
        ("rollback shop production to v1.2.0", Misreading.NOT_A_NUMBER, ""),
        ("rollback shop production 12", Misreading.UNEXPECTED_WORDS, "rollback shop production --to 12"),
        (
            "deploy shop staging to production",
            Misreading.AMBIGUOUS,
            "deploy shop to production --ref staging",
        ),
        (
            "deploy staging of shop to production",
            Misreading.AMBIGUOUS,
            "deploy shop to production --ref staging",
        ),
        ("deploy shop staging production", Misreading.AMBIGUOUS, "deploy shop to staging --ref production"),
        (
            "deploy shop to staging production",
            Misreading.AMBIGUOUS,
            "deploy shop to staging --ref production",
        ),
        ("deploy shop api to production", Misreading.AMBIGUOUS, "deploy shop to production --ref api"),
        ("deploy shop to production now", Misreading.UNEXPECTED_WORDS, "deploy shop to production"),
        ("deploy shop not to production", Misreading.UNEXPECTED_WORDS, ""),
        ("deploy shop and api to production", Misreading.UNEXPECTED_WORDS, ""),
        (
            "deploy shop to staging and production",
            Misreading.UNEXPECTED_WORDS,
            "deploy shop to staging",
        ),
        ("deploy shop to production v1 v2", Misreading.UNEXPECTED_WORDS, "deploy shop v1 to production"),
        (
            "deploy shop to production — fixes login",
            Misreading.UNEXPECTED_WORDS,
            "deploy shop to production because fixes login",
        ),
        (
            "deploy shop to production -- fixes login",
            Misreading.UNKNOWN_OPTION,
            "deploy shop to production because fixes login",
        ),
        ("status because", Misreading.UNEXPECTED_WORDS, "status"),
        ("deploy shop to production to", Misreading.UNEXPECTED_WORDS, "deploy shop to production"),
        ("deploy shop to production --refs v1", Misreading.UNKNOWN_OPTION, "deploy shop v1 to production"),
        ("deploy shop to production --refs=v1", Misreading.UNKNOWN_OPTION, "deploy shop v1 to production"),
        ("retry 12 --ref v1", Misreading.UNKNOWN_OPTION, "retry 12"),
        ("deploy shop to production --ref", Misreading.MISSING_VALUE, "deploy shop to production"),
        ("deploy shop to production --ref=", Misreading.MISSING_VALUE, "deploy shop to production"),
        ("deploy shop to production because", Misreading.MISSING_VALUE, ""),
        ('deploy shop to production --reason ""', Misreading.MISSING_VALUE, ""),
        ("deploy shop to production --ref a --ref b", Misreading.DUPLICATE_OPTION, ""),
        (
            "deploy shop to production -e staging",
            Misreading.AMBIGUOUS,
            "deploy shop to staging --ref production",
        ),
        (
            "deploy shop to production --reason hot fix",
            Misreading.UNQUOTED_REASON,
            "deploy shop to production because hot fix",
        ),
        (
            "deploy shop to production because fix --ref v1",
            Misreading.OPTION_IN_REASON,
            "deploy shop v1 to production because fix",
        ),
        ("lock stg because x", Misreading.MISSING_APPLICATION, "lock shop staging because x"),
        ("lock prod because x", Misreading.MISSING_APPLICATION, "lock APPLICATION production because x"),
        (
            "lock shop production for the migration",
            Misreading.NOT_A_SPAN,
            "lock shop production because the migration",
        ),
        ("lock shop production --for 2", Misreading.NOT_A_SPAN, ""),
        ("lock shop production --for 2 weeks", Misreading.NOT_A_SPAN, ""),
        ("lock shop production until 18:00", Misreading.UNEXPECTED_WORDS, "lock shop production"),
        ("lock shop staging production", Misreading.UNEXPECTED_WORDS, "lock shop staging"),
        ("approve 4 f5c0", Misreading.NOT_A_REVISION, ""),
        ("approve 4 main", Misreading.NOT_A_REVISION, ""),
        ("approve f5c0df1", Misreading.NOT_A_NUMBER, ""),
        (
            "deploy shop to production --force=yes",
            Misreading.UNEXPECTED_VALUE,
            "deploy shop to production --force",
        ),
        ("deploy shop to production --force --force", Misreading.DUPLICATE_OPTION, ""),
        (
            "deploy shop to production because it burns --force",
            Misreading.OPTION_IN_REASON,
            "deploy shop to production --force because it burns",
        ),
        ("approve 4 --force", Misreading.UNKNOWN_OPTION, "approve 4"),
        ("pause", Misreading.UNKNOWN_VERB, "pause all"),
        ("pause shop production", Misreading.UNKNOWN_VERB, "hold shop production"),
        ("pause all now", Misreading.UNEXPECTED_WORDS, "pause all"),
        ("resume all of shop", Misreading.UNEXPECTED_WORDS, "resume all"),
        ("freeze shop production", Misreading.UNKNOWN_VERB, "lock shop production"),
        ("shopのproductionをロックしないで", Misreading.UNKNOWN_VERB, ""),
        ("lock shop production?", Misreading.QUESTION, "lock shop production"),
        ("who deployed shop", Misreading.UNKNOWN_ENVIRONMENT, ""),
        ("rights of shp", Misreading.UNKNOWN_APPLICATION, "rights shop"),
        ("rights --right fly", Misreading.NOT_A_RIGHT, ""),
        ("can you deploy shop to production", Misreading.UNKNOWN_VERB, ""),
        ("deploy shop to production main^1", Misreading.INVALID_REF, ""),
        ("deploy shop to production :tada:", Misreading.INVALID_REF, ""),
        ('deploy shop to production "unclosed', Misreading.UNCLOSED_QUOTE, ""),
    ],
)
def test_what_is_not_certain_is_not_done(text, code, suggestion):
    assert misread(text) == (code, suggestion)


def test_a_misreading_says_what_was_understood():
    answer = heard("deploy shop v1 to prodution")
    assert answer == Misread(
        code=Misreading.UNKNOWN_ENVIRONMENT,
        understood="deploy shop",
        suggestion="deploy shop v1 to production",
        detail={
            "word": "prodution",
            "application": "shop",
            "environments": ("staging", "production"),
        },
    )


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("help", None),
        ("?", None),
        ("ヘルプ", None),
        ("help deploy", "deploy"),
        ("help roll back", "rollback"),
        ("使い方 ロールバック", "rollback"),
        ("deploy --help", "deploy"),
    ],
)
def test_help_can_be_asked_for(text, verb):
    assert heard(text) == Help(verb=verb)


@pytest.mark.parametrize("via", [Via.SLASH, Via.MENTION])
def test_nothing_after_our_name_asks_for_help(via):
    assert heard("" if via is Via.SLASH else "<@UBOT> ", via) == Help()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_row(command):
    assert command in BY_COMMAND


def test_names_that_are_words_of_ours_can_still_be_said():
    names = Names({"help": {"to": ()}, "12": {"in": ()}, "version": {"prod": ()}, "--x": {"y z": ()}})

    def hears(text):
        return parse(text, via=Via.TERMINAL, names=names)

    assert hears('deploy help to "to"') == Deploy(application="help", environment="to")
    assert hears('deploy 12 to "in"') == Deploy(application="12", environment="in")
    assert hears("deploy version to prod") == Deploy(application="version", environment="prod")
    assert hears('deploy "--x" to "y z"') == Deploy(application="--x", environment="y z")
    assert hears("why #12") == Why(number=12)
    answer = hears("why 12")
    assert isinstance(answer, Misread)
    assert answer.code is Misreading.AMBIGUOUS


def test_a_name_that_says_how_long_or_with_which_right_goes_in_quotation_marks():
    names = Names({"2h": {"lock": ()}, "deploy": {"prod": ()}, "all": {"prod": ()}})

    def hears(text):
        return parse(text, via=Via.TERMINAL, names=names)

    assert hears('lock "2h" "lock" 30m') == Lock(
        application="2h", environment="lock", lasts=timedelta(minutes=30)
    )
    assert hears('resume "all" prod') == Resume(application="all", environment="prod")
    assert hears('rights "deploy" --right deploy') == ShowRights(application="deploy", right="deploy")
    for line in ("lock 2h lock", "rights deploy prod"):
        answer = hears(line)
        assert isinstance(answer, Misread)
        assert answer.code is Misreading.AMBIGUOUS


def test_names_that_differ_only_in_case_must_be_typed_exactly():
    names = Names({"shop": {"prod": ()}, "Shop": {"prod": ()}})
    assert parse("deploy Shop to prod", via=Via.TERMINAL, names=names) == Deploy(
        application="Shop", environment="prod"
    )
    assert isinstance(parse("deploy SHOP to prod", via=Via.TERMINAL, names=names), Misread)


def test_a_line_reads_better_where_the_names_are_known():
    assert spell(SHOP_V1) == "deploy shop to production --ref v1.2.0"
    assert spell(SHOP_V1, NAMES) == "deploy shop v1.2.0 to production"
    assert spell(Why(number=12)) == "why #12"
    assert spell(Why(number=12), NAMES) == "why 12"


@pytest.mark.parametrize("dash", "-‐‑‒–—―−－")
def test_a_name_is_found_whatever_its_dashes(dash):
    names = Names({"web-shop": {"prod": ()}})
    assert parse(f"deploy web{dash}shop prod", via=Via.TERMINAL, names=names) == Deploy(
        application="web-shop", environment="prod"
    )


def test_a_ref_keeps_its_dashes_and_its_case():
    assert understood("deploy shop prod --ref Web–Shop") == 'deploy shop to production --ref "Web–Shop"'
