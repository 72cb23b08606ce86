"""Stable codes for every no, every wait and every end; programs match on these, never on prose.

`texts` words them, in English and Japanese; each code's `detail` keys are listed beside it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from funade.domain.wire import Plain


class Reason(StrEnum):
    """Why something was refused, waits, or ended as it did."""

    # A request is refused.
    UNKNOWN_APPLICATION = "unknown_application"  #: application, near
    UNKNOWN_ENVIRONMENT = "unknown_environment"  #: application, environment, near
    UNKNOWN_REF = "unknown_ref"  #: application, ref, near
    AMBIGUOUS_REF = "ambiguous_ref"  #: application, ref, candidates
    UNKNOWN_DEPLOYMENT = "unknown_deployment"  #: number
    UNKNOWN_PERSON = "unknown_person"  #: actor
    NOT_PERMITTED = "not_permitted"  #: right, application, environment
    SOURCE_UNREACHABLE = "source_unreachable"  #: application, problem
    TARGET_UNREACHABLE = "target_unreachable"  #: application, environment, problem
    ALREADY_ENDED = "already_ended"  #: number, state
    NOTHING_TO_RETRY = "nothing_to_retry"  #: number, application, environment, ref
    NOT_ENDED = "not_ended"  #: number, state
    NOT_WAITING = "not_waiting"  #: number, state
    NOTHING_VERIFIED = "nothing_verified"  #: application, environment
    NOT_IN_DOUBT = "not_in_doubt"  #: application, environment
    NOT_HELD = "not_held"  #: application, environment
    DIGEST_CHANGED = "digest_changed"  #: number
    CONFIGURATION_BROKEN = "configuration_broken"  #: problem
    CHANNEL_NOT_PERMITTED = "channel_not_permitted"  #: application, channel, wanted
    OUTSIDER = "outsider"  #: actor
    REASON_WANTED = "reason_wanted"  #: asked
    REF_MOVED = "ref_moved"  #: number, ref, requested, now
    OWN_DEPLOYMENT = "own_deployment"  #: number
    ALREADY_APPROVED = "already_approved"  #: number
    NOT_LOCKED = "not_locked"  #: application, environment
    LOCKED_BY_ANOTHER = "locked_by_another"  #: application, environment, by, reason
    ALREADY_HELD = "already_held"  #: application, environment
    ALREADY_PAUSED = "already_paused"  #: by, reason
    NOT_PAUSED = "not_paused"  #: (none)
    NOTHING_TO_OVERRIDE = "nothing_to_override"  #: number
    REQUEST_REUSED = "request_reused"  #: number
    TEXT_TOO_LONG = "text_too_long"  #: field, limit
    TEXT_UNREADABLE = "text_unreadable"  #: field
    STORE_UNAVAILABLE = "store_unavailable"  #: problem
    INTERNAL = "internal"  #: problem
    # A deployment waits.
    AWAITING_APPROVAL = "awaiting_approval"  #: number, needed, given, approvers
    PAUSED = "paused"  #: by, reason
    LOCKED = "locked"  #: application, environment, by, reason, until
    FROZEN = "frozen"  #: application, environment, reason, until
    ASKER_LOST_RIGHT = "asker_lost_right"  #: application, environment, person, right
    NEWER_WENT_LIVE = "newer_went_live"  #: number, live, shown
    AWAITING_TURN = "awaiting_turn"  #: ahead (number), position
    ENVIRONMENT_IN_DOUBT = "environment_in_doubt"  #: application, environment, number
    NO_PROCESS_RUNNING = "no_process_running"  #: number (of one that was started)
    PREPARING = "preparing"  #: since
    PROGRAM_RUNNING = "program_running"  #: since, until
    WAITS_AT_PLACE = "waits_at_place"  #: problem, since
    VERIFYING = "verifying"  #: since, until
    TARGET_NOT_ANSWERING = "target_not_answering"  #: problem, since, until
    OWNER_SILENT = "owner_silent"  #: host, pid, since
    MACHINE_SILENT = "machine_silent"  #: machine, since
    # A deployment ended.
    COMPLETED = "completed"  #: exit_code
    PROGRAM_FAILED = "program_failed"  #: exit_code or signal, hosts (where they differ)
    PROGRAM_NOT_STARTED = "program_not_started"  #: problem
    TIMED_OUT = "timed_out"  #: seconds, hosts
    ABANDONED = "abandoned"  #: seconds
    NOT_SEEN = "not_seen"  #: wanted, seen
    CANCELLED = "cancelled"  #: by, hosts
    REJECTED = "rejected"  #: by, reason
    EXPIRED = "expired"  #: waited_for
    EXECUTION_LOST = "execution_lost"  #: problem, hosts
    OUTCOME_UNKNOWN = "outcome_unknown"  #: problem
    GUARD_REFUSED = "guard_refused"  #: problem
    PREPARATION_FAILED = "preparation_failed"  #: problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One reason with its data."""

    code: Reason
    detail: dict[str, Plain] = field(default_factory=dict)


def because(code: Reason, **detail: Plain) -> Because:
    """Return `code` with its data."""
    return Because(code=code, detail=detail)
