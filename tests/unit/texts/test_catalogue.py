import subprocess
import sys

import pytest
from babel.messages.pofile import read_po

from funade.texts.catalogue import FOLDER, LANGUAGES, Reader, places
from tests.architecture import source

CATALOGUES = sorted(FOLDER.glob("*/LC_MESSAGES/funade.po"))


def messages():
    for path in CATALOGUES:
        with path.open("rb") as file:
            yield from (message for message in read_po(file) if message.id)


def test_every_language_but_english_has_its_catalogue():
    assert [path.parent.parent.name for path in CATALOGUES] == [one for one in LANGUAGES if one != "en"]


def test_every_message_of_the_code_is_translated_and_compiled():
    run = subprocess.run(
        [sys.executable, "bin/texts", "--check"], cwd=source.ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("message", list(messages()), ids=lambda message: str(message.id)[:60])
def test_a_translation_fills_the_same_places(message):
    many = isinstance(message.id, (list, tuple))
    originals = message.id if many else (message.id,)
    translations = message.string if many else (message.string,)
    for translation in translations:
        wanted = set().union(*(places(one) for one in originals))
        # click gives both forms the values of both.
        assert places(translation) <= wanted if many else places(translation) == wanted


def test_the_reader_takes_the_first_wording_that_can_be_filled():
    reader = Reader("en")
    assert reader.first_of(("{a} and {b}", "{a}", "none"), {"a": "1"}) == "1"
    assert reader.first_of(("{a}",), {}) is None


def test_texts_come_with_nothing_that_is_not_pythons_own():
    code = (
        "import sys; import funade.domain.events, funade.domain.orders; before = set(sys.modules);"
        "import funade.texts; print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {*sys.stdlib_module_names, "funade"}
