"""Show what happened: events and deployments, newest first."""

from dataclasses import dataclass

from funade.domain.answers import Answer, HistoryShown
from funade.domain.commands import ShowHistory
from funade.usecases.ledger_ports import Ledger, Reading

#: More than this in one answer would only be scrolled past; `before` pages on.
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPast:
    """The verb behind `history`; pages by the event's sequence."""

    ledger: Ledger

    async def __call__(self, command: ShowHistory) -> Answer:
        """Return the newest events and the deployments that they are about."""
        limit = max(1, min(command.limit, MOST_AT_ONCE))

        def look(ledger: Reading) -> Answer:
            events = ledger.events(
                application=command.application,
                environment=command.environment,
                before=command.before,
                limit=limit,
                newest_first=True,
            )
            ids = dict.fromkeys(one.deployment for one in events if one.deployment is not None)
            found = (ledger.deployment_by_id(id) for id in ids)
            return HistoryShown(
                events=tuple(events),
                deployments=tuple(one for one in found if one is not None),
                before=events[-1].sequence if len(events) == limit else None,
            )

        return await self.ledger.read(look)
