"""Reads `slack.authors`: how the authors of changes are told what became of them."""

from datetime import time

from funade.domain.telling import QUIET, Manner, Quiet, Telling, read_clock, read_quiet
from funade.settings.freezes import read_zone
from funade.settings.reading import Value, listed
from funade.settings.shape import AUTHORS


def read_authors(value: Value) -> Manner:
    """Return how they are told; a manner that contradicts itself is reported."""
    fields = value.fields(AUTHORS, "a mapping like `{tell: direct}`")
    telling = _telling(fields["tell"]) if "tell" in fields else Telling.THREAD
    quiet = _quiet(fields["quiet_hours"]) if "quiet_hours" in fields else None
    digest_at = _clock(fields["digest_at"]) if "digest_at" in fields else Manner().digest_at
    if quiet is not None and "digest_at" in fields and quiet.holds(digest_at):
        fields["digest_at"].complain(
            f"lies in the quiet hours, {quiet}", "choose a time after their end, or other hours"
        )
    zone = read_zone(fields["time_zone"]) if "time_zone" in fields else None
    return Manner(telling=telling, quiet=quiet, digest_at=digest_at, time_zone=zone)


def _telling(value: Value) -> Telling:
    text = value.text()
    if text in set(Telling):
        return Telling(text)
    if text is not None:
        value.complain(f"`{text[:80]}` is no way to tell somebody", f"choose one of {listed(Telling)}")
    return Telling.THREAD


def _quiet(value: Value) -> Quiet | None:
    text = value.text()
    if text is None:
        return None
    found = read_quiet(text)
    if found is None and QUIET.fullmatch(text):
        value.complain(
            "begins when it ends: nobody would ever be told", "make it shorter, or write `tell: never`"
        )
    elif found is None:
        value.complain(f"`{text[:80]}` are no hours", "write it like `22:00-07:00`")
    return found


def _clock(value: Value) -> time:
    text = value.text()
    found = None if text is None else read_clock(text)
    if found is None and text is not None:
        value.complain(f"`{text[:80]}` is no time of a day", "write it like `09:00`")
    return found or Manner().digest_at
