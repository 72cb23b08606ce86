"""The page speaks two languages, and has a word for everything that it says."""

import re
from importlib.resources import files

STATIC = files("funade.playground") / "static"
SOURCE = (STATIC / "words.js").read_text(encoding="utf-8")


def words(language: str) -> dict[str, str]:
    body = re.search(rf"\n  {language}: \{{(.*?)\n  \}},", SOURCE, re.DOTALL)
    assert body
    return dict(re.findall(r"(\w+): \"((?:[^\"\\]|\\.)*)\"", body[1]))


def said() -> set[str]:
    scripts = [one.read_text(encoding="utf-8") for one in STATIC.iterdir() if one.name.endswith(".js")]
    return {name for script in scripts for name in re.findall(r"word\(\"(\w+)\"", script)}


def test_both_languages_have_the_same_words_with_the_same_gaps():
    english, japanese = words("en"), words("ja")
    assert english.keys() == japanese.keys()
    for name, text in english.items():
        assert re.findall(r"\{\d\}", text) == re.findall(r"\{\d\}", japanese[name]), name


def test_the_page_says_nothing_for_which_there_is_no_word():
    assert said() <= words("en").keys() | {"inspector", "tools"}


def test_no_word_is_left_that_nobody_says():
    assert words("en").keys() - said() - {"inspector", "tools"} == set()


def test_the_page_loads_nothing_from_elsewhere():
    for one in STATIC.iterdir():
        if one.name.endswith((".js", ".css", ".html")):
            assert not re.search(
                r"(?:src|href|url|import|from)\W{1,3}https?://", one.read_text(encoding="utf-8")
            )
