"""No error of the library or of SQS is missing in our map, and every sentence of ours is known in Japanese."""

import inspect
import re

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from funade.clients.aws import LibraryMissing
from funade.clients.aws_faults import CLASSES, CODES, Fault, fault_of, fault_of_code
from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.queue.address import parse_address
from funade.queue.faults import worded
from funade.texts import Reader
from funade.texts.troubles import trouble

SHOP = parse_address("https://sqs.eu-west-1.amazonaws.com/1/shop")
ERRORS = [
    kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, BotoCoreError)
]
SHAPES = [shape.name for shape in get_session().get_service_model("sqs").error_shapes]


def answer(code: str, status: int = 400, query: str = "") -> ClientError:
    error = {"Code": code, "Message": "hunter2", **({"QueryErrorCode": query} if query else {})}
    return ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, "ReceiveMessage")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_error_that_sqs_describes_has_its_meaning(shape):
    assert shape in CODES
    assert fault_of_code(f"AWS.SimpleQueueService.{shape}") is CODES[shape]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_is_a_fault(kind):
    names = [one.__name__ for one in kind.__mro__]
    assert fault_of(kind.__new__(kind))[0] is CLASSES[next(name for name in names if name in CLASSES)]


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "ClientError"])
def test_no_class_is_named_that_the_library_does_not_have(name):
    assert inspect.isclass(getattr(exceptions, name))


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(), TimeoutError(), OSError(), ClientPayloadError(), ServerDisconnectedError(),
     exceptions.EndpointConnectionError(endpoint_url="x"), exceptions.ReadTimeoutError(endpoint_url="x"),
     exceptions.SSLError(endpoint_url="x", error="x")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_the_way_to_it_may_be_gone_for_a_while(error):
    fault, code = fault_of(error)
    assert fault is Fault.AWAY
    assert isinstance(worded(fault, code, SHOP, "sqs:ReceiveMessage"), TemporaryQueueError)


def test_a_mistake_of_ours_is_not_turned_into_words():
    assert fault_of(exceptions.ParamValidationError(report="x"))[0] is Fault.OURS
    assert fault_of(KeyError("x"))[0] is Fault.OURS


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (answer("AWS.SimpleQueueService.NonExistentQueue", query="QueueDoesNotExist"), Fault.NO_QUEUE),
        (answer("Unheard.Of", query="QueueDoesNotExist"), Fault.NO_QUEUE),
        (answer("Unheard.Of", 503), Fault.DOWN),
        (answer("502", 502), Fault.DOWN),
        (answer("Unheard.Of", 429), Fault.BUSY),
        (answer("Unheard.Of", 403), Fault.REFUSED),
        (answer("KMS.KmsThrottled"), Fault.BUSY),
        (answer(""), Fault.REFUSED),
        (LibraryMissing("aiobotocore"), Fault.NO_LIBRARY),
    ],
)
def test_an_answer_is_judged_by_its_code_and_then_by_its_status(error, fault):
    assert fault_of(error)[0] is fault


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.OURS])
def test_no_sentence_repeats_what_aws_says_and_each_is_known_in_japanese(fault):
    said = worded(fault, "SomeCode", SHOP, "sqs:SendMessage")
    assert "hunter2" not in str(said)
    if isinstance(said, PermanentQueueError):
        assert " — " in str(said), "what a person must set right says how"
    shown = re.sub(r"`[^`]*`", "", trouble(str(said), Reader("ja")))
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", shown), shown


@pytest.mark.parametrize(
    "url", ["shop", "https://x.example/1/shop", "http://x.example/1/shop", "https://a:b@x.example/1/shop"]
)
def test_what_is_wrong_with_an_address_is_known_in_japanese(url):
    with pytest.raises(PermanentQueueError) as refused:
        parse_address(url)
    shown = re.sub(r"`[^`]*`", "", trouble(str(refused.value), Reader("ja")))
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", shown), shown
