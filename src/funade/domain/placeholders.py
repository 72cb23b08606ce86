"""Placeholders in configured text (`{revision}`) are data, never code; `{{` and `}}` are braces."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from funade.domain.revision import Revision, short

if TYPE_CHECKING:
    from funade.domain.release import Release

#: what every release has; a target may know more
NAMES = ("application", "environment", "revision", "short_revision")

_PART = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_REVISION = "[0-9a-f]{40}|[0-9a-f]{64}"


def values_of(release: "Release") -> dict[str, str]:
    """Return the value of every name of NAMES."""
    return {
        "application": release.application,
        "environment": release.environment,
        "revision": release.revision,
        "short_revision": short(release.revision),
    }


def render(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with its placeholders replaced, or raise ValueError about the one that is wrong.

    A value is never read again: braces in it stay what they are.
    """
    return "".join(values[part] if named else part for named, part in _parts(template, values))


def find_revision(template: str, values: Mapping[str, str], text: str) -> Revision | None:
    """Return the revision that `text` has where `template` has `{revision}`, if all else is the same."""
    pattern = ""
    for named, part in _parts(template, values):
        if not named or part != "revision":
            pattern += re.escape(values[part] if named else part)
        elif "(?P<revision>" in pattern:
            pattern += "(?P=revision)"
        else:
            pattern += f"(?P<revision>{_REVISION})"
    found = re.fullmatch(pattern, text)
    return Revision(found["revision"]) if found and found.groupdict() else None


def _parts(template: str, values: Mapping[str, str]) -> Iterator[tuple[bool, str]]:
    """Yield literal text, and names (marked True), in their order."""
    end = 0
    for match in _PART.finditer(template):
        yield False, template[end : match.start()]
        end = match.end()
        sign, name = match[0], match[1]
        if name is None:
            if len(sign) == 1:
                message = f"a single `{sign}` opens or closes no placeholder; a brace is written `{sign * 2}`"
                raise ValueError(message)
            yield False, sign[0]
        elif name in values:
            yield True, name
        else:
            message = f"`{{{name}}}` is no placeholder; {_meant(name, values)}"
            raise ValueError(message)
    yield False, template[end:]


def _meant(name: str, values: Mapping[str, str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 -- only a mistake needs it

    near = get_close_matches(name, values, n=1, cutoff=0.5)
    if near:
        return f"did you mean `{{{near[0]}}}`?"
    known = ", ".join(f"`{{{one}}}`" for one in sorted(values))
    return f"known are {known}; a brace that is meant is written twice"
