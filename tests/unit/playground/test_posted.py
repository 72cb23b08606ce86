from typing import Any

import pytest

from funade.playground.posted import stored_text, text_of_blocks


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("plain", "plain"),
        ("a & b", "a &amp; b"),
        ("a &amp; b", "a &amp; b"),
        ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ("<@U0ADA> <#C0GENERAL|general> <!here>", "<@U0ADA> <#C0GENERAL|general> <!here>"),
        ("see https://a.example/x.", "see <https://a.example/x>."),
        ("<https://a.example|here>", "<https://a.example|here>"),
        ("<!date^1^{date}|then>", "<!date^1^{date}|then>"),
        ("<script>", "&lt;script&gt;"),
        ("x" * 50_000, "x" * 40_000),
    ],
)
def test_an_apps_text_is_stored_as_slack_stores_it(sent, stored):
    assert stored_text(sent) == stored


def test_what_is_stored_stays_as_it_is_when_it_is_sent_again():
    once = stored_text("a & b <c> https://a.example <@U0ADA>")
    assert stored_text(once) == once


def test_blocks_alone_have_a_text_too():
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "one"}, {"type": "mrkdwn", "text": "two"}]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
    ]
    assert text_of_blocks(blocks) == "Title one two small"
