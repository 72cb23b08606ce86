"""Which release does a rollback put back? The last that was seen healthy, never the last row; pure."""

from collections.abc import Sequence

from funade.domain.deployment import Deployment, Purpose, State


def goal(verified: Sequence[Deployment], last_started: Deployment | None) -> Deployment | None:
    """Return the deployment whose release to put back, or None when there is none.

    `verified` are those that succeeded and were seen healthy, newest end first. After a success the goal is the newest
    of another revision; after anything else the newest at all, because nobody knows what the broken one left behind.
    After a rollback that succeeded it lies further back still: rolling back twice never goes forward again.
    """
    if last_started is None or last_started.state is not State.SUCCEEDED:
        return verified[0] if verified else None
    older_than = last_started.number
    if last_started.purpose is Purpose.ROLLBACK and last_started.of is not None:
        older_than = last_started.of
    candidates = (one for one in verified if one.number < older_than)
    return next((one for one in candidates if one.revision != last_started.revision), None)
