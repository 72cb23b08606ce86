import re
from collections import Counter

from tests.architecture import source

POINTS = [
    point for module in source.modules() for point in source.points(module) if module.room != "failpoints"
]


def test_a_point_is_named_by_a_literal_in_lower_case_with_dots():
    wrong = [
        point for point in POINTS if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", point.name)
    ]
    assert not wrong


def test_a_point_has_its_name_for_itself():
    names = Counter(point.name for point in POINTS)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_point_is_documented():
    page = (source.ROOT / "docs/reference/failpoints.md").read_text()
    assert [point.name for point in POINTS if f"`{point.name}`" not in page] == []
