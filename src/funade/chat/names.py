"""The names that exist: words of a text are matched against these and against nothing else."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from funade.chat.folding import fold_dashes, fold_width
from funade.domain.application import Configuration

#: Names that two configured ones would share are nobody's: they must be typed exactly.
_SHARED = ""
#: before a key that stands for every case and dash of a name; no name begins with it
_FOLDED = "\0"


@dataclass(frozen=True, slots=True)
class Names:
    """Applications with their environments and those environments' aliases."""

    applications: Mapping[str, Mapping[str, tuple[str, ...]]]
    _applications: dict[str, str] = field(init=False, repr=False, compare=False)
    _environments: dict[str, dict[str, str]] = field(init=False, repr=False, compare=False)
    _anywhere: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        environments = {name: _index(places) for name, places in self.applications.items()}
        everywhere: dict[str, str] = {}
        for index in environments.values():
            for word, name in index.items():
                _share(everywhere, word, name)
        object.__setattr__(self, "_applications", _index(dict.fromkeys(self.applications, ())))
        object.__setattr__(self, "_environments", environments)
        object.__setattr__(self, "_anywhere", everywhere)

    def find_application(self, word: str) -> str | None:
        """Return the application of that name: exactly, else whatever the case and the kind of dash."""
        return _find(self._applications, word)

    def find_environment(self, application: str | None, word: str) -> str | None:
        """Return the environment of that name or alias; of any application, if all agree, when none is given."""
        index = self._anywhere if application is None else self._environments.get(application, {})
        return _find(index, word)

    def environments_of(self, application: str) -> tuple[str, ...]:
        """Return the names of an application's environments."""
        return tuple(self.applications.get(application, ()))

    def with_environment(self, word: str) -> tuple[str, ...]:
        """Return the applications that have such an environment."""
        return tuple(one for one in self.applications if self.find_environment(one, word) is not None)

    def near_application(self, word: str) -> str | None:
        """Return the application that `word` may be a slip of; never taken for granted."""
        return near(word, self.applications)

    def near_environment(self, application: str, word: str) -> str | None:
        """Return the environment that `word` may be a slip of; never taken for granted."""
        places = self.applications.get(application, {})
        found = near(word, [*places, *(alias for aliases in places.values() for alias in aliases)])
        return self.find_environment(application, found) if found else None


def names_of(configuration: Configuration) -> Names:
    """Return the names of a configuration."""
    return Names(
        {
            application.name: {place.name: place.aliases for place in application.environments.values()}
            for application in configuration.applications.values()
        }
    )


def near(word: str, candidates: Iterable[str]) -> str | None:
    """Return the one candidate that begins with `word`, or the first that `word` is a slip of, or None."""
    key = _key(word[:64])
    if len(key) < 3:
        return None
    begun = []
    slips = []
    for one in candidates:
        if one[:1] != key[:1] and one[-1:] != key[-1:]:
            continue
        meant = _key(one)
        if meant.startswith(key):
            begun.append(one)
        elif abs(len(meant) - len(key)) <= 1 and _is_a_slip(key, meant):
            slips.append(one)
    return begun[0] if len(begun) == 1 else next(iter([*slips, *begun]), None)


def _is_a_slip(typed: str, meant: str) -> bool:
    """Tell whether one letter is wrong, missing or too many, or two neighbours have changed places."""
    shorter = min(len(typed), len(meant))
    start = next((at for at in range(shorter) if typed[at] != meant[at]), shorter)
    for typed_end, meant_end in ((1, 1), (0, 1), (1, 0)):
        if typed[start + typed_end :] == meant[start + meant_end :]:
            return True
    swapped = typed[start + 1 : start + 2] + typed[start : start + 1]
    return swapped + typed[start + 2 :] == meant[start:]


def _index(names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return every way to type a name, and the name; exact names come before aliases, these before folded ones."""
    exact = {name: name for name in names}
    aliases: dict[str, str] = {}
    folded: dict[str, str] = {}
    for name, others in names.items():
        for alias in others:
            _share(aliases, alias, name)
        for word in (name, *others):
            _share(folded, _FOLDED + _key(word), name)
    return folded | aliases | exact


def _share(index: dict[str, str], word: str, name: str) -> None:
    index[word] = name if index.get(word, name) == name else _SHARED


def _find(index: Mapping[str, str], word: str) -> str | None:
    found = index.get(word)
    return (index.get(_FOLDED + _key(word)) if found is None else found) or None


@lru_cache(maxsize=512)
def _key(word: str) -> str:
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFC", fold_width(fold_dashes(word))).casefold()
