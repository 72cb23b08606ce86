"""One attempt's folder: its output, its control, and the record of its end."""

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

from funade.domain.orders import Ending
from funade.domain.wire import Unreadable, from_plain
from funade.failpoints import effect


class Attempt:
    """The files that an execution has under the data folder.

    A supervisor keeps its control open for reading as long as it lives: whoever can open it for writing knows.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Make the folder, for this user only."""
        with effect("command.make_attempt"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ending(self) -> Ending | None:
        """Return how it ended, or None when no end was written down; or raise ValueError."""
        try:
            text = (self.folder / "exit.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return from_plain(Ending, json.loads(text))
        except Unreadable as error:
            raise ValueError(str(error)) from error

    def is_supervised(self) -> bool:
        """Tell whether its supervisor lives."""
        with self.control() as control:
            return control is not None

    def tell(self, word: bytes) -> bool:
        """Say one word to the supervisor; False when none listens."""
        with self.control() as control:
            if control is None:
                return False
            # A frozen supervisor's full control needs no more words.
            with contextlib.suppress(BlockingIOError), effect("command.tell"):
                os.write(control, word)
            return True

    @contextlib.contextmanager
    def control(self) -> Iterator[int | None]:
        """Give a descriptor of the living supervisor's control, or None."""
        try:
            # ENXIO: nobody has it open for reading.
            with effect("command.reach_supervisor"):
                descriptor = os.open(self.folder / "control", os.O_WRONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)
