import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from multidict import CIMultiDict

from funade.domain.errors import StoreError
from tests.integration.slack.harbour import SECRET
from tests.integration.slack.stories import sail

pytestmark = pytest.mark.needs("git")


def test_slack_calls_us_and_everything_is_as_over_sockets(tmp_path, monkeypatch):
    async def story(here):
        said = await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        await here.hears("#1 shop", thread=said)
        await here.press("cy", card, "approve")
        await here.card(1, "succeeded")
        answer = await here.playground.command(
            person="ada", command="/funade", text="status", channel="#deploy-shop"
        )
        assert answer["ok"]
        await here.hears("#1, not verified", person="ada")

    sail(tmp_path, monkeypatch, story, https=True)


EVENT = {
    "type": "event_callback",
    "event_id": "Ev1",
    "team_id": "T0ACME",
    "event": {
        "type": "app_mention",
        "user": "U0ADA",
        "channel": "C0DEPLOY",
        "ts": "1700000000.000100",
        "text": "<@U0APP1> deploy shop to staging",
    },
}


def signed(body, *, secret=SECRET, at=None, **changes):
    timestamp = str(int(time.time()) if at is None else at)
    mac = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={mac}", **changes}


def test_S1_S2_only_what_slack_signed_just_now_is_heard_and_once(tmp_path, monkeypatch):
    async def story(here):
        address = here.configuration().web.url + "/slack"
        body = json.dumps(EVENT).encode()
        now = int(time.time())
        refused = [
            {},
            signed(body, secret="another"),
            signed(body, at=now - 301),
            signed(body, at=now + 301),
            signed(body, **{"X-Slack-Request-Timestamp": "abc"}),
            signed(body, **{"X-Slack-Signature": "v0=é".encode().decode("latin-1")}),
            signed(body, **{"X-Slack-Signature": ""}),
            signed(body + b" "),
        ]
        async with aiohttp.ClientSession() as session:

            async def post(headers, path="/events", data=body):
                async with session.post(address + path, data=data, headers=headers) as answer:
                    return answer.status, await answer.text()

            for headers in refused:
                assert (await post(headers))[0] == 401, headers
            odd = b"\xff\xfe{"
            assert (await post(signed(odd), data=odd))[0] == 400
            assert (await post(signed(b"x" * 1_000_001), data=b"x" * 1_000_001))[0] == 413
            assert here.look(lambda look: look.deployment(1)) is None
            hello = json.dumps({"type": "url_verification", "challenge": "c123"}).encode()
            assert await post(signed(hello), data=hello) == (200, "c123")
            headers = signed(body)
            assert [(await post(headers))[0] for _ in range(3)] == [200, 200, 200]
            await here.card(1, "succeeded")
            assert here.look(lambda look: look.deployment(2)) is None
            assert (await post(signed(b"ssl_check=1"), "/commands", b"ssl_check=1"))[0] == 200
            assert (await post(headers, "/elsewhere"))[0] == 404

    sail(tmp_path, monkeypatch, story, https=True)


def test_what_could_not_be_kept_is_no_replay_when_it_comes_again(tmp_path, monkeypatch):
    async def story(here):
        reception = here.room.listening.reception
        takes = reception.take

        async def breaks(kind, payload):
            reception.take = takes
            raise StoreError("the disk is full")  # noqa: EM101 -- short

        reception.take = breaks
        body = json.dumps(EVENT).encode()
        headers, address = signed(body), here.configuration().web.url + "/slack/events"
        async with aiohttp.ClientSession() as session:

            async def post():
                async with session.post(address, data=body, headers=headers) as answer:
                    return answer.status

            assert await post() == 503
            # Slack may send the very same bytes in the same second.
            assert [*await asyncio.gather(post(), post())] == [200, 200]
        await here.card(1, "succeeded")
        assert here.look(lambda look: look.deployment(2)) is None

    sail(tmp_path, monkeypatch, story, https=True)


def test_S2_a_command_is_not_replayed_to_another_process_either(tmp_path, monkeypatch):
    async def story(here):
        fields = {
            "command": "/funade",
            "text": "deploy shop to staging",
            "user_id": "U0ADA",
            "team_id": "T0ACME",
            "channel_id": "C0DEPLOY",
        }
        body = urlencode(fields).encode()
        headers, address = signed(body), here.configuration().web.url + "/slack/commands"
        async with aiohttp.ClientSession() as session:

            async def post(headers, data=body):
                async with session.post(address, data=data, headers=headers) as answer:
                    return answer.status

            assert await post(headers) == 200
            await here.card(1, "succeeded")
            await here.stop()
            await here.start()
            assert await post(headers) == 200
            twice = CIMultiDict([*headers.items(), ("X-Slack-Signature", headers["X-Slack-Signature"])])
            assert await post(twice) == 401

            async def endless():
                for _ in range(2_000):
                    yield b"x" * 1_000

            assert await post(headers, endless()) == 413
        await here.until(lambda: not here.received())
        assert here.look(lambda look: look.deployment(2)) is None

    sail(tmp_path, monkeypatch, story, https=True)


def test_nobody_notices_when_the_secret_is_replaced_at_slack(tmp_path, monkeypatch):
    async def story(here):
        monkeypatch.setenv("SLACK_NEW", "the-new-one")
        here.path.write_text(
            here.path.read_text().replace('"env:SLACK_SECRET"', '["env:SLACK_NEW", "env:SLACK_SECRET"]')
        )
        await here.stop()
        await here.start()
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        await here.playground.change_app(changes={"signing_secret": "the-new-one"})
        assert (await here.press("cy", card, "approve"))["ok"]
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story, https=True)


def test_both_secrets_are_believed_while_one_replaces_the_other(tmp_path, monkeypatch):
    async def story(here):
        monkeypatch.setenv("SLACK_NEW", "the-new-one")
        here.path.write_text(
            here.path.read_text().replace('"env:SLACK_SECRET"', '["env:SLACK_NEW", "env:SLACK_SECRET"]')
        )
        await here.stop()
        await here.start()
        body = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
        address = here.configuration().web.url + "/slack/events"
        async with aiohttp.ClientSession() as session:
            for secret, status in ((SECRET, 200), ("the-new-one", 200), ("the-old-old-one", 401)):
                async with session.post(address, data=body, headers=signed(body, secret=secret)) as answer:
                    assert answer.status == status

    sail(tmp_path, monkeypatch, story, https=True)
