"""How a command ended, for the shell; programs match on these, so a number keeps its meaning for good."""

from enum import IntEnum


class Exit(IntEnum):
    """A process's status."""

    SUCCEEDED = 0  #: done: seen to be live where that can be seen; with `--no-wait`, accepted
    FAILED = 1  #: the deployment failed, or it was to be seen live and was not
    USAGE = 2  #: the command line or the configuration is wrong; nothing was done
    REFUSED = 3  #: Funade said no; nothing was done
    WAITING = 4  #: it waits for a person or for a date, or had not ended at `--timeout`; it goes on
    CANCELLED = 5  #: the deployment was cancelled, or you said no to the plan
    TROUBLE = 6  #: the store, the server, a repository or a target could not be used
    MISTAKE = 70  #: Funade has made a mistake; the message names a file to report
    INTERRUPTED = 130  #: Ctrl-C; what was asked before goes on
    HUNG_UP = 141  #: whoever read the output closed it
