import pytest

from funade.domain.errors import PermanentQueueError
from funade.queue.address import parse_address


@pytest.mark.parametrize(
    ("url", "region", "name"),
    [
        ("https://sqs.ap-northeast-1.amazonaws.com/123456789012/shop", "ap-northeast-1", "shop"),
        ("https://sqs.us-gov-west-1.amazonaws.com/1/shop.fifo", "us-gov-west-1", "shop.fifo"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/shop", "cn-north-1", "shop"),
        ("https://sqs-fips.us-east-1.amazonaws.com/1/shop", "us-east-1", "shop"),
        ("https://sqs.eu-west-1.api.aws/1/shop", "eu-west-1", "shop"),
        ("https://vpce-1a-2b.sqs.eu-west-1.vpce.amazonaws.com/1/shop", "eu-west-1", "shop"),
        ("https://eu-west-1.queue.amazonaws.com/1/shop", "eu-west-1", "shop"),
    ],
)
def test_the_address_of_aws_tells_its_region(url, region, name):
    address = parse_address(url)
    assert (address.region, address.name, address.is_fifo) == (region, name, name.endswith(".fifo"))
    assert f"{address.endpoint}/" in url


def test_another_address_needs_its_region_and_keeps_its_port():
    with pytest.raises(PermanentQueueError, match="does not tell its region — name the region beside it"):
        parse_address("https://queues.acme.example:9324/000000000000/shop")
    address = parse_address("https://queues.acme.example:9324/000000000000/shop", "eu-west-1")
    assert (address.endpoint, address.host) == (
        "https://queues.acme.example:9324",
        "queues.acme.example:9324",
    )


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost", "[::1]:1"])
def test_this_machine_need_not_be_asked_in_secret(host):
    assert parse_address(f"http://{host}/1/shop", "eu-west-1").name == "shop"


@pytest.mark.parametrize(
    "host", ["sqs.eu-west-1.amazonaws.com", "10.0.0.1", "localhost.evil.example", "127.0.0.1.nip.io"]
)
def test_any_other_place_is_asked_with_tls_only(host):
    with pytest.raises(PermanentQueueError, match="is not encrypted on its way — write `https://`"):
        parse_address(f"http://{host}/1/shop", "eu-west-1")
    assert parse_address(f"http://{host}/1/shop", "eu-west-1", may_be_open=True).name == "shop"


@pytest.mark.parametrize(
    "url",
    ["", "shop", "arn:aws:sqs:eu-west-1:1:shop", "https:///1/shop", "https://x.example/", "ftp://x.example/1/shop",
     "https://x.example/1/sh op", "https://x.example/1/shop.fifo.fifo", "https://x.example:port/1/shop",
     "https://[::1/1/shop", "https://x.example/1/" + "x" * 81],
)  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(PermanentQueueError, match="is no address of a queue — write it as AWS shows it"):
        parse_address(url, "eu-west-1")


@pytest.mark.parametrize(
    "url",
    ["https://key:hunter2@sqs.eu-west-1.amazonaws.com/1/shop", "https://x.example/1/shop?key=hunter2",
     "https://x.example/1/shop#hunter2", "https://x.example/1/hunter2-船"],
)  # fmt: skip
def test_what_may_hold_a_secret_is_not_repeated(url):
    with pytest.raises(PermanentQueueError) as refused:
        parse_address(url, "eu-west-1")
    assert "hunter2" not in str(refused.value)
