"""What is said about broken files, exactly: `broken/*.txt` are the specification of the messages.

After a change of words: `UPDATE_GOLDEN=1 pytest -n 0 tests/unit/settings`, then read the diff.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from funade import settings
from tests.unit.settings.kinds import KINDS

PATH = Path("/etc/funade/funade.yaml")
GOLDEN = Path(__file__).parent / "broken"

GOOD = """\
people:
  ada: {local: 1000}
  bob: {}
applications:
  shop:
    repository: https://github.com/acme/shop.git
    environments:
      production:
        target: {kind: command, run: [./deploy]}
"""


class Broken(NamedTuple):
    """One broken file of a golden file, and the lines that are said about it."""

    title: str
    content: str
    said: list[str]

    def __str__(self) -> str:
        return f"=== {self.title}\n{self.content}" + "".join(f"> {line}\n" for line in self.said)


def broken(name: str) -> list[Broken]:
    """Return what a golden file holds: `shape` (a schema can tell too), `impossible`, `unreadable`."""
    parts = re.split(r"(?m)^=== (.+)\n", (GOLDEN / f"{name}.txt").read_text())[1:]
    return [
        Broken(
            title,
            "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("> ")).rstrip()
            + "\n",
            [line[2:] for line in rest.splitlines() if line.startswith("> ")],
        )
        for title, rest in zip(parts[::2], parts[1::2], strict=True)
    ]


def said_about(content: str | bytes) -> list[str]:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(settings.ConfigErrors) as wrong:
        settings.read(raw, PATH, KINDS)
    assert str(wrong.value) == "\n".join(map(str, wrong.value.problems))
    return [line.removeprefix(str(PATH)).removeprefix(":").strip() for line in str(wrong.value).split("\n")]


ALL = [(name, one) for name in ("shape", "impossible", "unreadable") for one in broken(name)]


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="some words are libyaml's")
@pytest.mark.parametrize(("name", "one"), ALL, ids=[one.title for _, one in ALL])
def test_a_broken_file_is_refused_with_place_key_and_remedy(name: str, one: Broken):
    said = said_about(one.content)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        new = [other._replace(said=said) if other.title == one.title else other for other in broken(name)]
        (GOLDEN / f"{name}.txt").write_text("\n".join(map(str, new)))
    else:
        assert said == one.said


@pytest.mark.parametrize("one", broken("shape"), ids=lambda one: one.title)
def test_the_schema_refuses_the_shape_too(one: Broken):
    document: Any = yaml.safe_load(one.content)
    assert not jsonschema.Draft202012Validator(settings.schema(KINDS)).is_valid(document)


BILLION_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(10 * [f'*{a}'])}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BILLION_LAUGHS, "5: aliases stand for more than 50,000 values — use fewer of them"),
        ("[" * 100_000, "1: nests deeper than 40 levels"),
        ("- " * 100_000, "1: nests deeper than 40 levels"),
        ('{"a":' * 100_000, "1: nests deeper than 40 levels"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60)),
            "39: nests deeper than 40 levels",
        ),
        ("a: 1\nb: \xe9t\xe9\n".encode("latin-1"), "2: is not UTF-8 — save the file as UTF-8"),
        ("a: 1\n".encode("utf-16"), "1: is not UTF-8 — save the file as UTF-8"),
        (b"a: 1\nb: \x00\n", "2: holds the control character U+0000 — remove it"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "bytes",
)
def test_what_nobody_would_write_is_refused_at_its_line(content, said):
    assert said_about(content) == [said]


@pytest.mark.parametrize(
    "place",
    ["default_ref: X", "aliases: [X]", "verify: X", "rights: {X: [ada]}", "X: 1", "waits_at_most: X"],
)
@pytest.mark.parametrize(
    "secret", ["ghp_0123456789abcdefABCD", "https://ada:hunter2@a.example", "xoxb-12345-abcdefghij"]
)
def test_a_secret_in_the_wrong_place_is_not_repeated(place, secret):
    line = place.replace("X", f'"{secret}"')
    said = "\n".join(said_about(f"{GOOD}        {line}\n"))
    assert secret not in said
    assert "hunter2" not in said


def test_a_file_of_nothing_but_faults_is_not_read_to_its_end():
    assert len(said_about("".join(f"wrong-{number}: 1\n" for number in range(20_000)))) == 100
