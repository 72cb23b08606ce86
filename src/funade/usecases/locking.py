"""Nothing read before its environment was locked decides anything."""

from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.usecases.ledger_ports import Transaction


def lock(change: Transaction, found: Deployment | None) -> tuple[Deployment, Berth] | None:
    """Lock the environment of `found`, and return both as they are under that lock; None when there is none."""
    if found is None:
        return None
    berth = change.lock_berth(found.application, found.environment)
    again = change.deployment_by_id(found.id)
    return None if again is None else (again, berth)
