"""The `Links` port: the fake and the signed ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from funade.domain.application import Site
from funade.testing.links import FakeLinks
from funade.usecases.ports import Links
from funade.web.links import SignedLinks
from tests.unit.web.deployments import deployment

SITE = Site(host="127.0.0.1", port=8080, url="https://funade.acme.example")


@pytest.fixture(params=["fake", "signed"])
def links(request) -> Links:
    if request.param == "fake":
        return FakeLinks()
    return SignedLinks(site=SITE, keys=lambda: (b"k" * 32,), now=lambda: datetime(2026, 7, 1, 12, tzinfo=UTC))


def test_each_deployment_has_a_link_of_its_own_that_stays(links):
    one = deployment(number=4)
    other = replace(one, number=5, id="7d9c2f3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
    assert links.link_to(one) == links.link_to(one)
    assert links.link_to(one) != links.link_to(other)
    assert str(links.link_to(one)).startswith("https://funade.acme.example/d/4/")


def test_what_happens_to_a_deployment_does_not_change_its_link(links):
    one = deployment(number=4)
    assert links.link_to(one) == links.link_to(
        replace(one, attempt=2, started_at=one.asked_at + timedelta(days=1))
    )


def test_where_no_pages_are_served_there_is_no_link():
    assert FakeLinks(served=False).link_to(deployment(number=4)) is None
    without_key = SignedLinks(site=SITE, keys=lambda: (), now=lambda: datetime.now(UTC))
    assert without_key.link_to(deployment(number=4)) is None
