import ast
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from funade.domain.reason import Because, Reason, because
from funade.domain.wire import Plain
from funade.texts import LANGUAGES, remedy, say
from funade.texts.catalogue import places
from funade.texts.remedies import REMEDIES
from funade.texts.wordings import WORDINGS
from tests.architecture import source

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")

#: something for every detail that a reason can carry
DETAILS: dict[str, Plain] = {
    "actor": "local:1000",
    "asked": "lock shop production",
    "ahead": 11,
    "application": "shop",
    "approvers": ["sre"],
    "by": "ada",
    "channel": "C0123ABCD",
    "candidates": ["refs/heads/v1", "refs/tags/v1"],
    "environment": "production",
    "field": "reason",
    "limit": 4000,
    "exit_code": 3,
    "given": ["bob"],
    "host": "mill",
    "live": "a" * 40,
    "near": ["ship"],
    "needed": 2,
    "now": "e" * 40,
    "number": 12,
    "person": "dan",
    "pid": 42,
    "position": 2,
    "problem": "no route to host",
    "reason": "migrating the database",
    "ref": "v1.2.0",
    "requested": "d" * 40,
    "right": "deploy",
    "seconds": 90,
    "seen": "v1.1.0",
    "shown": "b" * 40,
    "signal": 9,
    "since": "2026-11-21T12:00:00Z",
    "state": "failed",
    "until": "2026-11-21T13:00:00Z",
    "waited_for": "awaiting_turn",
    "wanted": "c" * 40,
}


def details_beside_each_reason() -> dict[str, set[str]]:
    """Return the detail keys that the enum's comments promise."""
    module = next(one for one in source.modules() if one.name == "funade.domain.reason")
    text = module.path.read_text()
    found = re.findall(r'= "(\w+)"  #: (.*)', text)
    return {code: set(re.findall(r"[a-z_]+", re.sub(r"\(.*?\)|\bor\b", " ", keys))) for code, keys in found}


def test_the_promised_details_are_found_in_the_source():
    promised = details_beside_each_reason()
    assert set(promised) == set(Reason)
    assert promised["awaiting_turn"] == {"ahead", "position"}
    assert promised["program_failed"] == {"exit_code", "signal", "hosts"}


@pytest.mark.parametrize("code", Reason)
def test_every_reason_is_worded_and_ends_with_a_wording_that_needs_nothing(code):
    assert not places(WORDINGS[code][-1])


@pytest.mark.parametrize("code", Reason)
def test_a_wording_uses_only_details_that_the_reason_carries(code):
    carried = details_beside_each_reason()[code]
    used = set().union(*(places(one) for one in (*WORDINGS[code], *REMEDIES.get(code, ()))))
    # An expiry words what was waited for, and how long comes with it.
    extra = {"seconds"} if code is Reason.EXPIRED else set()
    assert used <= carried | extra


@pytest.mark.parametrize("code", Reason)
def test_every_detail_finds_its_place_in_some_wording(code):
    carried = details_beside_each_reason()[code]
    used = set().union(*(places(one) for one in (*WORDINGS[code], *REMEDIES.get(code, ()))))
    told_elsewhere = {"number", "application", "environment", "now", "shown"}
    assert carried - used <= told_elsewhere


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Reason)
def test_every_reason_can_be_said_with_all_its_details_and_with_none(code, language):
    full = say(Because(code=code, detail=dict(DETAILS)), language)
    bare = say(because(code), language)
    for said in (full, bare):
        assert said
        assert "{" not in said
        assert not said.endswith(".")
        assert not said.endswith("。")
        assert (language == "ja") == bool(JAPANESE.search(said))
    # A code that is one word may be the very word for it.
    assert code.value not in bare or code.value.isalpha()


