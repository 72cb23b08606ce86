"""What people really sent to bots like ours, and what they meant."""

import pytest

from funade.chat.heard import Help, Ignored, Misread, Misreading, Silence, Via
from funade.domain.commands import Deploy
from tests.unit.chat.people import heard, misread, understood

TO_PRODUCTION = "deploy api to production"


@pytest.mark.parametrize(
    ("via", "raw", "meant"),
    [
        pytest.param(Via.SLASH, "deploy api prod —force", f"{TO_PRODUCTION} --force", id="1"),
        pytest.param(Via.SLASH, "deploy api prod －－force", f"{TO_PRODUCTION} --force", id="10"),
        pytest.param(
            Via.SLASH, "deploy api prod --reason=“hot fix”", f"{TO_PRODUCTION} because hot fix", id="3"
        ),
        pytest.param(Via.MENTION, "<@UBOT>\u00a0deploy api prod", TO_PRODUCTION, id="5"),
        pytest.param(Via.MENTION, "<@UBOT>\u3000deploy\u3000api\u3000prod", TO_PRODUCTION, id="8"),
        pytest.param(Via.MENTION, "<@UBOT> ｄｅｐｌｏｙ api prod", TO_PRODUCTION, id="9"),
        pytest.param(
            Via.SLASH, "deploy api prod --reason=「緊急」", f'{TO_PRODUCTION} --reason "「緊急」"', id="12"
        ),
        pytest.param(Via.SLASH, "deploy api \u200bprod", TO_PRODUCTION, id="13"),
        pytest.param(
            Via.MENTION,
            "<@UBOT> deploy <http://payments.ai|payments.ai> prod",
            "deploy payments.ai to production",
            id="18",
        ),
        pytest.param(Via.MENTION, "<@UBOT> deploy <#C0123ABCD|api> prod", TO_PRODUCTION, id="22"),
        pytest.param(
            Via.SLASH,
            'lock api prod --reason="A &amp; B &lt;3"',
            'lock api production --reason "A & B <3"',
            id="24 with its application",
        ),
        pytest.param(Via.MENTION, "<@UBOT> deploy `api` *prod*", TO_PRODUCTION, id="26"),
        pytest.param(
            Via.SLASH,
            "deploy api prod --ref=Feature/ABC-1_x",
            "deploy api Feature/ABC-1_x to production",
            id="35",
        ),
        pytest.param(Via.SLASH, "Deploy API to Prod.", TO_PRODUCTION, id="36"),
        (Via.SLASH, "deploy api\tprod\r\n", TO_PRODUCTION),
        (Via.SLASH, "deploy\u2003api\u202fprod", TO_PRODUCTION),
        (Via.SLASH, "deploy\u00adapi prod".replace("\u00ad", " \u00ad"), TO_PRODUCTION),
        (Via.SLASH, "deploy api prod —ref v1", "deploy api v1 to production"),
        (Via.SLASH, "deploy api prod –ref=v1", "deploy api v1 to production"),
        (Via.SLASH, "deploy api prod －－ref＝ｖ１．２", "deploy api v1.2 to production"),
        (Via.SLASH, "deploy api prod ーーref v1", "deploy api v1 to production"),
        (Via.SLASH, "deploy api –h v1 −e prod", "deploy api v1 to production"),
        (
            Via.TERMINAL,
            "deploy payments.ai prod --ref web-1—2",
            'deploy payments.ai to production --ref "web-1—2"',
        ),
        (Via.MENTION, "<@UBOT>: deploy api prod", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> `deploy api prod`", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> ```deploy api prod```", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> *deploy api prod*", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> _deploy api prod_", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> deploy api _prod_", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> /deploy api prod", TO_PRODUCTION),
        (Via.MENTION, "• <@UBOT> deploy api prod".removeprefix("• "), TO_PRODUCTION),
        (Via.MENTION, "hey <@UBOT> deploy api prod", TO_PRODUCTION),
        (Via.MENTION, "&gt; look at this\n<@UBOT> deploy api prod", TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> deploy api <http://release.app/v1|release.app/v1> to prod", None),
        (
            Via.MENTION,
            "<@UBOT> deploy api prod because <https://jira.example/X-1|X-1> &amp; more",
            f'{TO_PRODUCTION} --reason "X-1 & more"',
        ),
        (
            Via.SLASH,
            "deploy api prod because &lt;@U1&gt; asked",
            f'{TO_PRODUCTION} --reason "<@U1> asked"',
        ),
        (Via.SLASH, "deploy api prod because שלום", f"{TO_PRODUCTION} because שלום"),
        (
            Via.SLASH,
            "deploy api prod because 👩\u200d🚀\ufe0f",
            f'{TO_PRODUCTION} --reason "👩\u200d🚀\ufe0f"',
        ),
        (
            Via.SLASH,
            "deploy api prod because don’t ask “why”",
            f'{TO_PRODUCTION} --reason "don\\’t ask \\“why\\”"',
        ),
        (Via.SLASH, "deploy api prod --reason 'it’s fine'", f'{TO_PRODUCTION} --reason "it\\’s fine"'),
        (
            Via.SLASH,
            "deploy api prod --reason “fix; then rest”",
            f'{TO_PRODUCTION} --reason "fix; then rest"',
        ),
    ],
)
def test_it_still_means_what_its_author_meant(via, raw, meant):
    if meant is None:
        assert understood(raw, via).startswith("deploy api")
    else:
        assert understood(raw, via) == meant


@pytest.mark.parametrize(
    ("via", "raw", "code", "suggestion"),
    [
        pytest.param(
            Via.SLASH,
            'lock prod --reason="A &amp; B &lt;3"',
            Misreading.MISSING_APPLICATION,
            'lock APPLICATION production --reason "A & B <3"',
            id="24",
        ),
        (Via.SLASH, "deploy api prod —force=yes", Misreading.UNEXPECTED_VALUE, f"{TO_PRODUCTION} --force"),
        pytest.param(Via.SLASH, "deploy api \u202edorp", Misreading.BIDI_CONTROL, "", id="16"),
        pytest.param(
            Via.MENTION,
            "<@UBOT> deploy api prod\ndeploy web prod",
            Misreading.SEVERAL_COMMANDS,
            TO_PRODUCTION,
            id="30",
        ),
        pytest.param(
            Via.SLASH,
            "deploy api prod &amp;&amp; deploy web prod",
            Misreading.SEVERAL_COMMANDS,
            TO_PRODUCTION,
            id="31",
        ),
        pytest.param(
            Via.SLASH, "deploy api prod --ref=--upload-pack=touch", Misreading.INVALID_REF, "", id="33"
        ),
        (Via.SLASH, '"deploy api prod"', Misreading.WHOLLY_QUOTED, TO_PRODUCTION),
        (Via.SLASH, "“deploy api prod”", Misreading.WHOLLY_QUOTED, TO_PRODUCTION),
        (Via.SLASH, "deploy api prod\\", Misreading.UNKNOWN_ENVIRONMENT, TO_PRODUCTION),
        (Via.SLASH, "deploy api prod\u2028deploy shop prod", Misreading.SEVERAL_COMMANDS, TO_PRODUCTION),
        (Via.SLASH, "deploy api prod; deploy shop prod", Misreading.SEVERAL_COMMANDS, TO_PRODUCTION),
        (
            Via.SLASH,
            "deploy api prod because done; deploy shop prod",
            Misreading.SEVERAL_COMMANDS,
            f"{TO_PRODUCTION} because done",
        ),
        (Via.SLASH, "deploy api prod because a\ndeploy shop prod", Misreading.SEVERAL_COMMANDS, ""),
        (Via.SLASH, "deploy <!subteam^S1|@sre> prod", Misreading.NOT_A_NAME, ""),
        (Via.SLASH, "deploy <!date^1^{date}|today> prod", Misreading.NOT_A_NAME, ""),
        (Via.SLASH, "deploy <#C0123ABCD> prod", Misreading.NOT_A_NAME, ""),
        (Via.SLASH, "deploy <https://elsewhere.example|api> prod", Misreading.NOT_A_NAME, ""),
        (Via.MENTION, "<@UBOT> <@UADA> deploy api prod", Misreading.NOT_A_NAME, ""),
        (Via.MENTION, "deploy api prod <@UBOT>", Misreading.MENTION_NOT_FIRST, TO_PRODUCTION),
        (Via.MENTION, "<@UBOT> ~deploy api prod~", Misreading.STRUCK_OUT, ""),
        (Via.MENTION, "<@UBOT> deploy ~api~ shop prod", Misreading.STRUCK_OUT, ""),
        (Via.SLASH, "deploy аpi prod", Misreading.LOOKALIKE, ""),
        (Via.SLASH, "deploy api prod --ref mаin", Misreading.LOOKALIKE, ""),
        (Via.SLASH, "deploy api prod \u200efix", Misreading.UNPRINTABLE, ""),
        (Via.TERMINAL, "deploy api prod \x1b[2K", Misreading.UNPRINTABLE, ""),
        (Via.TERMINAL, "deploy api prod because \x00", Misreading.UNPRINTABLE, ""),
        (Via.TERMINAL, "deploy api prod because \ud800", Misreading.UNPRINTABLE, ""),
        (Via.TERMINAL, "deploy api prod because \u202efun", Misreading.BIDI_CONTROL, ""),
        (Via.TERMINAL, "deploy api prod --reason “hot", Misreading.UNCLOSED_QUOTE, ""),
        (Via.TERMINAL, "deploy api prod because " + "x" * 4000, Misreading.TOO_LONG, ""),
    ],
)
def test_nothing_is_done_where_it_cannot_be_told(via, raw, code, suggestion):
    assert misread(raw, via) == (code, suggestion)


@pytest.mark.parametrize(
    ("via", "raw", "why"),
    [
        pytest.param(Via.MENTION, "&gt; <@UBOT> deploy api prod", Silence.QUOTATION, id="28"),
        (Via.MENTION, "&gt;&gt;&gt; look\n<@UBOT> deploy api prod", Silence.QUOTATION),
        (Via.MENTION, "I told <@UBOT> to deploy", Silence.CONVERSATION),
        (Via.TERMINAL, " \u3000\n", Silence.EMPTY),
    ],
)
def test_what_is_not_meant_for_us_is_left_alone(via, raw, why):
    assert heard(raw, via) == Ignored(because=why)


def test_nothing_to_say_after_our_name_is_a_call_for_help():
    assert heard("", Via.SLASH) == Help()  # 39


def test_a_reason_may_be_long():
    reason = "x" * 3900
    assert heard(f"deploy api prod because {reason}") == Deploy(
        application="api", environment="production", reason=reason
    )


def test_the_signs_that_are_refused_are_named():
    answer = heard("deploy api \u202edorp")
    assert isinstance(answer, Misread)
    assert answer.detail == {"signs": "U+202E RIGHT-TO-LEFT OVERRIDE"}
