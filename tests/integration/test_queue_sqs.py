"""What SQS says when it says no, over the wire; and that no key of ours reaches any sink."""

import asyncio
import io
import json
import logging
import sys
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from funade.clients.aws import AwsKeys
from funade.domain.errors import PermanentQueueError, QueueError, SecretError, TemporaryQueueError
from funade.queue.address import parse_address
from funade.queue.sqs import Sqs, SqsQueue
from funade.usecases.queue_ports import Message
from tests.contracts.http_server import HttpServer, http_server
from tests.contracts.queues import KEYS, REGION, SECRET

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

MOMENT = timedelta(seconds=1)
MESSAGE = Message(body="x", key="k", group="g")
#: as AWS words it: with everything that was signed
CANONICAL = f"The Canonical String for this request should have been 'x-amz-security-token:token-{SECRET}'"


JSON = "Content-Type: application/x-amz-json-1.0"
CLOSE = "Connection: close"


@pytest_asyncio.fixture
async def aws() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@pytest_asyncio.fixture
async def queue(aws: HttpServer) -> AsyncIterator[SqsQueue]:
    async with Sqs(lambda: KEYS) as room:
        yield room.queue(parse_address(aws.url("/1/shop"), REGION))


def says(aws: HttpServer, code: str, status: str, message: str = CANONICAL) -> None:
    body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message})
    aws.says("/", body, status, JSON, CLOSE)


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("QueueDoesNotExist", "400 Bad Request", "there is no queue `shop` at `127.0.0.1:"),
        (
            "AccessDeniedException",
            "403 Forbidden",
            "AWS does not let us do `sqs:SendMessage` at the queue `shop`",
        ),
        (
            "SignatureDoesNotMatch",
            "403 Forbidden",
            "AWS does not accept our credentials for the queue `shop`",
        ),
        ("ExpiredTokenException", "403 Forbidden", "our AWS credentials for the queue `shop` are too old"),
        ("KmsAccessDenied", "400 Bad Request", "the KMS key of the queue `shop` is not for us"),
        ("KmsDisabled", "400 Bad Request", "the KMS key of the queue `shop` cannot be used (KmsDisabled)"),
        ("SomethingNew", "400 Bad Request", "AWS refuses what we asked of the queue `shop`"),
    ],
)
async def test_a_no_for_a_person_says_what_to_do_and_is_not_asked_again(aws, queue, code, status, problem):
    says(aws, code, status)
    with pytest.raises(PermanentQueueError) as refused:
        await queue.send([MESSAGE])
    assert str(refused.value).startswith(problem)
    assert " — " in str(refused.value)
    assert len(aws.requests) == 1
    everything = "".join(traceback.format_exception(refused.value)) + repr(refused.value.__context__)
    assert SECRET not in everything


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("RequestThrottled", "403 Forbidden", "AWS asks us to slow down at the queue `shop`"),
        ("InternalFailure", "500 Internal Server Error", "AWS cannot serve the queue `shop` now"),
    ],
)
async def test_a_no_for_now_is_asked_again_some_times_and_then_left_to_us(aws, queue, code, status, problem):
    says(aws, code, status)
    with pytest.raises(TemporaryQueueError) as refused:
        await queue.receive(1, MOMENT, MOMENT)
    assert str(refused.value).startswith(problem)
    assert refused.value.retry_after > timedelta(0)
    assert 1 <= len(aws.requests) <= 3


async def test_a_queue_that_nobody_answers_for_is_away_and_comes_back(aws):
    async with Sqs(lambda: KEYS) as room:
        listening = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        queue = room.queue(parse_address(f"http://127.0.0.1:{port}/1/shop", REGION))
        with pytest.raises(
            TemporaryQueueError, match=f"the queue `shop` at `127.0.0.1:{port}` cannot be reached"
        ):
            await queue.state()
        listening.close()
        with pytest.raises(TemporaryQueueError):
            await queue.state()
        back = HttpServer()
        back.says("/", json.dumps({"Attributes": {}}), "200 OK", JSON)
        listening = await asyncio.start_server(back.serve, "127.0.0.1", port)
        assert (await queue.state()).waiting == 0
        listening.close()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("<html>Please sign in</html>", ["Content-Type: text/html"]),
        ("<html>Please sign in</html>", []),
        ("", []),
        ("[]", [JSON]),
        ("null", [JSON]),
        ('{"Messages":"x"}', [JSON]),
        ('{"Messages":[{}]}', [JSON]),
        (
            '{"Messages":[{"MessageId":"1","Body":"x","ReceiptHandle":"r","Attributes":{"SentTimestamp":"x"}}]}',
            [JSON],
        ),
        (b"\xff\xfe{", [JSON]),
    ],
    ids=range(9),
)
async def test_somebody_elses_answer_is_neither_nothing_nor_a_crash(aws, queue, body, headers):
    aws.says("/", body, "200 OK", CLOSE, *headers)
    with pytest.raises(TemporaryQueueError) as refused:
        await queue.receive(1, MOMENT, MOMENT)
    assert "does not speak SQS" in str(refused.value)


