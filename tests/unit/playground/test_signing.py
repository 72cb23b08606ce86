"""Slack's published example, and the official verifier against every fault."""

import pytest
from slack_sdk.signature import Clock, SignatureVerifier

from funade.playground.signing import signature, signed_headers

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


class Noon(Clock):
    def now(self) -> float:
        return 1_800_000_000.0


def accepted(fault: str) -> bool:
    headers = signed_headers("secret", Noon().now(), b"{}", fault)
    return SignatureVerifier("secret", Noon()).is_valid_request(b"{}", headers)


def test_the_published_example():
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature(SECRET, "1531420618", BODY) == wanted


def test_the_official_verifier_takes_ours():
    assert accepted("")


@pytest.mark.parametrize(
    "fault", ["wrong_secret", "old_timestamp", "future_timestamp", "no_signature", "no_timestamp"]
)
def test_the_official_verifier_refuses_what_is_spoiled(fault):
    assert not accepted(fault)
