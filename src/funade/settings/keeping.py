"""Reads `keep`: how long output and events are kept."""

from funade.domain.application import Keep
from funade.settings.reading import Value
from funade.settings.shape import KEEP


def read_keep(value: Value) -> Keep:
    """Return how long things are kept."""
    found = value.fields(KEEP, "a mapping with `logs`, `events` or `at_least`")
    at_least = found["at_least"].whole_number() if "at_least" in found else Keep().at_least
    if at_least == 0:
        found["at_least"].complain("the latest deployment is always kept", "write 1 or more")
    return Keep(
        logs=found["logs"].duration() if "logs" in found else None,
        events=found["events"].duration() if "events" in found else None,
        at_least=at_least or 1,
    )