@pytest.mark.parametrize(
    "attributes", [{"RedrivePolicy": "{"}, {"RedrivePolicy": "[]"}, {"VisibilityTimeout": "x"}, "x"]
)
async def test_a_state_that_cannot_be_read_is_no_crash(aws, queue, attributes):
    aws.says("/", json.dumps({"Attributes": attributes}), "200 OK", JSON, CLOSE)
    with pytest.raises(TemporaryQueueError):
        await queue.state()


async def test_what_is_not_said_to_be_sent_is_not_sent(aws, queue):
    aws.says("/", '{"Successful":[{"Id":"1"}]}', "200 OK", JSON, CLOSE)
    messages = [Message(body="x", key=key, group="g") for key in ("a", "b", "c")]
    undone = await queue.send(messages)
    assert [(one.which, one.problem, one.is_final) for one in undone] == [
        ("a", "SQS says nothing of it", False),
        ("c", "SQS says nothing of it", False),
    ]


async def test_a_page_of_a_portal_is_no_yes_to_a_send(aws, queue):
    aws.says("/", "<html>Please sign in</html>", "200 OK", "Content-Type: text/html", CLOSE)
    with pytest.raises(TemporaryQueueError):
        await queue.send([MESSAGE])


async def test_one_of_several_that_was_not_sent_is_named_and_the_others_of_its_group_wait(aws):
    answer = {
        "Successful": [{"Id": str(number)} for number in range(10) if number != 1],
        "Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": CANONICAL}],
    }
    aws.says("/", json.dumps(answer), "200 OK", JSON, CLOSE)
    messages = [Message(body="x", key=str(number), group="g") for number in range(12)]
    async with Sqs(lambda: KEYS) as room:
        queue = room.queue(parse_address(aws.url("/1/shop.fifo"), REGION))
        undone = await queue.send(messages)
    assert [(one.which, one.is_final) for one in undone] == [("1", False), ("10", False), ("11", False)]
    assert [one.problem for one in undone[:2]] == [
        "SQS says `InternalError`",
        "an earlier one of its group was not sent",
    ]
    assert len(aws.requests) == 1


async def test_changed_keys_are_used_from_the_next_call_on(aws):
    keys = [KEYS]
    async with Sqs(lambda: keys[0]) as room:
        queue = room.queue(parse_address(aws.url("/1/shop"), REGION))
        says(aws, "ExpiredTokenException", "403 Forbidden")
        with pytest.raises(PermanentQueueError):
            await queue.state()
        keys[0] = AwsKeys(access_key="AKIARENEWED", secret_key="other")
        for _ in range(2):
            with pytest.raises(PermanentQueueError):
                await queue.state()
    assert ["AKIARENEWED" in request for request in aws.requests] == [False, False, True]


async def test_keys_that_cannot_be_revealed_are_an_error_that_names_where_they_should_be(aws):
    def reveal() -> AwsKeys:
        message = "the secret `env:AWS_KEY` is not set where Funade runs"
        raise SecretError(message)

    async with Sqs(reveal) as room:
        queue = room.queue(parse_address(aws.url("/1/shop"), REGION))
        with pytest.raises(PermanentQueueError, match="`env:AWS_KEY` is not set"):
            await queue.state()


async def test_without_any_keys_the_reason_is_said(aws, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    async with Sqs() as room:
        queue = room.queue(parse_address(aws.url("/1/shop"), REGION))
        with pytest.raises(
            PermanentQueueError, match="there are no usable AWS credentials for the queue `shop`"
        ):
            await queue.state()


async def test_keys_are_found_where_awss_own_programs_look(aws, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFOUND")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    says(aws, "QueueDoesNotExist", "400 Bad Request")
    async with Sqs() as room:
        with pytest.raises(QueueError):
            await room.queue(parse_address(aws.url("/1/shop"), REGION)).state()
    assert "AKIAFOUND" in aws.requests[0]


async def test_no_key_is_written_into_any_log_however_much_is_logged(aws, queue):
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        says(aws, "SignatureDoesNotMatch", "403 Forbidden")
        with pytest.raises(QueueError):
            await queue.send([Message(body="hunter2 in a body", key="k", group="g")])
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert SECRET in "".join(aws.requests), "it was sent: this test can fail"
    assert "hunter2" not in written.getvalue()


async def test_keys_are_in_no_representation(queue):
    assert SECRET not in repr(KEYS) + repr(queue) + repr(vars(queue))
    assert KEYS.access_key in repr(KEYS)


async def test_the_library_is_loaded_by_the_first_call_and_not_before(tmp_path):
    program = (
        "import sys, funade.queue.sqs, funade.queue.dead_letters, funade.queue.address as a\n"
        "funade.queue.sqs.Sqs().queue(a.parse_address('https://sqs.eu-west-1.amazonaws.com/1/shop'))\n"
        "print([name for name in ('aiobotocore', 'botocore', 'aiohttp') if name in sys.modules])"
    )
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await started.communicate()
    assert out.decode().strip() == "[]"
