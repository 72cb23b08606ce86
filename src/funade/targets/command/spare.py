"""One supervisor that waits ahead of the deployment it will be for.

The start of its interpreter is the longest part of the way from an accepted command to the first instruction of its
program, and would take the processor from the checkout beside it.
"""

from contextlib import suppress

from funade.targets.command.starter import Starter

#: A process that has started this many is no command that ends with its only deployment.
STAYS_AFTER = 2


class Spare:
    """At most one waiting supervisor of this process. It holds nothing and ends with the process that keeps it."""

    def __init__(self) -> None:
        self._waiting: Starter | None = None
        self._used = 0

    def take(self) -> Starter:
        """Return the one that waits, or one that begins now; or raise OSError."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            if waiting.lives():
                return waiting
            waiting.close()
        return Starter()

    def give_back(self, unused: Starter) -> None:
        """Keep one that got no instructions, unless another waits already."""
        if self._waiting is None:
            self._waiting = unused
        else:
            unused.close()

    def provide(self) -> None:
        """After one was used: let the next begin, in a process that stays."""
        self._used += 1
        if self._used >= STAYS_AFTER and self._waiting is None:
            # Without one the next start is slower, and says itself what is wrong.
            with suppress(OSError):
                self._waiting = Starter()
