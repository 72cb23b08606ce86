"""The catalogues: English stands in the code, every other language under `locale/`.

`bin/texts` collects what stands in the code and compiles what was translated; at run time only gettext reads.
"""

import gettext
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from string import Formatter

ENGLISH = "en"
LANGUAGES = (ENGLISH, "ja")

DOMAIN = "funade"
FOLDER = Path(__file__).with_name("locale")


def mark(message: str) -> str:
    """Return `message` as it is; `bin/texts` finds it by this name."""
    return message


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads: their language, their place, and their moment.

    Without `now` every time carries its date; without `zone` it is UTC and says so. `spells_moment` is for many who
    read the same: it writes a moment so that each sees it in their own time.
    """

    language: str = ENGLISH
    now: datetime | None = None
    zone: tzinfo | None = None
    spells_moment: Callable[[datetime], str] | None = None
    _catalogue: gettext.NullTranslations = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_catalogue", catalogue(self.language))

    @property
    def local(self) -> tzinfo:
        """Return the zone in which times are shown."""
        return self.zone or UTC

    def word(self, message: str, **values: object) -> str:
        """Return `message` in the reader's language, with `values` in their places."""
        return self._catalogue.gettext(message).format_map(values)

    def word_in(self, context: str, message: str) -> str:
        """Return `message` as it is said in `context`: a short word may mean several things."""
        return self._catalogue.pgettext(context, message)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the form for `number`, which is `{number}` in it."""
        return self._catalogue.ngettext(one, many, number).format_map({**values, "number": number})

    def first_of(self, messages: Iterable[str], values: Mapping[str, str]) -> str | None:
        """Return the first message whose every place can be filled from `values`; none may fit."""
        for message in messages:
            if places(message) <= values.keys():
                return self.word(message, **values)
        return None


@cache
def places(message: str) -> frozenset[str]:
    """Return the names of the places that `message` leaves open."""
    return frozenset(name for _, name, _, _ in Formatter().parse(message) if name is not None)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the sentences of `language`; whatever we do not speak is answered in English."""
    known = language.replace("_", "-").partition("-")[0].lower()
    if known == ENGLISH or known not in LANGUAGES:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, languages=[known])
