import re

import pytest

from tests.architecture import source

DOCS = source.ROOT / "docs"
DECISIONS = sorted((DOCS / "adr").glob("[0-9]*.md"))
PAGES = [
    path
    for path in sorted(source.ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md"))
    if path.name != "CHANGELOG.md"
]


def test_every_class_of_the_domain_is_in_the_glossary():
    glossary = (DOCS / "glossary.md").read_text()
    nouns = [node.name for module in source.modules() if module.room == "domain" for node in module.classes()]
    assert [noun for noun in nouns if f"`{noun}`" not in glossary] == []


@pytest.mark.parametrize("room", sorted({module.room for module in source.modules()} - {""}))
def test_every_room_is_on_the_architecture_page(room):
    assert f"| `{room}` |" in (DOCS / "architecture.md").read_text()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_one_page_of_one_form(page):
    text = page.read_text()
    assert re.match(rf"# {int(page.stem[:4])}\. \S", text)
    assert re.search(r"(?m)^Date: \d{4}-\d\d-\d\d$", text)
    assert re.search(r"(?m)^Status: (proposed|accepted|replaced by \[.+\]\(.+\))", text)
    assert re.findall(r"(?m)^## (.+)$", text) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 60


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_every_decision_is_listed(page):
    assert f"({page.name})" in (DOCS / "adr/index.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(source.ROOT).as_posix())
def test_a_link_to_a_file_leads_somewhere(page):
    for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link
