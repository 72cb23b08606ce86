"""Reads `reminders`: when people are reminded of what they may have forgotten, and told of what takes too long."""

from datetime import timedelta

from funade.domain.application import Environment
from funade.domain.reminders import NEVER, Reminders
from funade.settings.reading import Value
from funade.settings.shape import REMINDERS

_SHORTEST = timedelta(seconds=10)
#: of what waits, and would have expired before anything is said
_OF_WAITING = ("starts_within", "approvals_before")


def read_reminders(value: Value, environments: dict[str, Environment]) -> Reminders:
    """Return them; one of which an environment could never hear is reported."""
    found = {}
    for name, one in value.fields(REMINDERS, "a mapping like `{locks_after: 4h}`").items():
        span = _span(one)
        if span is None:
            continue
        found[name] = span
        for place, environment in environments.items():
            waits = environment.waits_at_most
            if name in _OF_WAITING and span is not NEVER and span >= waits:
                one.complain(
                    f"a deployment to `{place}` expires before that",
                    "make it shorter than `waits_at_most`, or write `never`",
                )
    return Reminders(**found)


def _span(value: Value) -> timedelta | None:
    if value.is_scalar("never"):
        return NEVER
    span = value.duration()
    if span is not None and span < _SHORTEST:
        value.complain(
            "is shorter than ten seconds", "a number alone means seconds; write `4h`, `15m`, or `never`"
        )
        return None
    return span
