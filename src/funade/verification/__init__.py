"""Looks at what runs after a deploy, by asking an address or a program."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from funade.domain import placeholders
from funade.domain.application import Verification
from funade.domain.orders import Observed
from funade.domain.release import Release
from funade.verification import program, url
from funade.verification.answer import Answer, Silence, shown

__all__ = ["LiveVerifier"]

#: of this process's environment, what a program is given besides the release
GIVEN = ("HOME", "LANG", "PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVerifier:
    """The Verifier port on the real world; programs run in `folder`."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    folder: Path = Path("/")
    url_time_limit: timedelta = timedelta(seconds=10)
    program_time_limit: timedelta = timedelta(seconds=30)

    async def look(self, verification: Verification, release: Release) -> Observed:
        """Look once; an answer that could not be had is `matches` False with `shown` saying why."""
        values = placeholders.values_of(release)
        try:
            where, answer = await self._ask(verification, values)
            if isinstance(answer, Silence):
                return Observed(matches=False, shown=f"`{shown(where)}` {answer.why}")
            return _compare(verification.equals, values, answer)
        except ValueError as error:
            return Observed(matches=False, shown=f"the configuration cannot be used: {error}")

    async def _ask(
        self, verification: Verification, values: Mapping[str, str]
    ) -> tuple[str, Answer | Silence]:
        if verification.url is not None:
            address = placeholders.render(verification.url, values)
            return address, await url.ask(address, self.url_time_limit)
        argv = [placeholders.render(word, values) for word in verification.run or ()]
        if not argv:
            return "verify", Silence("says neither `url` nor `run`")
        answer = await program.ask(
            argv,
            environment=self._given_to_programs(values),
            folder=self.folder,
            time_limit=self.program_time_limit,
        )
        return argv[0], answer

    def _given_to_programs(self, values: Mapping[str, str]) -> dict[str, str]:
        given = {name: self.environment[name] for name in GIVEN if name in self.environment}
        return given | {
            f"FUNADE_{name.upper()}": values[name] for name in ("application", "environment", "revision")
        }


def _compare(equals: str | None, values: Mapping[str, str], answer: Answer) -> Observed:
    if equals is None:
        return Observed(matches=True, shown=shown(answer.text))
    wanted = placeholders.render(equals, values).strip()
    revision = placeholders.find_revision(equals.strip(), values, answer.text)
    return Observed(
        matches=answer.text == wanted,
        revision=revision,
        shown=shown(answer.text)
        if answer.text == wanted
        else f"`{shown(answer.text)}` instead of `{shown(wanted)}`",
    )
