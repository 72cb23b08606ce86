"""Order the site's pages, so that a new page finds its place without a list that everybody edits."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

#: a page, or a folder and its heading; what is not there yet is left out
ORDER: tuple[str | tuple[str, str], ...] = (
    "index.md",
    "tutorial.md",
    ("how-to", "How to"),
    ("targets", "Targets"),
    ("reference", "Reference"),
    ("why", "Why"),
    "glossary.md",
    "architecture.md",
    ("adr", "Decisions"),
)


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Give the site its order; pages that no line of ORDER names come last."""
    docs = Path(config.docs_dir)
    navigation: list[str | dict[str, list[str]]] = []
    named: set[str] = set()
    for entry in ORDER:
        if isinstance(entry, str):
            if (docs / entry).exists():
                navigation.append(entry)
                named.add(entry)
        elif pages := _pages(docs, entry[0]):
            navigation.append({entry[1]: pages})
            named.update(pages)
    navigation += [page for page in _pages(docs, ".") if page not in named]
    config.nav = navigation
    return config


def _pages(docs: Path, folder: str) -> list[str]:
    pages = [path.relative_to(docs).as_posix() for path in (docs / folder).rglob("*.md")]
    return sorted(pages, key=lambda page: (Path(page).name != "index.md", page))
