import pytest

from funade.domain.errors import PermanentQueueError
from funade.queue.exchange import QueueExchange, address_of
from funade.testing.secrets import FakeSecrets
from funade.testing.time import CountedIds, FakeClock
from funade.usecases.queue_ports import QueuePlace

AWS = "https://sqs.eu-central-1.amazonaws.com/1/shop"
LOCAL = "http://sqs.localhost.localstack.cloud:4566/000000000000/shop"


def test_a_queue_of_aws_tells_all_of_it():
    found = address_of(QueuePlace(url=AWS))
    assert (found.url, found.region, found.endpoint) == (
        AWS,
        "eu-central-1",
        "https://sqs.eu-central-1.amazonaws.com",
    )


def test_an_endpoint_answers_instead_of_the_host_and_is_taken_at_its_word():
    place = QueuePlace(url=LOCAL, region="eu-west-1", endpoint="http://localstack:4566")
    found = address_of(place)
    assert (found.url, found.region) == ("http://localstack:4566/000000000000/shop", "eu-west-1")
    assert address_of(QueuePlace(url=AWS, endpoint="http://localstack:4566")).region == "eu-central-1"


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (QueuePlace(url=LOCAL, region="eu-west-1"), "not encrypted"),
        (QueuePlace(url=LOCAL, endpoint="http://localstack:4566"), "does not tell its region"),
        (QueuePlace(url="https://x.example/1/shop"), "does not tell its region"),
    ],
)
def test_what_is_no_good_address_says_what_to_do(place, problem):
    with pytest.raises(PermanentQueueError, match=problem):
        address_of(place)


def test_keys_that_are_no_references_are_refused_and_not_repeated():
    exchange = QueueExchange(FakeSecrets(), FakeClock(), CountedIds())
    with pytest.raises(PermanentQueueError) as refused:
        exchange.orders(QueuePlace(url=AWS, access_key="hunter2", secret_key="hunter2"))
    assert "hunter2" not in str(refused.value)
