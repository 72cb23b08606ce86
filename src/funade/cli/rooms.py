"""The rooms below, looked up only when needed: `--help` and a talk with the server load none."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from funade.domain.answers import Answer
from funade.domain.commands import Command
from funade.domain.orders import Problem
from funade.domain.people import Actor

if TYPE_CHECKING:
    from datetime import datetime

    from funade.domain.deployment import Deployment
    from funade.usecases.ledger_ports import Announcement
    from funade.usecases.queue_ports import DeadLetter


class Desk(Protocol):
    """What every door hands its commands to."""

    async def __call__(self, command: Command, actor: Actor, request: str) -> Answer: ...


class Server(Protocol):
    """Everything of a long-lived process: `funade serve`, `funade runner`."""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""


class Tell(Protocol):
    """Hears of an event, and of the deployment as it is now."""

    def __call__(self, announcement: "Announcement", now: "Deployment | None", /) -> None: ...


class Copied(Protocol):
    """What came of copying a store."""

    @property
    def store(self) -> str:
        """Return the store's id."""

    @property
    def rows(self) -> Mapping[str, int]:
        """Return how many rows each table has."""

    @property
    def was_there(self) -> bool:
        """Tell whether an earlier copy had brought everything already."""


class Undone(Protocol):
    """One of several things that was not done."""

    @property
    def which(self) -> str:
        """Return what it is."""

    @property
    def problem(self) -> str:
        """Return why."""


class Moved(Protocol):
    """What came of moving dead letters."""

    @property
    def done(self) -> Sequence[str]:
        """Return those that were moved."""

    @property
    def undone(self) -> Sequence[Undone]:
        """Return those that were not, each with its problem."""


class Letters(Protocol):
    """The dead letters of the configuration's queues."""

    async def list(self, queue: str) -> Sequence["DeadLetter"]:
        """Return those of a queue, or raise a QueueError."""

    async def redrive(self, queue: str, ids: Sequence[str]) -> Moved:
        """Send these, or all, again."""

    async def discard(self, queue: str, ids: Sequence[str]) -> Moved:
        """Throw these, or all, away."""


class Refreshed(Protocol):
    """What came of one namespace's Secret."""

    @property
    def namespace(self) -> str:
        """Return where."""

    @property
    def problem(self) -> str | None:
        """Return what is wrong, if anything is."""


class Wiring(Protocol):
    """`funade.wiring`, as the command line needs it."""

    def data_folder(self, config: Path) -> Path:
        """Return the data folder without opening the store, or raise ConfigError."""

    def open_local(self, config: Path, *, carries: bool) -> AbstractAsyncContextManager[Desk]:
        """Return a desk on the store itself; `carries`: deployments too, while it is open."""

    def build_server(
        self, config: Path, *, socket: Path | None, socket_mode: int, tell: Tell | None = None
    ) -> Server:
        """Return everything of `funade serve`; `tell` hears of each event once."""

    def build_runner_process(self, config: Path, *, tell: Tell | None = None) -> Server:
        """Return everything of `funade runner`; `tell` hears of each event once."""

    def build_controller(
        self,
        kubeconfig: Path | None,
        context: str | None,
        namespace: str | None,
        find_config: Callable[[], Path],
        *,
        leads: bool,
    ) -> Server:
        """Return everything of `funade controller`."""

    def copy_store(self, config: Path) -> Copied:
        """Copy the store from its file into the database, or raise FunadeError."""

    def open_letters(self, config: Path) -> AbstractAsyncContextManager[Letters]:
        """Return what sorts dead letters, with the keys of this very process."""

    def log_in_to_ecr(self, **wish: object) -> "tuple[datetime, Sequence[Refreshed]]":
        """Refresh, or check, the Secrets by which a cluster pulls images, or raise FunadeError; see `Wish`."""

    def check(self, config: Path) -> Sequence[Problem]:
        """Return what is wrong with the configuration and the world that it names."""


def wiring() -> Wiring:
    """Return the composition root."""
    return cast("Wiring", import_module("funade.wiring"))
