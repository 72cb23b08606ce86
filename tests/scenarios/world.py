"""Everything outside of Funade's processes: people, repositories, places, time; and the one store they share."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from funade.domain.application import (
    Application,
    Configuration,
    Environment,
    Repository,
    TargetConfiguration,
    Verification,
)
from funade.domain.orders import Execution, StartOrder
from funade.domain.people import People, Person, Right
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.runner.workspaces import FolderWorkspaces
from funade.testing.announcer import FakeAnnouncer
from funade.testing.calendar import FakeCalendar
from funade.testing.configurations import FakeConfigurations
from funade.testing.logs import FakeLogs
from funade.testing.processes import FakeMachine
from funade.testing.sources import FakeSources
from funade.testing.targets import FakePlace, FakeTargets
from funade.testing.time import CountedIds, StoppedClock
from funade.testing.verification import FakeVerifier
from tests.scenarios.stepping import SteppingLoop, stepping_ledger

NAMES = {
    "ada": "local:1000",
    "bob": "local:1001",
    "cy": "local:1002",
    "dee": "local:1003",
    "eve": "local:1004",
}
MARK = "MARK"
"""The file in each commit by which a checkout shows which one it is."""


class WatchedPlace(FakePlace):
    """A place that calls a mistake what its guard would only have mended."""

    def __init__(self, world: "World") -> None:
        super().__init__(now=world.clock.now)
        self._world = world
        self.forgiven: set[tuple[str, str]] = set()
        """Environments that a person opened: there an older execution may still live, and the guard ends it."""

    async def start(self, order: StartOrder) -> None:
        one = order.execution
        here = (one.application, one.environment)
        before = len(self.started)
        alive = [it for it in self.running() if (it.application, it.environment) == here]
        await super().start(order)
        if len(self.started) > before:
            assert not alive or here in self.forgiven, f"{alive} lived when {one} began"
            self._world.assert_checked_out(order.release.revision, Path(order.workspace))


@dataclass
class World:
    """One world; the test moves it."""

    folder: Path
    lease: timedelta = timedelta(days=400)
    waits_at_most: timedelta = timedelta(hours=24)
    environments: tuple[str, ...] = ("production", "staging", "preview")
    loop: SteppingLoop = field(default_factory=SteppingLoop)
    clock: StoppedClock = field(default_factory=StoppedClock)
    ids: CountedIds = field(default_factory=CountedIds)
    machine: FakeMachine = field(default_factory=FakeMachine)
    sources: FakeSources = field(default_factory=FakeSources)
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    announcer: FakeAnnouncer = field(default_factory=FakeAnnouncer)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)
    logs: FakeLogs = field(default_factory=FakeLogs)
    mistakes: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = stepping_ledger(self.folder / "store.sqlite")
        self.place = WatchedPlace(self)
        self.place.hangs()
        self.targets = FakeTargets(self.place)
        self.workspaces = FolderWorkspaces(self.folder / "workspaces")
        self.configurations = FakeConfigurations(self._configuration())
        self.revisions: dict[str, Revision] = {}
        for name in ("first", "second", "third"):
            self.commit(name, after=next(reversed(self.revisions), None))
        self.commit("aside", after="first")
        self.sources.point("HEAD", self.revisions["first"])

    def close(self) -> None:
        self.loop.close()
        self.ledger.close()

    # What people and repositories do

    def commit(self, name: str, *, after: str | None) -> Revision:
        """Add a commit with a branch of its own."""
        parents = [] if after is None else [self.revisions[after]]
        revision = self.sources.commit(name, parents=parents, files={MARK: name})
        self.revisions[name] = revision
        self.sources.point(f"refs/heads/{name}", revision)
        return revision

    def change_environment(self, name: str, **changes: object) -> None:
        """Write something else about one environment of `shop` into the configuration; None takes it out."""
        shop = self.configurations.configuration.applications["shop"]
        environments = dict(shop.environments)
        environments[name] = replace(environments[name], **changes)  # type: ignore[arg-type]  # the test knows them
        self._write(replace(shop, environments=environments))

    def remove_environment(self, name: str) -> None:
        """Take an environment out of the configuration."""
        shop = self.configurations.configuration.applications["shop"]
        left = {one: it for one, it in shop.environments.items() if one != name}
        self._write(replace(shop, environments=left))

    def _write(self, shop: Application) -> None:
        before = self.configurations.configuration
        self.configurations.configuration = replace(before, applications={"shop": shop})

    def _configuration(self) -> Configuration:
        rights = dict.fromkeys(Right, ("ada", "bob"))
        verify = Verification(url="https://{environment}.shop.example/version", equals="{revision}")
        environments = {
            name: Environment(
                name=name,
                target=TargetConfiguration(kind="command", settings={"run": ["deploy"]}),
                rights=rights,
                verify=None if name == "preview" else verify,
                waits_at_most=self.waits_at_most,
            )
            for name in self.environments
        }
        shop = Application(
            name="shop", repository=Repository(url="/srv/git/shop.git"), environments=environments
        )
        people = {name: Person(name=name, ids=frozenset({id})) for name, id in NAMES.items()}
        return Configuration(
            path="funade.yaml", applications={"shop": shop}, people=People(people=people, groups={})
        )

    # What the places do

    def goes_live(self, environment: str, revision: Revision) -> None:
        """Let that revision answer from now on."""
        self.verifier.shows[f"https://{environment}.shop.example/version"] = revision

    def program_ends(
        self, execution: Execution, release: Release, *, exit_code: int = 0, live: bool = True
    ) -> None:
        """Let a program end by itself; `live` says whether it brought its release up."""
        if live:
            self.goes_live(execution.environment, release.revision)
        self.place.finish(execution, exit_code=exit_code)

    # What must be so, always

    def assert_checked_out(self, revision: Revision, folder: Path) -> None:
        """A program finds exactly its revision in its folder."""
        name = next(name for name, one in self.revisions.items() if one == revision)
        mark = folder / MARK
        assert mark.is_file(), f"{folder} is gone"
        assert mark.read_text() == name

    def assert_sound(self) -> None:
        """What must be true at every moment."""
        running = self.place.running()
        berths = [(one.application, one.environment) for one in running]
        assert len(berths) == len(set(berths)), f"two executions live in one environment: {running}"
        begun = [(one.execution.deployment, one.execution.attempt) for one in self.place.started]
        assert len(begun) == len(set(begun)), "an attempt began twice"
        fences: dict[tuple[str, str], int] = {}
        for order in self.place.started:
            one = order.execution
            here = (one.application, one.environment)
            assert one.fence > fences.get(here, 0), "a fence did not rise"
            fences[here] = one.fence
            alive = (one.deployment, one.attempt) in {(it.deployment, it.attempt) for it in running}
            if alive and here not in self.place.forgiven:
                self.assert_checked_out(order.release.revision, Path(order.workspace))
