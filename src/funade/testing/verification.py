"""A world that is looked at without being touched."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from funade.domain import placeholders
from funade.domain.application import Verification
from funade.domain.orders import Observed
from funade.domain.release import Release


@dataclass
class FakeVerifier:
    """The Verifier port over what `shows` says for each address or program (its words joined by spaces).

    An address that is not in it does not answer; `looks` keeps every look.
    """

    shows: MutableMapping[str, str] = field(default_factory=dict)
    looks: list[tuple[Verification, Release]] = field(default_factory=list)

    async def look(self, verification: Verification, release: Release) -> Observed:
        """Look once; an answer that could not be had is `matches` False with `shown` saying why."""
        self.looks.append((verification, release))
        values = placeholders.values_of(release)
        where = placeholders.render(verification.url or " ".join(verification.run or ()), values)
        if where not in self.shows:
            return Observed(matches=False, shown=f"`{where}` cannot be reached")
        text = self.shows[where].strip()
        if verification.equals is None:
            return Observed(matches=True, shown=text)
        wanted = placeholders.render(verification.equals, values)
        revision = placeholders.find_revision(verification.equals, values, text)
        shown = text if text == wanted else f"`{text}` instead of `{wanted}`"
        return Observed(matches=text == wanted, revision=revision, shown=shown)
