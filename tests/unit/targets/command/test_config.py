import jsonschema
import pytest

from funade.targets import KINDS
from funade.targets.command.config import _READERS

KIND = KINDS["command"]

LEAST = {
    "run": ["cap", "staging", "deploy"],
    "environment": {},
    "secrets": {},
    "time_limit": 3600.0,
    "kill_grace": 10.0,
    "abandoned": "continue",
    "guard": None,
    "folder": ".",
}


def read(**section):
    return KIND.parse({"kind": "command", **section}, "target")


def test_the_program_is_all_that_must_be_said():
    assert read(run=["cap", "staging", "deploy"]) == (LEAST, [])


def test_a_whole_section_is_read():
    section = {
        "run": ["bin/deploy", "{revision}", 8080],
        "environment": {"PORT": 8080, "DEBUG": False, "WHAT": "{application}"},
        "secrets": {"TOKEN": "env:DEPLOY_TOKEN", "KEY": "file:/run/key"},
        "time_limit": "10m",
        "kill_grace": 30,
        "abandoned": "stop",
        "guard": "/var/lib/funade/guards",
        "folder": "services/shop",
    }
    jsonschema.validate({"kind": "command", **section}, KIND.schema())
    assert read(**section) == (
        {
            **section,
            "run": ["bin/deploy", "{revision}", "8080"],
            "environment": {"PORT": "8080", "DEBUG": "false", "WHAT": "{application}"},
            "time_limit": 600.0,
            "kill_grace": 30.0,
        },
        [],
    )


@pytest.mark.parametrize(
    ("section", "where", "said"),
    [
        ({}, "run", "add `run: [program, argument]`"),
        ({"run": "cap deploy"}, "run", "a shell is a program too"),
        ({"run": []}, "run", "a list"),
        ({"run": [["cap"]]}, "run", "a list"),
        ({"run": [""]}, "run[0]", "has no name"),
        ({"run": ["cap", "{revison}"]}, "run[1]", "did you mean `{revision}`?"),
        ({"run": ["cap", "{"]}, "run[1]", "a brace is written `{{`"),
        ({"run": ["cap", "a\0b"]}, "run[1]", "NUL"),
        ({"run": ["cap"], "enviroment": {}}, "enviroment", "did you mean `environment`?"),
        ({"run": ["cap"], "environment": ["A"]}, "environment", "names with values"),
        ({"run": ["cap"], "environment": {"A": [1]}}, "environment.A", "a text or a number"),
        ({"run": ["cap"], "environment": {"A-B": "1"}}, "environment.A-B", "no name of a variable"),
        (
            {"run": ["cap"], "environment": {"FUNADE_FENCE": "1"}},
            "environment.FUNADE_FENCE",
            "given by Funade",
        ),
        ({"run": ["cap"], "environment": {"A": "{nothing}"}}, "environment.A", "no placeholder"),
        ({"run": ["cap"], "secrets": {"A": "hunter22"}}, "secrets.A", "by reference only"),
        ({"run": ["cap"], "secrets": {"A": 7}}, "secrets.A", "by reference only"),
        (
            {"run": ["cap"], "environment": {"A": "1"}, "secrets": {"A": "env:A"}},
            "secrets.A",
            "`environment` too",
        ),
        ({"run": ["cap"], "time_limit": "soon"}, "time_limit", "`soon` is no span of time"),
        ({"run": ["cap"], "time_limit": 0}, "time_limit", "more than nothing"),
        ({"run": ["cap"], "kill_grace": True}, "kill_grace", "a span of time is wanted"),
        ({"run": ["cap"], "abandoned": "wait"}, "abandoned", "`continue` or `stop`"),
        ({"run": ["cap"], "guard": "guards"}, "guard", "begins with `/`"),
        ({"run": ["cap"], "folder": "../other"}, "folder", "inside the checkout"),
        ({"run": ["cap"], "folder": "/srv"}, "folder", "inside the checkout"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(section, where, said):
    _, problems = read(**section)
    assert [one.where for one in problems] == [f"target.{where}"]
    assert said in f"{problems[0].problem} — {problems[0].remedy}"
    assert "hunter22" not in str(problems)


def test_the_schema_knows_every_setting():
    assert KIND.schema()["properties"].keys() == {"kind", *_READERS}
