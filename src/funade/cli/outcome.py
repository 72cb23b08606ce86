"""From what was answered to how the command ended."""

from typing import assert_never

from funade.cli.exit_codes import Exit
from funade.domain.answers import Answer, DeploymentShown, Waiting
from funade.domain.deployment import Deployment, State
from funade.domain.reason import Because, Reason

#: a refusal that says nothing about the request: the same one may be accepted later
TROUBLES = frozenset(
    {
        Reason.CONFIGURATION_BROKEN,
        Reason.INTERNAL,
        Reason.SOURCE_UNREACHABLE,
        Reason.STORE_UNAVAILABLE,
        Reason.TARGET_UNREACHABLE,
    }
)
#: waits that a person ends, or a date that a person has chosen
FOR_SOMEBODY = frozenset(
    {
        Reason.ASKER_LOST_RIGHT,
        Reason.AWAITING_APPROVAL,
        Reason.ENVIRONMENT_IN_DOUBT,
        Reason.FROZEN,
        Reason.LOCKED,
        Reason.NEWER_WENT_LIVE,
        Reason.PAUSED,
    }
)


def of_refusal(because: Because) -> Exit:
    """Return how a command ended that was answered with no."""
    return Exit.TROUBLE if because.code in TROUBLES else Exit.REFUSED


def of_deployment(deployment: Deployment) -> Exit:
    """Return how a command ended that followed this deployment until now."""
    match deployment.state:
        case State.SUCCEEDED:
            was_to_be_seen = deployment.release.verify is not None
            return Exit.FAILED if was_to_be_seen and not deployment.verified else Exit.SUCCEEDED
        case State.FAILED:
            return Exit.FAILED
        case State.CANCELLED:
            return Exit.CANCELLED
        case State.AWAITING_APPROVAL | State.QUEUED | State.RUNNING:
            return Exit.WAITING
    assert_never(deployment.state)


def waits_for_somebody(shown: DeploymentShown) -> bool:
    """Tell whether it will not move before a person does something."""
    return any(is_for_somebody(one) for one in shown.waiting)


def is_for_somebody(waiting: Waiting) -> bool:
    """Tell whether a person ends this wait, or a date that a person has chosen."""
    return waiting.because.code in FOR_SOMEBODY


def of_reading(answer: Answer) -> Exit:
    """Return how a command ended that only looked; what it saw does not matter."""
    because = getattr(answer, "because", None)
    return of_refusal(because) if isinstance(because, Because) else Exit.SUCCEEDED
