import pytest

from funade.domain.people import Actor, Door, People, Person
from funade.web.api import BadRequest, for_oneself
from funade.web.demo import DemoPeople, is_demo

PEOPLE = People(
    people={
        "ada": Person(name="ada", ids=frozenset({"local:1000"})),
        "cy": Person(name="cy", ids=frozenset({"slack:T0/UCY", "github:3"})),
        "dan": Person(name="dan"),
    }
)
OWNER = Actor(door=Door.TERMINAL, id="local:1000", name="ada", owns_store=True)
GUEST = Actor(door=Door.TERMINAL, id="local:1001", name="bob")


def test_nobody_speaks_for_others_outside_a_demo():
    with pytest.raises(BadRequest, match="only the demo's server"):
        for_oneself("cy", OWNER)


def test_in_a_demo_its_owner_speaks_as_anybody_who_can_be_known():
    speaks_as = DemoPeople(lambda: PEOPLE)
    speaker = speaks_as("cy", OWNER)
    assert speaker == Actor(door=Door.TERMINAL, id="github:3", name="cy")
    assert PEOPLE.find(speaker) == PEOPLE.people["cy"]
    for nobody in ("dan", "eve", ""):
        with pytest.raises(BadRequest, match="nobody called"):
            speaks_as(nobody, OWNER)


def test_in_a_demo_too_others_speak_for_themselves():
    with pytest.raises(BadRequest, match="only the demo's server"):
        DemoPeople(lambda: PEOPLE)("cy", GUEST)


def test_it_is_a_demo_only_where_the_variable_names_this_very_data_folder(tmp_path, monkeypatch):
    data = tmp_path / "demo"
    data.mkdir()
    (tmp_path / "link").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    assert is_demo(str(data), data)
    assert is_demo(str(tmp_path / "link"), data)
    for other in (None, "", "1", "true", "demo", str(tmp_path), str(tmp_path / "else")):
        assert not is_demo(other, data)
