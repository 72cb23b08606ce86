import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.chat.slack.signature import Verdict, judge

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
AT = 1531420618
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
STAMP = str(AT).encode()


def test_slacks_own_example_is_good():
    assert judge(BODY, [STAMP], [SIGNATURE], [SECRET], AT) is Verdict.GOOD
    assert judge(BODY, [STAMP], [SIGNATURE], ["another", SECRET], AT) is Verdict.GOOD


@pytest.mark.parametrize(
    ("stamps", "signatures", "secrets"),
    [
        ([], [SIGNATURE], [SECRET]),
        ([STAMP], [], [SECRET]),
        ([STAMP, STAMP], [SIGNATURE], [SECRET]),
        ([STAMP], [SIGNATURE, SIGNATURE], [SECRET]),
        ([STAMP], [SIGNATURE], []),
        ([STAMP], [SIGNATURE], ["another"]),
        ([b"abc"], [SIGNATURE], [SECRET]),
        ([b"-1"], [SIGNATURE], [SECRET]),
        (["１５３１４２０６１８".encode()], [SIGNATURE], [SECRET]),
        ([b"9" * 400], [SIGNATURE], [SECRET]),
        ([STAMP], [b"v0=\xc3\xa9"], [SECRET]),
        ([STAMP], [SIGNATURE.upper()], [SECRET]),
        ([STAMP], [SIGNATURE + b" "], [SECRET]),
        ([STAMP], [SIGNATURE[3:]], [SECRET]),
    ],
)
def test_whatever_else_is_wrong_and_raises_nothing(stamps, signatures, secrets):
    assert judge(BODY, stamps, signatures, secrets, AT) is Verdict.WRONG


@pytest.mark.parametrize(
    ("later", "verdict"),
    [(300, Verdict.GOOD), (-300, Verdict.GOOD), (301, Verdict.STALE), (-301, Verdict.STALE)],
)
def test_it_is_good_for_five_minutes_on_either_side(later, verdict):
    assert judge(BODY, [STAMP], [SIGNATURE], [SECRET], AT + later) is verdict


@given(st.binary(max_size=200), st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_raise(body, stamp, signature):
    assert judge(body, [stamp], [signature], [SECRET], AT) is Verdict.WRONG


@given(st.binary(max_size=300))
def test_a_body_of_any_bytes_can_be_signed(body):
    mac = hmac.new(SECRET.encode(), b"v0:" + STAMP + b":" + body, hashlib.sha256).hexdigest()
    assert judge(body, [STAMP], [f"v0={mac}".encode()], [SECRET], AT) is Verdict.GOOD
    assert judge(body + b"x", [STAMP], [f"v0={mac}".encode()], [SECRET], AT) is Verdict.WRONG
