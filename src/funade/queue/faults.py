"""What is wrong with a queue, in our words, and whether another try may help."""

from datetime import timedelta

from funade.clients.aws_faults import Fault
from funade.domain.errors import PermanentQueueError, QueueError, TemporaryQueueError
from funade.queue.address import QueueAddress

SOON = timedelta(seconds=2)
LATER = timedelta(seconds=10)


def worded(fault: Fault, code: str, address: QueueAddress, action: str) -> QueueError:
    """Return our error about a queue: what is wrong, and what to do where somebody can do something."""
    name, host = address.name, address.host
    match fault:
        case Fault.BUSY:
            return TemporaryQueueError(f"AWS asks us to slow down at the queue `{name}`", SOON)
        case Fault.CROWDED:
            return TemporaryQueueError(f"too many messages of the queue `{name}` are in hand at once", LATER)
        case Fault.DOWN:
            return TemporaryQueueError(f"AWS cannot serve the queue `{name}` now ({code})", SOON)
        case Fault.AWAY:
            return TemporaryQueueError(f"the queue `{name}` at `{host}` cannot be reached ({code})", SOON)
        case Fault.STRANGE:
            return TemporaryQueueError(
                f"what answers for the queue `{name}` at `{host}` does not speak SQS ({code}) — "
                "see whether a proxy stands in between",
                LATER,
            )
        case Fault.KEYS_AWAY:
            return TemporaryQueueError(
                f"what gives us AWS credentials for the queue `{name}` does not answer ({code})", LATER
            )
        case _:
            return PermanentQueueError(_for_a_person(fault, code, address, action))


def _for_a_person(fault: Fault, code: str, address: QueueAddress, action: str) -> str:
    name, host = address.name, address.host
    match fault:
        case Fault.NO_QUEUE:
            return f"there is no queue `{name}` at `{host}` — create it, or correct its address"
        case Fault.FORBIDDEN:
            return (
                f"AWS does not let us do `{action}` at the queue `{name}` — "
                "allow it in the policy of our credentials, and in that of the queue if it has one"
            )
        case Fault.NO_KEYS:
            return (
                f"there are no usable AWS credentials for the queue `{name}` ({code}) — "
                "give the process a role, or keys in its environment"
            )
        case Fault.WRONG_KEYS:
            return (
                f"AWS does not accept our credentials for the queue `{name}` ({code}) — "
                "see whether the key is still active, and whether its secret was copied whole"
            )
        case Fault.OLD_KEYS:
            return (
                f"our AWS credentials for the queue `{name}` are too old ({code}) — "
                "renew them; if they are new, set the clock of this machine"
            )
        case Fault.CIPHER_FORBIDDEN:
            return (
                f"the KMS key of the queue `{name}` is not for us — "
                "allow `kms:GenerateDataKey` and `kms:Decrypt` with it in the policy of our credentials"
            )
        case Fault.CIPHER_BROKEN:
            return (
                f"the KMS key of the queue `{name}` cannot be used ({code}) — "
                "enable it, or give the queue another one"
            )
        case Fault.NO_LIBRARY:
            return "the library for AWS is not installed — install `funade[aws]`"
        case _:
            return (
                f"AWS refuses what we asked of the queue `{name}` (`{action}`: {code}) — "
                "see what that means in the documentation of SQS"
            )
