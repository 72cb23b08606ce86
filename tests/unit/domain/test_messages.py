import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.messages import (
    LOG_LIMIT,
    BrokenMessage,
    Fact,
    ForeignMessage,
    NewerMessage,
    Order,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedLog,
    ReportedProgress,
    ReportedSighting,
    ReportedStart,
    group_of,
    key_of,
)
from funade.domain.orders import EndedBy, Ending, Execution, Observed, Sighting, Standing
from funade.domain.queue_text import MAXIMUM_BYTES, VERSION, read_fact, read_order, to_text
from funade.domain.revision import Revision

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EXECUTION = Execution(
    deployment="0b54ea1e-6b0c-4a3a-9f9c-9b1d8a4c2e11",
    number=12,
    attempt=1,
    fence=7,
    application="shop",
    environment="production",
)
START = OrderedStart(
    execution=EXECUTION,
    repository="acme/shop",
    ref="v1.2.0",
    revision=Revision("f5c0df1" + "0" * 33),
    digest="sha256:1",
    not_after=NOON,
    store="store-1",
)
ORDERS: list[Order] = [
    START,
    OrderedCancel(execution=EXECUTION),
    OrderedLook(execution=EXECUTION, question="q1"),
]
ENDING = Ending(by=EndedBy.ITSELF, exit_code=1, at=NOON, problem="船出")
FACTS: list[Fact] = [
    ReportedStart(execution=EXECUTION, at=NOON),
    ReportedLog(execution=EXECUTION, offset=0, content="船出 🚢\n".encode()),
    ReportedLog(execution=EXECUTION, offset=9, content=b"\x1b[1m\xff\0\r"),
    ReportedLog(execution=EXECUTION, offset=9, content="\uffff\u2028".encode()),
    ReportedProgress(execution=EXECUTION, sequence=3, shown="2 of 3 pods", at=NOON),
    ReportedEnd(execution=EXECUTION, ending=ENDING),
    ReportedEnd(execution=EXECUTION, ending=ENDING, observed=Observed(matches=True), template="abc"),
    ReportedSighting(execution=EXECUTION, question="q1", sighting=Sighting(standing=Standing.UNSEEN)),
    ReportedSighting(
        execution=EXECUTION, question="q2", sighting=Sighting(standing=Standing.ENDED, ending=ENDING)
    ),
]
#: as it stands in the description of the messages, without what was added since
OLDEST = json.loads(to_text(START)) | {"number": None, "store": None}
OLDEST = {name: value for name, value in OLDEST.items() if value is not None}


def broken(problem: str) -> BrokenMessage:
    return BrokenMessage(problem=problem)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_is_read_as_it_was_written(order):
    assert read_order(to_text(order)) == order


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_is_read_as_it_was_written(fact):
    assert read_fact(to_text(fact)) == fact


def test_an_order_keeps_the_names_of_the_first_of_its_kind():
    plain = json.loads(to_text(START))
    assert (plain["repository"], plain["environment"], plain["hash"]) == (
        "acme/shop",
        "production",
        START.revision,
    )
    assert (plain["version"], plain["order"]) == (VERSION, "start")


def test_the_oldest_order_of_ours_is_still_one():
    read = read_order(json.dumps(OLDEST))
    assert read == replace(START, execution=replace(EXECUTION, number=0), store="")


def test_the_first_of_its_kind_is_a_message_of_somebody_else():
    text = '{"repository":"acme/shop","environment":"production","hash":"v1.2.0"}'
    read = read_order(text)
    assert isinstance(read, ForeignMessage)
    assert [read.text(name) for name in ("repository", "environment", "hash", "ref")] == [
        "acme/shop",
        "production",
        "v1.2.0",
        None,
    ]


def test_any_other_object_is_one_too():
    body = '{"seconds":30}'
    assert read_order(body) == ForeignMessage(fields={"seconds": 30}, body=body)


def test_an_order_without_its_deployment_never_passes_for_one_of_ours():
    plain = {name: value for name, value in OLDEST.items() if name != "deployment"}
    assert isinstance(read_order(json.dumps(plain)), ForeignMessage)


def test_what_a_newer_release_added_is_kept():
    read = read_order(json.dumps({**OLDEST, "colour": {"of": ["sails"]}}))
    assert isinstance(read, OrderedStart)
    assert read.rest == {"colour": {"of": ["sails"]}}
    assert json.loads(to_text(read))["colour"] == {"of": ["sails"]}


def test_what_a_newer_release_wrote_in_its_own_way_is_left_alone():
    newer = {"version": VERSION + 1, "deployment": {"unknown": "shape"}}
    assert read_order(json.dumps(newer)) == read_fact(json.dumps(newer)) == NewerMessage(version=VERSION + 1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": None}, "`version` must be a whole number from 1 on"),
        ({"version": True}, "`version` must be a whole number from 1 on"),
        ({"version": "1"}, "`version` must be a whole number from 1 on"),
        ({"order": "stop"}, "`order` must be one of `start`, `cancel`, `look`"),
        ({"order": ["start"]}, "`order` must be one of `start`, `cancel`, `look`"),
        ({"deployment": "12"}, "badly formed hexadecimal UUID string"),
        ({"deployment": EXECUTION.deployment.upper()}, "`deployment` is no UUID as we write them"),
        ({"deployment": 12}, "`deployment`: str is wanted"),
        ({"attempt": 0}, "`attempt` is less than 1"),
        ({"attempt": 1.5}, "`attempt`: int is wanted"),
        ({"fence": -1}, "`fence` is less than 0"),
        ({"fence": 2**60}, "`fence`: too great a number"),
        ({"hash": "main"}, "`main` is not a full SHA"),
        ({"hash": "--upload-pack=x"}, "`--upload-pack=x` is not a full SHA"),
        ({"ref": "a\nb"}, "`ref` holds a control character"),
        ({"ref": ""}, "`ref` has 0 characters; 1 to 1000 are wanted"),
        ({"ref": "x" * 1001}, "`ref` has 1001 characters; 1 to 1000 are wanted"),
        ({"not_after": "2026-11-21T12:00:00"}, "`not_after`: no time: a time needs its zone"),
        ({"application": None}, "`application`: str is wanted"),
    ],
)
def test_an_order_that_is_wrong_says_where(change, problem):
    assert read_order(json.dumps({**OLDEST, **change})) == broken(problem)


