from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from funade.controller.absorb import Then
from funade.controller.deploy_queue import DeployQueue, parse
from funade.controller.foreign import absorb_foreign, guard_of, is_forgettable, values_of, without_body
from funade.controller.guard import Guard, Phase
from funade.domain.messages import BrokenMessage, ForeignMessage, OrderedCancel
from funade.domain.queue_text import read_any_order

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORDER = (
    '{"version": 1, "order": "cancel", "deployment": "0b54ea1e-6b0c-4a3a-9f9c-9b1d8a4c2e11", "attempt": 1,'
    ' "fence": 7, "application": "shop", "environment": "production"}'
)


def queue() -> DeployQueue:
    template = {"spec": {"containers": [{"name": "work", "image": "x"}]}}
    spec = {"queue": "https://sqs/1/work", "acceptForeign": True, "template": template}
    parsed = parse({"metadata": {"name": "worker"}, "spec": spec})
    assert isinstance(parsed, DeployQueue)
    return parsed


def message(body: str) -> ForeignMessage:
    read = read_any_order(body)
    assert isinstance(read, ForeignMessage)
    return read


def held(phase: Phase) -> Guard:
    guard = absorb_foreign(guard_of("m1", queue()), "m1", message("{}"), queue(), NOW).guard
    (attempt,) = guard.attempts
    return guard.having(replace(attempt, phase=phase))


@pytest.mark.parametrize("body", ["", "no JSON", "[1]", "7", '{"a": 1, "a": 2}', "[" * 5000, '"\\ud800"'])
def test_whatever_is_no_order_of_ours_is_a_message_of_another_program(body):
    assert message(body) == ForeignMessage(fields={}, body=body)


def test_an_order_of_ours_stays_one_and_a_broken_one_stays_broken():
    assert isinstance(read_any_order(ORDER), OrderedCancel)
    assert isinstance(read_any_order(ORDER.replace('"attempt": 1', '"attempt": 0')), BrokenMessage)
    assert isinstance(read_any_order(ORDER[:-1] + ', "attempt": 1}'), BrokenMessage)


def test_fields_are_values_and_what_is_no_text_is_written_as_json():
    values = values_of(
        "m1", message('{"to": "web1", "n": 7, "all": [true, "\u00e4"], "no name": 1, "body": "x"}')
    )
    body = values.pop("body")
    assert body.startswith('{"to"'), "ours, whatever the message calls so"
    assert values == {"to": "web1", "n": "7", "all": '[true,"\u00e4"]', "message_id": "m1"}


def test_the_form_of_the_first_program_gives_a_revision_and_a_ref():
    values = values_of(
        "m1", message('{"repository": "acme/shop", "environment": "staging", "hash": "v1.2.0"}')
    )
    assert (values["revision"], values["ref"], values["short_revision"]) == ("v1.2.0", "v1.2.0", "v1.2.0")
    sha = "f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504"
    assert values_of("m1", message(f'{{"hash": "{sha}"}}'))["short_revision"] == "f5c0df1"


@pytest.mark.parametrize(
    ("phase", "then"),
    [
        (Phase.INTENDED, Then.WAIT),
        (Phase.STARTED, Then.DONE),
        (Phase.ENDED, Then.DONE),
        (Phase.SEALED, Then.ASIDE),
    ],
)
def test_a_message_that_is_known_changes_nothing(phase, then):
    guard = held(phase)
    absorbed = absorb_foreign(guard, "m1", message("{}"), queue(), NOW)
    assert (absorbed.guard, absorbed.then) == (guard, then)


def test_what_it_said_is_remembered_until_it_is_over():
    (intended,) = held(Phase.INTENDED).attempts
    assert without_body(intended) == intended
    (ended,) = held(Phase.ENDED).attempts
    assert without_body(ended).wanted is None


@pytest.mark.parametrize(
    ("phase", "days", "goes"),
    [
        (Phase.ENDED, 16, True),
        (Phase.SEALED, 16, True),
        (Phase.STARTED, 16, False),
        (Phase.ENDED, 14.9, False),
    ],
)
def test_a_guard_goes_when_its_message_cannot_come_again_and_nothing_runs(phase, days, goes):
    assert is_forgettable(held(phase), NOW, NOW + timedelta(days=days)) is goes
