from datetime import timedelta
from typing import Any

import pytest
import yaml

from funade.controller.deploy_queue import DeployQueue, Flawed, parse, rendered, values_for
from tests.architecture.source import ROOT

SPEC: dict[str, Any] = {
    "queue": "https://sqs.eu-west-1.amazonaws.com/1/orders",
    "factsQueue": "https://sqs.eu-west-1.amazonaws.com/1/facts",
    "template": {"spec": {"containers": [{"name": "deploy", "image": "x"}]}},
}


def problems(**changed: Any) -> tuple[str, ...]:
    parsed = parse({"metadata": {"name": "shop"}, "spec": {**SPEC, **changed}})
    assert isinstance(parsed, Flawed)
    return parsed.problems


def good(**changed: Any) -> DeployQueue:
    parsed = parse({"metadata": {"name": "shop"}, "spec": {**SPEC, **changed}})
    assert isinstance(parsed, DeployQueue), parsed
    return parsed


def test_the_least_that_is_needed():
    queue = good()
    assert (queue.container, queue.time_limit, queue.history.succeeded) == ("deploy", timedelta(hours=1), 3)


@pytest.mark.parametrize("name", ["shop", "messages"])
def test_the_samples_are_good(name):
    sample = yaml.safe_load((ROOT / f"deploy/kubernetes/samples/{name}.yaml").read_text())
    assert isinstance(parse(sample), DeployQueue)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"queue": ""}, "`spec.queue` is missing"),
        ({"queue": 7}, "`spec.queue` must be text"),
        ({"factsQueue": ""}, "`spec.factsQueue` is missing"),
        ({"factsQueue": SPEC["queue"]}, "`spec.factsQueue` is the queue of the orders"),
        ({"template": {}}, "`spec.template` must be a Pod's template"),
        ({"template": {"spec": {"containers": [{}]}}}, "a container without a name"),
        ({"container": "other"}, "`spec.container` names none of the template's containers: `deploy`"),
        ({"timeLimit": "soon"}, "`spec.timeLimit` is wrong: `soon` is no span of time"),
        ({"timeLimit": 60}, "`spec.timeLimit` must be a span of time"),
        ({"arguments": "deploy"}, "`spec.arguments` must be a list"),
        ({"arguments": ["{revison}"]}, "did you mean `{revision}`?"),
        ({"variables": {"A": "{x}"}}, "`spec.variables.A` is wrong"),
        ({"acceptForeign": "yes"}, "`spec.acceptForeign` must be `true` or `false`"),
        ({"foreignAtOnce": 0}, "`spec.foreignAtOnce` must be a whole number from 1"),
        ({"acceptForeign": True, "arguments": ["{to-whom}"]}, "`spec.arguments[0]` is wrong"),
        ({"history": {"failed": -1}}, "`spec.history.failed` must be a whole number"),
        ({"history": {"age": "x"}}, "`spec.history.age` is wrong"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(changed, problem):
    assert problem in "; ".join(problems(**changed))


def test_everything_that_is_wrong_is_said_at_once():
    assert len(problems(queue="", timeLimit="soon", history=7)) == 3


@pytest.mark.parametrize("raw", [{}, {"spec": None}, {"spec": []}, {"metadata": {"name": "x"}, "spec": "x"}])
def test_nonsense_is_flawed_and_raises_nothing(raw):
    assert isinstance(parse(raw), Flawed)


def test_two_containers_need_a_word():
    template = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    assert "say which of `a`, `b` deploys" in problems(template=template)[0]
    assert good(template=template, container="b").container == "b"


def test_another_template_has_another_hash():
    assert good().template_hash == good().template_hash != good(arguments=["x"]).template_hash


def test_a_value_asks_for_no_secret_of_kubernetes():
    values = values_for({"revision": "f" * 40, "ref": "$(TOKEN)$$"})
    assert rendered("$(HOME) {ref}", values) == "$(HOME) $$(TOKEN)$$$$"
