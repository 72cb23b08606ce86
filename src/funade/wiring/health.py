"""How the parts of a server are, for `/healthz`: codes and numbers, no text of anybody's."""

from collections.abc import Mapping

from funade.domain.errors import FencedOut, StoreError
from funade.domain.wire import Plain
from funade.runner.loop import Runner
from funade.usecases.ledger_ports import Reading
from funade.web.health import Part, Report
from funade.wiring.parts import Parts


def reports_of(parts: Parts, runner: Runner) -> Mapping[str, Report]:
    """Return the reports of the store, of this process's lease, and of what waits."""
    ledger, clock, heart = parts.ledger, parts.clock, runner.heart

    async def store() -> Part:
        begun = clock.steady()
        try:
            await ledger.read(lambda look: look.pause())
        except StoreError:
            # Its words name files and hosts.
            return Part(name="store", well=False, why="unreachable")
        facts: dict[str, Plain] = {"seconds": round(clock.steady() - begun, 4)}
        return Part(name="store", well=True, facts=facts)

    async def lease() -> Part:
        """Tell whether this process may look after deployments: registered, and its lease holds."""
        try:
            heart.check()
            registered = await ledger.read(lambda look: {one.id for one in look.processes()})
        except FencedOut:
            return Part(name="lease", well=False, why="not_held")
        except StoreError:
            return Part(name="lease", well=False, why="store_unreachable")
        known = heart.process in registered
        return Part(name="lease", well=known, why=None if known else "not_registered")

    async def queue() -> Part:
        now = clock.now()

        def look(ledger: Reading) -> dict[str, Plain]:
            entries = ledger.entries()
            unsaid = ledger.announcements(1)
            lag = (now - unsaid[0].event.at).total_seconds() if unsaid else 0.0
            states = [one.state.value for one in entries]
            counted: dict[str, Plain] = {state: states.count(state) for state in sorted(set(states))}
            return {**counted, "announcement_lag_seconds": round(max(0.0, lag), 1)}

        try:
            facts = await ledger.read(look)
        except StoreError:
            return Part(name="queue", well=False, why="store_unreachable", needed=False)
        return Part(name="queue", well=True, facts=facts, needed=False)

    return {"store": store, "lease": lease, "queue": queue}
