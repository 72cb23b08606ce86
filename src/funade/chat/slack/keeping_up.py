"""Cards say also what is no event: that a place does not answer, and that it answers again.

Level-triggered, from memory alone: whoever begins to look wishes for the cards of all that wait so, and one that says
it already is not sent again.
"""

from dataclasses import dataclass, field

from funade.chat.slack.announcer import card_key, home_of
from funade.domain.reason import Because, Reason
from funade.failpoints import effect
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, Configurations

#: between two looks: a card may be so much behind
LOOK_SECONDS = 2.0
#: what people wait for without an event that tells it
UNTOLD = frozenset({Reason.TARGET_NOT_ANSWERING})


@dataclass(kw_only=True)
class KeepingUp:
    """Compares what open deployments wait for with what they waited for at the last look."""

    ledger: Ledger
    configurations: Configurations
    clock: Clock
    _looked_at: float | None = None
    _known: dict[str, Because | None] = field(default_factory=dict)

    async def look(self) -> None:
        """Wish for the cards of those that wait for something else now."""
        steady = self.clock.steady()
        if self._looked_at is not None and steady - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = steady
        now, cards = await self.ledger.read(self._changed)
        if cards:

            def work(change: Transaction) -> None:
                for card in cards:
                    change.want_post(card)

            with effect("store.want_cards"):
                await self.ledger.change(work)
        self._known = now

    def _changed(self, look: Reading) -> tuple[dict[str, Because | None], list[Post]]:
        configuration = self.configurations.current()
        now: dict[str, Because | None] = {}
        cards = []
        for row in look.unended():
            now[row.id] = row.because
            before = self._known.get(row.id)
            is_untold = any(one is not None and one.code in UNTOLD for one in (before, row.because))
            if is_untold and before != row.because and look.post(card_key(row.id)) is not None:
                channel = home_of(row.application, configuration)
                cards.append(Post(key=card_key(row.id), deployment=row.id, channel=channel))
        return now, cards
