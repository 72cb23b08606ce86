import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta, timezone
from enum import Enum
from typing import Any, Union

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funade.domain import events
from funade.domain.answers import ANSWERS
from funade.domain.application import Configuration
from funade.domain.commands import COMMANDS
from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.orders import Ending, Execution, Observed, Problem, Sighting, StartOrder
from funade.domain.plan import Step
from funade.domain.reason import Reason, because
from funade.domain.wire import (
    DEEPEST,
    GREATEST,
    Plain,
    Unreadable,
    from_plain,
    from_tagged,
    kind_of,
    to_plain,
)
from tests.unit.domain.examples import NOON, deployment

HAPPENINGS = events.Happening.__args__
UNIONS = (COMMANDS, ANSWERS, HAPPENINGS)
CLASSES = (
    *(*COMMANDS, *ANSWERS, *HAPPENINGS, events.Event, Deployment, Berth, Configuration),
    *(Ending, Execution, Observed, Problem, Sighting, StartOrder),
)

TEXTS = st.text(max_size=8)
INTEGERS = st.integers(-GREATEST, GREATEST)
PLAIN = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS | st.just("kind"), inner, max_size=2),
    max_leaves=4,
)
MOMENTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 -- hypothesis adds the zone itself
    datetime(9999, 12, 30),  # noqa: DTZ001 -- as above
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))]),
)
#: There are many classes; together they get enough.
FEW = settings(
    max_examples=settings().max_examples // 8,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: What JSON can say, and what Python's reader makes of some things that it cannot.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["deploy", "because", "2026-07-01T12:00:00Z", "9999-12-31T23:59:59-14:00", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a type; the domain's own types hold no others than these."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or {dict, list} <= {typing.get_origin(one) for one in arguments}:
        return PLAIN
    if origin in (Union, types.UnionType):
        return st.one_of(*(values(one) for one in arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(arguments[0]), max_size=2)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    if dataclasses.is_dataclass(hint):
        return instances(hint)
    if hasattr(hint, "__supertype__"):
        return values(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    return {
        str: TEXTS,
        int: INTEGERS,
        bool: st.booleans(),
        type(None): st.none(),
        datetime: MOMENTS,
        timedelta: st.integers(0, 10**9).map(lambda seconds: timedelta(milliseconds=seconds)),
        time: st.times(),
    }[hint]


def instances(cls: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{one.name: values(hints[one.name]) for one in dataclasses.fields(cls)})


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@FEW
@given(data=st.data())
def test_every_noun_comes_back_from_json_as_it_was(cls, data):
    value = data.draw(instances(cls))
    assert from_plain(cls, json.loads(json.dumps(to_plain(value), allow_nan=False))) == value


@pytest.mark.parametrize("union", UNIONS, ids=["commands", "answers", "happenings"])
@FEW
@given(data=st.data())
def test_every_member_of_a_union_is_told_apart_by_its_kind(union, data):
    value = data.draw(st.one_of(*(instances(one) for one in union)))
    assert from_tagged(union, json.loads(json.dumps(to_plain(value, tagged=True)))) == value


@pytest.mark.parametrize("union", UNIONS, ids=["commands", "answers", "happenings"])
def test_no_member_of_a_union_has_a_field_where_its_kind_stands(union):
    assert len({kind_of(one) for one in union}) == len(union)
    assert [one for one in union if "kind" in {field.name for field in dataclasses.fields(one)}] == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@FEW
@given(plain=ANYTHING)
def test_anything_at_all_is_read_or_unreadable(cls, plain):
    with suppress(Unreadable):
        from_plain(cls, plain)


@given(data=st.data())
def test_a_damaged_deployment_is_read_or_unreadable_and_what_was_read_can_be_written_again(data):
    plain: Any = to_plain(deployment(wish=None))
    place: Any = plain
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(ANYTHING)
    try:
        read = from_plain(Deployment, plain)
    except Unreadable:
        return
    json.dumps(to_plain(read), allow_nan=False)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_required_field_that_is_missing_is_named(cls):
    for field in dataclasses.fields(cls):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            with pytest.raises(Unreadable, match=rf"^{cls.__name__}\."):
                from_plain(cls, {})
            return
    assert from_plain(cls, {}) == cls()


def test_the_place_of_a_problem_is_named():
    plain: Any = to_plain(deployment())
    plain["release"]["repository"]["url"] = 5
    with pytest.raises(Unreadable, match=r"^Deployment\.release\.repository\.url: str is wanted$"):
        from_plain(Deployment, plain)


def test_what_a_newer_release_added_is_not_in_the_way():
    plain: Any = to_plain(deployment())
    assert from_plain(Deployment, {**plain, "invented_later": {"x": 1}}) == deployment()


def test_data_of_a_target_may_have_a_key_named_kind():
    step = Step(name="run", data={"inner": {"kind": "x"}, "list": [{"kind": {"kind": None}}]})
    assert from_plain(Step, to_plain(step)) == step


@pytest.mark.parametrize(
    "at", ["2026-07-01T12:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "noon", 5, None]
)
def test_a_moment_without_zone_or_outside_of_the_calendar_is_unreadable(at):
    with pytest.raises(Unreadable):
        from_plain(Deployment, {**typing.cast("dict[str, Plain]", to_plain(deployment())), "asked_at": at})


@pytest.mark.parametrize("number", [GREATEST + 1, -GREATEST - 1, 10**400, True, 1.0, "1", None])
def test_a_number_that_no_program_can_count_with_is_unreadable(number):
    with pytest.raises(Unreadable):
        from_plain(Deployment, {**typing.cast("dict[str, Plain]", to_plain(deployment())), "number": number})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_unreadable_in_free_data_too(number):
    with pytest.raises(Unreadable):
        from_plain(Step, {"name": "run", "data": {"x": [number]}})


def test_data_nested_too_deeply_is_unreadable():
    nested: Plain = []
    for _ in range(DEEPEST + 1):
        nested = [nested]
    with pytest.raises(Unreadable, match="nested too deeply"):
        from_plain(Step, {"name": "run", "data": {"x": nested}})


def test_a_set_is_written_in_order_so_that_a_digest_of_it_stays():
    assert to_plain(frozenset({"b", "c", "a"})) == ["a", "b", "c"]


def test_what_is_no_data_does_not_travel():
    with pytest.raises(TypeError, match="object does not travel"):
        to_plain(object())


def test_times_are_said_in_utc():
    assert to_plain(NOON.astimezone(timezone(timedelta(hours=9)))) == "2026-07-01T12:00:00Z"


def test_a_reason_keeps_its_code_and_its_detail():
    reason = because(Reason.TIMED_OUT, seconds=3)
    assert to_plain(reason) == {"code": "timed_out", "detail": {"seconds": 3}}
