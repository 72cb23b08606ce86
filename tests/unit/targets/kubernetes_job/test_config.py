import re

import jsonschema
import pytest

from funade.domain import wire
from funade.targets import KINDS
from funade.targets.kubernetes_job.config import Settings, queues, usual_facts
from funade.texts import Reader
from funade.texts.troubles import trouble

KIND = KINDS["kubernetes-job"]
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop"


def read(**section):
    return KIND.parse({"kind": "kubernetes-job", **section}, "target")


def complaints(**section):
    return [(one.where, one.problem, one.remedy) for one in read(**section)[1]]


def test_a_queue_is_all_that_must_be_said():
    settings, problems = read(queue=QUEUE)
    assert not problems
    assert settings == {"queue": QUEUE, "facts": QUEUE + "-facts"}
    assert wire.from_plain(Settings, settings).facts_from.name == "shop-facts"
    found = wire.from_plain(Settings, settings)
    assert queues(settings) == (found.orders_to, found.facts_from)


def test_the_queue_for_facts_of_a_fifo_queue_is_one_too():
    assert usual_facts(QUEUE + ".fifo") == QUEUE + "-facts.fifo"


def test_a_whole_section_is_read():
    section = {
        "queue": "http://sqs.localhost.localstack.cloud:4566/000000000000/shop.fifo",
        "facts": "http://sqs.localhost.localstack.cloud:4566/000000000000/told.fifo",
        "region": "eu-central-1",
        "endpoint": "http://localstack:4566",
        "access_key": "env:SHOP_KEY",
        "secret_key": "file:/etc/funade/secret",
        "session_token": "env:SHOP_TOKEN",
    }
    jsonschema.validate({"kind": "kubernetes-job", **section}, KIND.schema())
    settings, problems = read(**section)
    assert not problems
    assert settings == section
    place = wire.from_plain(Settings, settings).orders_to
    assert (place.name, place.address[:2]) == ("shop.fifo", (section["queue"], section["endpoint"]))


@pytest.mark.parametrize(
    ("section", "facts"),
    [
        ({"queue": "store:shop"}, "store:shop-facts"),
        (
            {"queue": "cluster:deploy/shop", "kubeconfig": "~/.kube/prod", "context": "prod"},
            "cluster:deploy/shop-facts",
        ),
    ],
)
def test_queues_may_be_in_the_store_or_in_a_cluster(section, facts):
    jsonschema.validate({"kind": "kubernetes-job", **section}, KIND.schema())
    settings, problems = read(**section)
    assert not problems
    assert settings == {**section, "facts": facts}
    place = wire.from_plain(Settings, settings).orders_to
    assert (place.name, place.context) == ("shop", section.get("context"))


@pytest.mark.parametrize(
    ("section", "where", "problem", "remedy"),
    [
        ({}, "queue", "missing", "DeployQueue"),
        ({"queue": QUEUE, "fact": QUEUE}, "fact", "no setting", "did you mean `facts`?"),
        ({"queue": QUEUE, "template": 1}, "template", "no setting", "known are `queue`"),
        ({"queue": 7}, "queue", "URL of a queue", "https://sqs."),
        ({"queue": "shop"}, "queue", "URL of a queue", ""),
        ({"queue": QUEUE, "facts": QUEUE}, "facts", "cannot share a queue", "of their own"),
        ({"queue": "https://sqs.acme.example/1/shop"}, "region", "does not tell its region", "eu-central-1"),
        ({"queue": QUEUE, "region": "Frankfurt"}, "region", "region is wanted", "eu-central-1"),
        (
            {"queue": QUEUE, "endpoint": "localhost:4566"},
            "endpoint",
            "address of a server",
            "http://localhost",
        ),
        ({"queue": QUEUE, "access_key": "env:A"}, "access_key", "belong together", "both"),
        ({"queue": QUEUE, "session_token": "env:A"}, "session_token", "goes with keys", "access_key"),
        ({"queue": "store:Shop"}, "queue", "address of a queue", "store:shop"),
        ({"queue": "cluster:shop"}, "queue", "address of a queue", "cluster:deploy/shop"),
        ({"queue": "store:" + "x" * 50}, "facts", "too long", "store:shop"),
        ({"queue": "store:shop", "facts": QUEUE}, "facts", "of one kind", "leave it out"),
        (
            {"queue": "store:shop", "region": "eu-central-1"},
            "region",
            "goes with a queue of SQS",
            "leave it out",
        ),
        (
            {"queue": "store:shop", "context": "prod"},
            "context",
            "goes with a queue in a cluster",
            "leave it out",
        ),
        (
            {"queue": QUEUE, "context": "prod"},
            "context",
            "goes with a queue in a cluster",
            "cluster:deploy/shop",
        ),
        ({"queue": "cluster:a/shop", "kubeconfig": 7}, "kubeconfig", "text is wanted", "name of a file"),
        (
            {"queue": QUEUE, "access_key": "AKIA", "secret_key": "env:B"},
            "access_key",
            "by reference only",
            "",
        ),
    ],
)
def test_what_is_wrong_names_its_key_and_what_to_do(section, where, problem, remedy):
    [(found, said, to_do)] = complaints(**section)
    assert found == f"target.{where}"
    assert problem in said
    assert remedy in to_do
    shown = re.sub(r"`[^`]*`", "", " ".join(trouble(one, Reader("ja")) for one in (said, to_do)))
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", shown), shown


@pytest.mark.parametrize(
    "queue",
    [
        "https://AKIA:hunter2@sqs.eu-central-1.amazonaws.com/1/shop",
        f"{QUEUE}?key=hunter2",
        f"{QUEUE}\nhunter2",
    ],
)
def test_a_url_with_more_in_it_is_not_repeated(queue):
    [found] = complaints(queue=queue)
    assert "hunter2" not in str(found)


def test_an_old_release_goes_to_the_queues_of_today():
    assert KIND.renew({"queue": "a", "facts": "b", "region": "c"}, {"queue": "d", "facts": "e"}) == {
        "queue": "d",
        "facts": "e",
    }


def test_settings_that_cannot_be_read_name_no_queue():
    assert queues({"queue": 7}) is None
