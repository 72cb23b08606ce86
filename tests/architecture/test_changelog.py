import re

import pytest

from tests.architecture import source

FRAGMENTS = [path for path in sorted((source.ROOT / "changelog.d").iterdir()) if path.name != "README.md"]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_says_whom_it_is_from_and_what_it_is(fragment):
    assert re.fullmatch(r"(\d+|\+[a-z0-9-]+)\.(breaking|added|changed|fixed)(\.\d+)?\.md", fragment.name)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_one_sentence(fragment):
    text = fragment.read_text()
    assert re.fullmatch(r"[A-Z`].+\.\n", text)
    assert not re.search(r"[.!?] [A-Z]", text)