@given(
    st.sampled_from(Reason),
    st.dictionaries(
        st.sampled_from(sorted(DETAILS)),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    ),
    st.sampled_from(LANGUAGES),
)
@example(Reason.EXPIRED, {"waited_for": []}, "en")
def test_no_detail_of_any_shape_keeps_a_reason_from_being_said(code, detail, language):
    said = say(Because(code=code, detail=detail), language)
    assert said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("reason", "english", "japanese"),
    [
        (
            because(Reason.UNKNOWN_APPLICATION, application="shp", near=["shop", "ship"]),
            "there is no application `shp` — did you mean `shop`, `ship`?",
            "`shp` というアプリケーションはありません。もしかして `shop`, `ship` ですか？",
        ),
        (
            because(Reason.ENVIRONMENT_IN_DOUBT, application="shop", environment="production", number=11),
            (
                "`production` of `shop` is closed: nobody knows what #11 did there"
                " — look at it, then `reopen shop production`"
            ),
            (
                "`shop` の `production` は閉鎖されています。#11 の結果が分からないためです。"
                "環境を確認してから `reopen shop production` を実行してください"
            ),
        ),
        (
            because(Reason.TIMED_OUT, seconds=5400),
            "its program ran longer than the 1 h 30 min it may, and was stopped — its log tells how far it came",
            "プログラムが制限時間の 1時間 30分を超えたため停止しました。どこまで進んだかはログで確認できます",
        ),
        (
            because(Reason.PROGRAM_FAILED, exit_code=None, signal=9),
            "its program was ended by SIGKILL — its log tells why",
            "プログラムが SIGKILL で停止しました。ログで原因を確認してください",
        ),
        (
            because(Reason.PROGRAM_FAILED, exit_code=1, signal=None, hosts="f5c0df1: web1; 1111111: web2"),
            (
                "its program ended with status 1, and its hosts differ: f5c0df1: web1; 1111111: web2"
                " — its log tells why"
            ),
            (
                "プログラムがステータス 1 で終了しました。ホストごとに稼働中のリリースが異なります: "
                "f5c0df1: web1; 1111111: web2。ログで原因を確認してください"
            ),
        ),
        (
            because(Reason.EXPIRED, waited_for="awaiting_turn", seconds=86400.0, ahead=11),
            (
                "it waited longer than it may, 1 d: waits for its turn: #11 comes first"
                " — ask again if it is still wanted"
            ),
            (
                "待ち時間の上限（1日）を過ぎました: 順番を待っています。先に #11 が実行されます。"
                "まだ必要なら、もう一度依頼してください"
            ),
        ),
    ],
)
def test_a_reason_says_what_is_so_and_what_to_do(reason, english, japanese):
    assert say(reason, "en") == english
    assert say(reason, "ja") == japanese


def test_a_language_that_we_do_not_speak_is_answered_in_english():
    assert say(because(Reason.COMPLETED), "tlh") == "its program ended well"
    assert say(because(Reason.COMPLETED), "ja-JP") == "プログラムは正常に終わりました"


def test_a_reason_may_have_nothing_to_do_about_it():
    assert remedy(because(Reason.COMPLETED)) is None
    assert remedy(because(Reason.UNKNOWN_DEPLOYMENT)) == "`history` lists them"


def test_the_wordings_are_found_by_their_mark():
    module = next(one for one in source.modules() if one.name == "funade.texts.wordings")
    bare = [
        node.value
        for table in module.tree.body
        if isinstance(table, ast.AnnAssign)
        for tuple_ in ast.walk(table)
        if isinstance(tuple_, ast.Tuple)
        for node in tuple_.elts
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert bare == []


@pytest.mark.parametrize(
    "problem",
    [
        "/srv/funade/store.sqlite: the disk is full — free some space; nothing was changed",
        "/srv/funade/store.sqlite: another process keeps the store busy — look for one that hangs, then try again",
        "postgresql://db/funade: the database is being stopped or started (terminating connection)",
        "deploy@web1 does not answer",
        "deploy@web1:2222 cannot be reached: Connection refused",
        "the connection to deploy@web1 broke: Connection lost",
        "deploy@web1 does not let us in: is our public key in its `authorized_keys`, and is the user right?",
    ],
)
def test_what_a_store_or_a_host_complains_of_is_told_in_japanese_inside_of_a_reason(problem):
    told = because(Reason.TARGET_UNREACHABLE, application="shop", environment="staging", problem=problem)
    said = say(told, "ja")
    rest = re.sub(r"`[^`]*`|\S+@\S+|\S*/\S+|（.*?）|Connection \w+", "", said)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", rest), said
    assert problem.partition(" — ")[0] in say(told, "en")
