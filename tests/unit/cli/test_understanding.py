import io
import json

import pytest

from funade.cli.exit_codes import Exit

CONFIGURATION = """
applications:
  shop:
    repository: shop
    environments:
      production:
        aliases: [prod]
        target: {kind: command, run: ["true"]}
"""
NULL = {"ref": None, "reason": None, "force": None}


@pytest.fixture
def parse(funade, tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    path = tmp_path / "funade.yaml"
    path.write_text(CONFIGURATION)

    def run(*arguments, standard_input=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(standard_input))
        return funade("parse", "--config", str(path), "--language", "en", *arguments)

    return run


def test_a_command_is_told_field_by_field(parse):
    ran = parse("--json", "deploy", "shop", "prod", "v1", "--", "--force", "because", "it", "burns")
    assert ran.code == Exit.SUCCEEDED
    assert json.loads(ran.out) == {
        "kind": "command",
        "verb": "deploy",
        "application": "shop",
        "environment": "production",
        "ref": "v1",
        "reason": "it burns",
        "force": True,
    }


def test_each_line_of_standard_input_is_answered_by_a_line(parse):
    lines = [
        {"via": "slash", "raw": "lock shop prod --reason=\u201cA &amp; B\u201d"},
        {"via": "mention", "raw": "<@UBOT>\u00a0pause all"},
        {"via": "mention", "raw": "&gt; <@UBOT> deploy shop prod"},
        {"via": "terminal", "raw": "deploy shop to prodution\nand more"},
        {"raw": "deploy shop to prodution"},
        {"via": "slash", "raw": ""},
    ]
    ran = parse("--json", standard_input="".join(json.dumps(line) + "\n" for line in lines))
    assert ran.code == Exit.SUCCEEDED
    told = [json.loads(line) for line in ran.out.splitlines()]
    place = {"application": "shop", "environment": "production"}
    assert told[0] == {"kind": "command", "verb": "lock", **place, **NULL, "reason": "A & B"}
    assert told[1] == {
        "kind": "command",
        "verb": "pause all",
        "application": None,
        "environment": None,
        **NULL,
    }
    assert told[2] == {"kind": "ignored", "code": "quotation", "reply": None}
    assert [one["code"] for one in told[3:5]] == ["several_commands", "unknown_environment"]
    assert "Try: `deploy shop to production`" in told[4]["reply"]
    assert (told[5]["kind"], told[5]["code"]) == ("help", None)


def test_without_json_people_read_it(parse):
    assert (
        parse("--via", "slash", "deploy shop prod \u2014force").out == "deploy shop to production --force\n"
    )
    ran = parse("deploy shp to production")
    assert ran.code == Exit.USAGE
    assert ran.out.endswith("Try: `deploy shop to production`\n")
    assert parse(" ").out == "not meant for Funade: nothing is done, nothing answered\n"


@pytest.mark.parametrize(
    "line", ["deploy shop prod", "[]", '{"via": "fax", "raw": "x"}', '{"raw": 4}', "[" * 9999]
)
def test_a_line_that_is_no_such_object_is_named(parse, line):
    ran = parse("--json", standard_input=f'{{"raw": "status"}}\n{line}\n')
    assert ran.code == Exit.USAGE
    assert "line 2 of standard input" in ran.err
