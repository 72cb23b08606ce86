"""Bring a mirror to what its remote has now: made when it is missing, made again when it is damaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from funade.domain.application import Repository
from funade.domain.errors import SourceError
from funade.sources.diagnosis import EMPTY, Trouble, find_trouble
from funade.sources.mirror import Mirror
from funade.sources.program import Access, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A mirror's remote, as one repository's credentials open it."""

    repository: Repository
    mirror: Mirror
    access: Access
    folder: Path

    async def refresh(self, lock: int, names: Sequence[str] = ()) -> None:
        """Fetch all there is, with the mirror's lock held; or raise SourceError.

        Where `names` are given, full ones, what they mean is enough: among ten thousand others that is quick.
        """
        await self._fetch(lock, names)
        # Also when whoever set the damaged one aside was killed on the way here.
        await self.mirror.rescue_pins(lock)

    async def _fetch(self, lock: int, wanted: Sequence[str]) -> None:
        if self.mirror.exists:
            self.mirror.sweep()
            if (await self._fetch_first(lock, wanted)).well:
                await self.mirror.put_packs_together(lock)
                return
        names = await self.ask()
        # A remote without a default branch has no HEAD to give.
        with_default = any(line.endswith("\tHEAD") and not line.startswith("ref: ") for line in names)
        if self.mirror.exists:
            outcome = await self._fetch_once_more(lock, with_default=with_default)
            if outcome.well:
                return
            # The remote answers: either the line is bad, or the mirror is.
            if outcome.silent or await self.mirror.is_whole():
                raise await self.error(outcome)
            await self.mirror.set_aside()
        await self._make(lock, names)
        outcome = await self._fetch_once_more(lock, with_default=with_default)
        if not outcome.well:
            raise await self.error(outcome)
        await self.mirror.put_names_together(lock)

    async def ask(self) -> list[str]:
        """Return the remote's names with their SHAs, or raise SourceError: out of reach, or empty."""
        outcome = await self.mirror.ask(self.access)
        if not outcome.well:
            raise await self.error(outcome)
        names = outcome.lines
        if not names:
            raise EMPTY.as_error(self.mirror.address)
        return names

    async def error(self, outcome: Outcome) -> SourceError:
        """Return why `outcome` is not well, as an error that says what to do."""
        return (await self.trouble(outcome)).as_error(self.mirror.address)

    async def trouble(self, outcome: Outcome) -> Trouble:
        """Return why `outcome` is not well."""
        return await find_trouble(self.repository, self.mirror.address, self.access, outcome, self.folder)

    async def _fetch_first(self, lock: int, wanted: Sequence[str]) -> Outcome:
        if wanted:
            return await self.mirror.fetch_names(self.access, lock, wanted)
        return await self.mirror.fetch(self.access, lock, with_default=True)

    async def _fetch_once_more(self, lock: int, *, with_default: bool) -> Outcome:
        outcome = await self.mirror.fetch(self.access, lock, with_default=with_default)
        if outcome.well and not with_default:
            await self.mirror.forget_default()
        return outcome

    async def _make(self, lock: int, names: list[str]) -> None:
        shas = [line.partition("\t")[0] for line in names if not line.startswith("ref: ")]
        if not shas:
            raise EMPTY.as_error(self.mirror.address)
        await self.mirror.make(lock, len(shas[0]))
