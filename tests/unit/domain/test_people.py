import pytest

from funade.domain.people import Actor, Door, People, Person, asker_to_plain

ADA = Person(name="ada", ids=frozenset({"local:1000", "slack:T0ACME/U0ADA"}))
BOB = Person(name="bob", ids=frozenset({"local:1001"}))
PEOPLE = People(
    people={"ada": ADA, "bob": BOB},
    groups={
        "sre": ("ada",),
        "ops": ("sre", "bob"),
        "round": ("trip",),
        "trip": ("round", "bob"),
        "self": ("self",),
    },
)


@pytest.mark.parametrize(
    ("member", "names"),
    [
        ("everyone", {"ada", "bob"}),
        ("ada", {"ada"}),
        ("sre", {"ada"}),
        ("ops", {"ada", "bob"}),
        ("round", {"bob"}),
        ("self", set()),
        ("nobody", set()),
        ("", set()),
    ],
)
def test_a_member_stands_for_a_person_a_group_or_everyone(member, names):
    assert {one.name for one in (ADA, BOB) if PEOPLE.belongs(one, member)} == names


def test_people_are_found_by_what_the_door_proved_never_by_name():
    assert PEOPLE.find(Actor(door=Door.SLACK, id="slack:T0ACME/U0ADA", name="bob")) == ADA
    assert PEOPLE.find(Actor(door=Door.SLACK, id="ada", name="ada")) is None


def test_events_show_who_asked():
    actor = Actor(door=Door.API, id="local:1000", name="root")
    assert asker_to_plain(actor, ADA) == {"id": "local:1000", "name": "ada", "door": "api"}
    assert asker_to_plain(actor, None)["name"] == "root"


def test_all_ids_of_a_person_are_theirs_and_an_unknown_id_is_only_itself():
    assert PEOPLE.ids_of("local:1000") == PEOPLE.ids_of("slack:T0ACME/U0ADA") == ADA.ids
    assert PEOPLE.ids_of("local:9999") == {"local:9999"}
    assert People().ids_of("local:1000") == {"local:1000"}
    assert PEOPLE.find_by_id("local:1001") == BOB
    assert PEOPLE.find_by_id("bob") is None
