"""A flood: thousands of deployments, every order delivered several times and in any order, and runners that die."""

import asyncio
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from funade.domain.commands import Cancel, Deploy
from funade.domain.deployment import Deployment, Preview, State
from funade.domain.people import Actor, Door, Person
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.usecases.accept_deployment import Asked
from funade.usecases.assemble_release import Assembled
from tests.crash.flood_runner import ENVIRONMENTS, OWNER, world
from tests.crash.nursery import Child, nursery
from tests.crash.world import LEASE_SECONDS

RUNNERS = 3
AT_ONCE = 200
CANCELLED = 0.05  #: so many of all are wished away at once
ADA = Actor(door=Door.TERMINAL, id=OWNER, name="ada", owns_store=True)
LOOK_SECONDS = 0.2
#: Without any end in so many seconds, it is stuck.
PATIENCE_SECONDS = 180.0
PAGE = 500


@dataclass
class Flood:
    """`seed` decides everything but what the machine's own timing decides."""

    folder: Path
    url: str
    seed: int
    wanted: int
    kills: int = 0
    freezes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    _runners: list[Child] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def rage(self) -> list[str]:
        """Return what is wrong when everything has come to an end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._parts, self._shop, self._place = world(
            self.folder, self.url, random.Random(f"{self.seed}/post")
        )
        self._runners = [self._runner() for _ in range(RUNNERS)]
        threads = [threading.Thread(target=one) for one in (self._blow, self._carry_letters)]
        for one in threads:
            one.start()
        try:
            accepted = asyncio.run(self._ask())
            # Letters that are still on their way come to deployments that have ended.
            return [*asyncio.run(self._findings(accepted))]
        finally:
            self._over.set()
            for one in threads:
                one.join()
            for child in self._runners:
                child.kill()
                child.wait(30)
            self._place.close()
            self._parts.ledger.close()

    def summary(self) -> str:
        """Return what came of it."""
        return f"{self.kills} kills, {self.freezes} freezes; {dict(self.reasons.most_common())}"

    # People

    async def _ask(self) -> set[str]:
        choice = random.Random(f"{self.seed}/people")
        accepted: set[str] = set()
        for number in range(self.wanted):
            made = await self._accept(f"place{choice.randrange(ENVIRONMENTS)}")
            accepted.add(made.id)
            if choice.random() < CANCELLED:
                await self._parts.desk.verbs.cancel(Cancel(number=made.number), Person(name="ada"))
            if number % 20 == 0:
                await self._until_at_most(AT_ONCE)
        await self._until_at_most(0)
        return accepted

    async def _accept(self, name: str) -> Deployment:
        environment = self._shop.environments[name]
        revision = await self._parts.sources.resolve(self._shop.repository, "main")
        release = Release(
            application="shop",
            environment=name,
            revision=revision,
            repository=self._shop.repository,
            target=environment.target,
        )
        plan = self._parts.targets.open(release).plan(release)
        assembled = Assembled(
            ref="main", release=release, plan=plan, digest=digest(release, plan), preview=Preview()
        )
        command = Deploy(application="shop", environment=name, ref="main")
        asked = Asked(actor=ADA, person=Person(name="ada"), command=command, request=str(uuid4()))
        answer = await self._parts.desk.verbs.deploy.accept(assembled, environment, asked)
        made = getattr(answer, "deployment", None)
        assert isinstance(made, Deployment), answer
        return made

    async def _until_at_most(self, most: int) -> None:
        fewest, since = self.wanted + 1, time.monotonic()
        while (left := len(await self._parts.ledger.read(lambda look: look.unended_ids()))) > most:
            if left < fewest:
                fewest, since = left, time.monotonic()
            assert time.monotonic() - since < PATIENCE_SECONDS, f"{left} do not come to an end"
            await asyncio.sleep(LOOK_SECONDS)

    # The weather

    def _runner(self) -> Child:
        environment = {"FUNADE_LEASE_SECONDS": LEASE_SECONDS, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        arguments = [str(self.folder), self.url, str(self.seed)]
        return nursery().bear(
            arguments, environment, self.folder, self.folder / "log", main="tests.crash.flood_runner"
        )

    def _blow(self) -> None:
        choice = random.Random(f"{self.seed}/weather")
        while not self._over.wait(choice.uniform(0.3, 2.5)):
            number = choice.randrange(RUNNERS)
            if choice.random() < 0.7:
                self._runners[number].kill()
                self._runners[number].wait(60)
                self._runners[number] = self._runner()
                self.kills += 1
            else:
                # Longer than a lease, so that another takes over, and it wakes up in the middle of that.
                self._runners[number].send_signal(signal.SIGSTOP)
                self._over.wait(choice.uniform(0.1, 2.5))
                self._runners[number].send_signal(signal.SIGCONT)
                self.freezes += 1

    def _carry_letters(self) -> None:
        while not self._over.is_set():
            if self._place.deliver() == 0:
                self._over.wait(0.01)

    # What must hold

    async def _findings(self, accepted: set[str]) -> list[str]:
        rows = {one.id: one for one in await self._ended()}
        starts = self._place.starts()
        began = Counter(deployment for deployment, *_ in starts)
        found = [f"{id} was accepted, and is lost" for id in accepted - rows.keys()]
        found += [f"{id} was never asked for" for id in rows.keys() - accepted]
        found += [f"{id} began, and nobody asked for it" for id in began.keys() - accepted]
        found += [f"{id} began {times} times" for id, times in began.items() if times > 1]
        found += [f"{id} began beside {beside}" for id, _, beside in starts if beside is not None]
        for row in rows.values():
            self.reasons[f"{row.state} ({row.because.code if row.because else 'no reason'})"] += 1
            if row.because is None:
                found.append(f"#{row.number} is {row.state}, and nobody says why")
            if row.state is State.SUCCEEDED and began[row.id] != 1:
                found.append(f"#{row.number} succeeded, and began {began[row.id]} times")
        with suppress(FileNotFoundError):
            log = (self.folder / "log").read_text(errors="replace")
            found += [line for line in log.splitlines() if "our mistake" in line or "Traceback" in line]
        return found

    async def _ended(self) -> list[Deployment]:
        found: list[Deployment] = []
        before = None
        while page := await self._parts.ledger.read(
            lambda look, before=before: look.ended(None, None, limit=PAGE, before=before)  # type: ignore[misc]
        ):
            found += page
            before = page[-1].number
        return found