@pytest.mark.parametrize("name", [name for name in OLDEST if name not in ("deployment", "version", "order")])
def test_an_order_needs_all_it_says(name):
    plain = {one: value for one, value in OLDEST.items() if one != name}
    read = read_order(json.dumps(plain))
    assert read == broken(f"`{name}`: is missing")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON: Expecting value"),
        ("deploy shop", "no JSON: Expecting value"),
        ("[]", "a JSON object is wanted"),
        ('{"a":1,"a":2}', "a field stands in it twice"),
        ('{"a":{"b":1,"b":1}}', "a field stands in it twice"),
        ('{"a":NaN}', "`NaN` is no JSON"),
        ('{"a":1e999}', "a finite number is wanted"),
        ('{"a":' + "9" * 5000 + "}", "a number in it has too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 60 + "1" + "}" * 60, "nested too deeply"),
        (r'{"a":"\ud800"}', "it holds half a character"),
        ('{"a":"\ud800"}', "it holds half a character"),
        ("x" * (MAXIMUM_BYTES + 1), f"longer than {MAXIMUM_BYTES} bytes"),
    ],
    ids=range(13),
)
def test_what_is_no_message_at_all_is_a_value_too(text, problem):
    assert read_order(text) == read_fact(text) == broken(problem)


@given(st.text())
def test_no_text_stops_a_reader(text):
    assert read_order(text) is not None
    assert read_fact(text) is not None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(OLDEST)), PLAIN)
def test_nothing_in_any_field_stops_a_reader(name, value):
    text = json.dumps({**OLDEST, name: value})
    assert read_order(text) is not None
    assert read_fact(text) is not None


@given(st.binary(min_size=1, max_size=300), st.integers(0, 2**50))
def test_every_byte_of_a_log_arrives(content, offset):
    fact = ReportedLog(execution=EXECUTION, offset=offset, content=content)
    assert read_fact(to_text(fact)) == fact


@pytest.mark.parametrize("byte", [b"a", b"\x1b", b"\xff", b'"', "船".encode()])
def test_the_largest_piece_of_a_log_fits_into_a_message(byte):
    content = (byte * LOG_LIMIT)[: LOG_LIMIT // 3 * 3]
    text = to_text(ReportedLog(execution=EXECUTION, offset=0, content=content))
    assert len(text.encode()) < MAXIMUM_BYTES / 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"offset": -1}, "`offset` is less than nothing"),
        ({"offset": "0"}, "`offset`: int is wanted"),
        ({"text": None}, "a piece of a log has either `text` or `base64`"),
        ({"base64": ""}, "a piece of a log has either `text` or `base64`"),
        ({"text": None, "base64": "?"}, "Only base64 data is allowed"),
        ({"text": ""}, f"a piece of a log has 1 to {LOG_LIMIT} bytes, not 0"),
        (
            {"text": "x" * (LOG_LIMIT + 1)},
            f"a piece of a log has 1 to {LOG_LIMIT} bytes, not {LOG_LIMIT + 1}",
        ),
    ],
)
def test_a_piece_of_a_log_that_is_wrong_says_why(change, problem):
    plain = json.loads(to_text(ReportedLog(execution=EXECUTION, offset=0, content=b"a")))
    assert read_fact(json.dumps({**plain, **change})) == broken(problem)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_is_no_fact_and_a_fact_no_order(order):
    assert isinstance(read_fact(to_text(order)), BrokenMessage)
    assert isinstance(read_order(to_text(FACTS[0])), BrokenMessage)


def test_what_is_said_of_one_environment_stays_in_order():
    assert {group_of(one) for one in [*ORDERS, *FACTS]} == {"shop/production"}


def test_names_that_a_queue_does_not_take_have_names_of_their_own():
    names = ["x" * 128, "船", "a b"]
    groups = {group_of(OrderedCancel(execution=replace(EXECUTION, application=name))) for name in names}
    assert len(groups) == 3
    assert all(len(group) == 64 and group.isascii() for group in groups)


def test_what_is_said_twice_has_one_name_and_what_differs_has_two():
    keys = [key_of(one) for one in [*ORDERS, *FACTS]]
    assert len(set(keys)) == len(keys) - 1, "two ends of one attempt are one"
    assert key_of(replace(START, rest={"a": 1})) == key_of(START)
    assert key_of(replace(START, execution=replace(EXECUTION, fence=8))) != key_of(START)
    assert all(len(key) <= 128 for key in keys)


def test_pieces_that_begin_alike_and_end_elsewhere_are_two():
    short, long = (ReportedLog(execution=EXECUTION, offset=0, content=b"a" * size) for size in (1, 2))
    assert key_of(short) != key_of(long)


def test_output_is_in_no_representation():
    assert "hunter2" not in repr(ReportedLog(execution=EXECUTION, offset=0, content=b"hunter2"))
