"""Everything that acts in a workspace, put together."""

from funade.playground.courier import Courier
from funade.playground.errors import Json
from funade.playground.events import Events
from funade.playground.limits import Limits
from funade.playground.passes import Passes
from funade.playground.posting import Board
from funade.playground.workspace import Workspace


class Stage:
    """A workspace with what serves it; one for each process or test."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.courier = Courier(workspace)
        self.events = Events(workspace, self.courier.event)
        self.board = Board(workspace, self.events)
        self.limits = Limits(workspace.clock.now, workspace.switches)
        self.passes = Passes(workspace)
        #: what people have chosen under messages: (channel, ts, person) → block → action → state
        self.entered: dict[tuple[str, str, str], Json] = {}

    async def close(self) -> None:
        """Let nothing more happen."""
        await self.courier.close()
        self.workspace.journal.close()
        self.workspace.clock.stop()
