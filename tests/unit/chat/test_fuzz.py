"""Texts that nobody would type, and many of them: none raises, and none acts on what it does not name."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.chat.folding import ZERO_WIDTH
from funade.chat.grammar import parse
from funade.chat.heard import LONGEST, Help, Ignored, Misread, Via
from funade.chat.names import Names
from funade.domain.commands import COMMANDS, Command, PauseAll, ResumeAll
from tests.conftest import LONG

TEXTS = 2_000_000 if LONG else 200_000

NAMES = Names(
    {
        "api": {"staging": (), "production": ("prod",)},
        "web-shop": {"staging": ("stg",), "production": ("prod", "live")},
        "help": {"to": (), "12": ()},
    }
)
ENGLISH = (
    "deploy Deploy rollback retry cancel approve plan status history why show logs reopen resume help what "
    "lock unlock steal hold pause reject override rights who stop"
)
JAPANESE = (
    "デプロイ デプロイして ロールバック 再試行 取り消し 状況 履歴 なぜ ｄｅｐｌｏｙ /deploy "
    "ロック ロック解除 ロックを奪って 承認 却下 強行 保留 すべて停止 全再開 権限 誰が"
)
VERBS = (*ENGLISH.split(), *JAPANESE.split())
#: what is understood, to be spoilt
LINES = tuple(
    line.split(" ")
    for line in (
        "deploy api to production",
        "deploy v1.2.0 of web-shop to prod because fixes login",
        "deploy api production v1.2.0",
        "deploy -r web-shop -e staging -h main --reason 'hot fix'",
        "roll back production of api to #12",
        "retry #12 because flaky",
        "why api staging",
        "what is live in production",
        "history help --limit 12",
        "lock api production for 2h because migrating",
        "lock web-shop prod --steal --for 30m --reason 'it burns'",
        "unlock api prod --force because gone",
        "approve 12 f5c0df1",
        "override #12 because it burns",
        "pause all because it burns",
        "resume all",
        "hold api staging",
        "who may deploy web-shop to prod",
        "rights of ada in api production",
        "apiのproductionを2時間ロックして 理由: 移行",
        "api を production に デプロイ して",
        "web-shopのmainをstagingにデプロイしてください",
    )
)
PIECES = (
    *VERBS,
    *(
        "api",
        "API",
        "web-shop",
        "web—shop",
        "ａｐｉ",
        "help",
        "apl",
        "shop",
        "`api`",
        "*api*",
        "<#C1|api>",
        "_api_",
    ),
    *("production", "prod", "Prod.", "staging", "stg", "live", "to", "12", "prodution", "プロダクション"),
    *(
        "v1.2.0",
        "main",
        "feature/x",
        "#12",
        "12",
        "0",
        "f5c0df1",
        "-x",
        "機能/a",
        "a..b",
        "HEAD~1",
        "tag",
        "branch",
    ),
    *(
        "to",
        "of",
        "from",
        "in",
        "on",
        "because",
        "the",
        "please",
        "and",
        "not",
        "now",
        "?",
        ".",
        "reason",
        "for",
        "all",
        "everything",
        "may",
        "2h",
        "2",
        "hours",
        "2時間",
        "ada",
        "全",
        "停止",
    ),
    *(
        "を",
        "に",
        "の",
        "は",
        "から",
        "apiを",
        "apiのv1を",
        "productionに",
        "理由:",
        "してください",
        "お願いします",
        "。",
    ),
    *(
        "--ref",
        "-r",
        "-e",
        "-h",
        "—ref",
        "－－ref",
        "--ref=",
        "--reason",
        "--reason=“",
        "--force",
        "—force",
        "--steal",
        "--for",
        "--for=2h",
        "--",
        "—",
        "-",
    ),
    *(
        '"',
        "'",
        "“",
        "”",
        "‘",
        "’",
        "「",
        "」",
        '"api"',
        "'prod'",
        "“v1”",
        "\\",
        '\\"',
        "=",
        "`",
        "*",
        "_",
        "~",
        "```",
    ),
    *(
        "&&",
        ";",
        "||",
        "|",
        "\n",
        "\r\n",
        "\t",
        "\u00a0",
        "\u3000",
        "\u200b",
        "\u202e",
        "\u2028",
        "\x1b[2K",
        "\x00",
    ),
    *(
        "<@UBOT>",
        "<@U1>",
        "<!here>",
        "<http://a.b|a.b>",
        "<http://a.b|c>",
        "&gt;",
        "&lt;",
        "&amp;",
        "<",
        ">",
        "|",
    ),
    *("funade", "$", "👩\u200d🚀", "\ud800", "é", "e\u0301", "ﬁ", "ｱﾌﾟﾘ", "аpi", "x" * 80),
)
GLUE = ("", " ", " ", " ", " ", " ", " ", "\u3000")


def texts(how_many: int):
    chance = random.Random(20)
    for _ in range(how_many):
        if chance.random() < 0.3:
            pieces = [*chance.choice(LINES)]
            pieces.insert(chance.randrange(len(pieces) + 1), chance.choice(PIECES))
            pieces[chance.randrange(len(pieces))] = chance.choice(PIECES)
        else:
            pieces = [chance.choice(VERBS), *chance.choices(PIECES, k=chance.choice((1, 1, 1, 2, 2, 3, 6)))]
        yield chance.choice(GLUE).join(pieces)


def folded(text: str) -> str:
    """Return a text so that each name of ours in it can be found, however it was typed."""
    bare = "".join(
        "-" if unicodedata.category(sign) == "Pd" else sign for sign in text if sign not in ZERO_WIDTH
    )
    return unicodedata.normalize("NFKC", bare).casefold()


def assert_it_goes_no_further(command: Command, said: str) -> None:
    """Fail when a rule is broken, everything is stopped, or a commit is meant, and the text says nothing of it."""
    assert not getattr(command, "force", False) or "force" in said, said
    assert not getattr(command, "steal", False) or "steal" in said or "奪" in said, said
    revision = getattr(command, "revision", None)
    assert revision is None or revision in said, said
    if isinstance(command, (PauseAll, ResumeAll)):
        assert any(word in said for word in ("all", "everything", "全", "すべて")), said
    if getattr(command, "lasts", None) is not None:
        assert any(sign.isdecimal() for sign in said), said


@pytest.mark.slow
@pytest.mark.timeout(1800 if LONG else 300)
def test_no_text_is_understood_as_a_command_for_what_it_does_not_name():
    ways = list(Via)
    commands = 0
    for index, text in enumerate(texts(TEXTS)):
        command = parse(text, via=ways[index % 3], names=NAMES)
        if isinstance(command, (Misread, Help, Ignored)):
            continue
        commands += 1
        said = folded(text)
        application = getattr(command, "application", None)
        assert application is None or application in said, text
        environment = getattr(command, "environment", None)
        if environment is not None:
            aliases = (NAMES.applications.get(application, {}) if application else {}).get(environment, ())
            everywhere = {"production": ("prod", "live"), "staging": ("stg",)}.get(environment, ())
            assert any(word in said for word in (environment, *aliases, *everywhere)), text
        number = getattr(command, "number", None) or getattr(command, "to", None)
        assert number is None or str(number) in said, text
        assert_it_goes_no_further(command, said)
    # A fuzz that understands nothing proves nothing.
    assert commands > TEXTS // 100


@given(st.text(), st.sampled_from(Via))
def test_nothing_that_can_be_typed_raises(text, via):
    answer = parse(text, via=via, names=NAMES)
    assert isinstance(answer, (Misread, Help, Ignored, *COMMANDS))


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "'a ",
        "「a ",
        '"a" ',
        "\\",
        "' ",
        "-x ",
        "--ref=a ",
        "--ref ",
        "api ",
        "to ",
        "を",
        "apiを",
        "<",
        "<@U1>",
        "<a|",
        "&amp;",
        "&gt;\n",
        "`",
        "*a* ",
        "; ",
        " ",
        "\u200b",
        "because ",
        "because -x ",
        "—",
        "？",
        "аpi ",
        "a;deploy ",
    ],
)
@pytest.mark.parametrize("beginning", ["", "deploy ", "deploy api prod because ", "<@UBOT> why "])
def test_the_steps_grow_no_faster_than_the_text(beginning, piece, via):
    def steps(length: int) -> int:
        taken = 0

        def count(more: int) -> None:
            nonlocal taken
            taken += more

        text = (beginning + piece * length)[:length]
        parse(text, via=via, names=NAMES, count=count)
        return taken

    short, long = steps(LONGEST // 4), steps(LONGEST)
    assert long <= 4 * short + 200
    assert long <= 20 * LONGEST


def test_a_text_of_any_length_is_answered():
    answer = parse("x" * 10_000_000, via=Via.MENTION, names=NAMES)
    assert isinstance(answer, Misread)
    assert answer.detail == {"limit": "4000"}
