"""What a failpoint costs in production, where nothing is armed.

The fastest of five rounds of a million passes each, less an empty loop.
"""

from timeit import repeat

from funade.failpoints import effect, failpoint

PASSES = 1_000_000
ROUNDS = 5


def run() -> dict[str, float]:
    """Return nanoseconds a pass."""
    names = {"effect": effect, "failpoint": failpoint}
    empty = min(repeat("pass", number=PASSES, repeat=ROUNDS))
    point = min(repeat("failpoint('store.accept')", globals=names, number=PASSES, repeat=ROUNDS))
    span = min(repeat("with effect('store.accept'): pass", globals=names, number=PASSES, repeat=ROUNDS))
    return {"failpoint_ns": (point - empty) / PASSES * 1e9, "effect_ns": (span - empty) / PASSES * 1e9}
