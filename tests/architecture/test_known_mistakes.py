"""The page about others' mistakes names proofs that are there, and all of those that name a rule."""

import re

import pytest

from tests.architecture import source

PAGE = (source.ROOT / "docs/why/known-mistakes.md").read_text()
ROWS = {int(row[0]): row[1] for row in re.findall(r"(?m)^\| S(\d+) (.*)$", PAGE)}
TESTS = {
    name
    for path in (source.ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"(?m)^(?:async )?def (test_\w+)", path.read_text())
}
NAMED = sorted({(int(rule), name) for name in TESTS for rule in re.findall(r"_S(\d+)(?=_)", name)})


def test_there_is_a_row_for_every_rule():
    assert list(ROWS) == list(range(1, 23))


@pytest.mark.parametrize("rule", ROWS)
def test_a_rule_is_proved_by_tests_that_are_there_or_says_with_what_it_comes(rule):
    cited = re.findall(r"`(test_\w+)`", ROWS[rule])
    assert cited or "comes with" in ROWS[rule]
    assert set(cited) <= TESTS


@pytest.mark.parametrize(("rule", "name"), NAMED)
def test_a_test_that_names_a_rule_is_named_beside_it(rule, name):
    assert f"`{name}`" in ROWS[rule]


def test_S10_no_rule_knows_when_a_commit_was_written():
    readers = {
        module.name
        for module in source.modules()
        if module.room in ("usecases", "domain") and "authored_at" in module.path.read_text()
    }
    assert readers == {"funade.domain.revision"}, "only the noun itself, for showing"
