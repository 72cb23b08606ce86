import pytest

from funade.chat.slack.client import may_respond_to

SLACK, HERE = "https://slack.com/api/", "http://127.0.0.1:4000/api/"


@pytest.mark.parametrize(
    ("url", "api", "may"),
    [
        ("https://hooks.slack.com/commands/T/1/x", SLACK, True),
        ("http://hooks.slack.com/commands/T/1/x", SLACK, False),
        ("https://hooks.slack.com:8443/x", SLACK, False),
        ("https://hooks.slack.com.evil.example/x", SLACK, False),
        ("https://evil.example/hooks.slack.com", SLACK, False),
        ("https://hooks.slack.com@evil.example/x", SLACK, False),
        ("http://127.0.0.1:4000/response/1", SLACK, False),
        ("http://169.254.169.254/latest", SLACK, False),
        ("http://127.0.0.1:4000/response/1", HERE, True),
        ("http://127.0.0.1:5000/response/1", HERE, False),
        ("https://hooks.slack.com/x", HERE, False),
        ("", SLACK, False),
    ],
)
def test_S15_answers_go_to_slack_and_to_nobody_else(url, api, may):
    assert may_respond_to(url, api) is may
