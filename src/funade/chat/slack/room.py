"""Everything of Slack in one process: asks Slack who we are, then listens, answers and tells until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from starlette.types import ASGIApp

from funade.chat.slack.arrivals import Ourselves
from funade.chat.slack.back_form import BackForm, PlansRollback
from funade.chat.slack.board import Board
from funade.chat.slack.budget import Budget
from funade.chat.slack.buttons import Mint
from funade.chat.slack.client import OutcomeUnknown, SlackRefused, WebApi
from funade.chat.slack.conversation import AsksDesk, Conversation
from funade.chat.slack.courier import Courier
from funade.chat.slack.directory import AcquaintedConfigurations, Directory
from funade.chat.slack.door import make_door
from funade.chat.slack.duties import ROLE, Duties
from funade.chat.slack.forms import Forms
from funade.chat.slack.home import Home
from funade.chat.slack.keeper import Keeper
from funade.chat.slack.keeping_up import KeepingUp
from funade.chat.slack.letters import Letters, Show
from funade.chat.slack.notices import Notices
from funade.chat.slack.onlookers import Onlookers
from funade.chat.slack.payloads import text_of
from funade.chat.slack.reception import Reception
from funade.chat.slack.reminders import Reminders
from funade.chat.slack.reminding import Reminding
from funade.chat.slack.signature import Seals
from funade.chat.slack.worker import Worker
from funade.domain.application import SecretReference
from funade.domain.errors import SecretError, VendorUnavailable
from funade.domain.wire import Plain, to_plain
from funade.usecases.ledger_ports import Ledger
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Configurations, Ids, Lease, Links, Logs, Refs, Secrets
from funade.usecases.role import Role

log = structlog.get_logger()

SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
RETRY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the room needs of the rest of the house."""

    ledger: Ledger
    configurations: Configurations
    secrets: Secrets
    desk: AsksDesk
    show: Show
    plan_rollback: PlansRollback
    logs: Logs
    refs: Refs
    links: Links
    lease: Lease
    living: Living
    clock: Clock
    ids: Ids


@dataclass(kw_only=True)
class Listening:
    """The parts that exist once Slack has said who we are."""

    us: Ourselves
    directory: Directory
    reception: Reception
    board: Board
    worker: Worker
    duties: Duties
    keeper: Keeper | None


@dataclass(kw_only=True)
class SlackRoom:
    """Runs beside the rest of a server; whatever Slack does, the rest goes on.

    One that does not listen only knows who is who, so that every process has the same rules.
    """

    ports: Ports
    url: str
    bot_token: SecretReference
    app_token: SecretReference | None
    signing_secrets: tuple[SecretReference, ...] = ()
    listens: bool = True
    listening: Listening | None = None
    problem: str | None = None
    _resumed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def directory(self) -> Directory | None:
        """Return the directory, once there is one."""
        return self.listening.directory if self.listening is not None else None

    async def run(self) -> None:
        """Run until it is cancelled."""
        async with aiohttp.ClientSession(trust_env=True, cookie_jar=aiohttp.DummyCookieJar()) as session:
            api = WebApi(session, self.url, lambda: self.ports.secrets.reveal(self.bot_token))
            us = await self._ask_who_we_are(api)
            listening = self._furnish(session, api, us)
            self.listening = listening
            works: list[Callable[[], Awaitable[None]]] = [listening.directory.keep_fresh]
            if self.listens:
                works += [listening.worker.run, listening.board.run, listening.duties.run]
                works += [listening.keeper.run] if listening.keeper is not None else []
            tasks = [asyncio.ensure_future(work()) for work in works]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
                for one in done:
                    one.result()
            finally:
                for one in tasks:
                    one.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def resume(self) -> None:
        """Try again what was given up: somebody has changed the configuration."""
        self._resumed.set()
        if self.listening is not None and self.listening.keeper is not None:
            self.listening.keeper.resume()

    def health(self) -> dict[str, Plain]:
        """Return how the connection is, for whoever watches over us."""
        listening = self.listening
        if listening is None:
            return {"connected": False, "problem": self.problem}
        found: dict[str, Plain] = {"connected": True, "problem": listening.board.problem}
        if listening.keeper is not None:
            status = listening.keeper.look()
            found |= {
                "connected": status.sockets > 0,
                "sockets": status.sockets,
                "sockets_seen_by_slack": status.seen_by_slack,
                "stopped": status.stopped,
                "last_frame_at": None if status.last_frame_at is None else to_plain(status.last_frame_at),
                "problem": status.problem or listening.board.problem,
            }
        return found

    def report(self) -> tuple[bool, str | None, dict[str, Plain]]:
        """Return whether we are well, a short code where we are not, and numbers."""
        listening = self.listening
        if listening is None:
            return False, "not_connected", {}
        if listening.keeper is None:
            return True, None, {}
        status = listening.keeper.look()
        facts: dict[str, Plain] = {
            "sockets": status.sockets,
            "sockets_seen_by_slack": status.seen_by_slack,
            "last_frame_at": None if status.last_frame_at is None else to_plain(status.last_frame_at),
        }
        if status.stopped is not None:
            return False, status.stopped, facts
        return status.sockets > 0, None if status.sockets else "no_socket", facts

    def door(self) -> ASGIApp:
        """Return where Slack may call us over HTTPS."""

        async def take(kind: str, payload: Any) -> Mapping[str, Any] | None:
            if self.listening is None:
                raise VendorUnavailable("Slack", "has not said yet who we are", RETRY)  # noqa: EM101 -- short
            return await self.listening.reception.take(kind, payload)

        ports = self.ports
        return make_door(
            take=take,
            seals=Seals(
                secrets=lambda: [ports.secrets.reveal(one) for one in self.signing_secrets],
                ledger=ports.ledger,
                clock=ports.clock,
            ),
        )

    async def _ask_who_we_are(self, api: WebApi) -> Ourselves:
        wait = SHORTEST_WAIT_SECONDS
        while True:
            try:
                answer = await api("auth.test")
            except (SlackRefused, VendorUnavailable, OutcomeUnknown, SecretError) as error:
                if str(error) != self.problem:
                    log.error("Slack cannot be used yet; it is tried again", problem=str(error))
                self.problem = str(error)
            else:
                self.problem = None
                return _ourselves(answer)
            self._resumed.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._resumed.wait()
            except TimeoutError:
                wait = min(LONGEST_WAIT_SECONDS, wait * 2)

    def _furnish(self, session: aiohttp.ClientSession, api: WebApi, us: Ourselves) -> Listening:
        ports = self.ports
        directory = Directory(
            api=api,
            ledger=ports.ledger,
            clock=ports.clock,
            configurations=ports.configurations,
            us=us,
        )
        # Rules see whoever is linked and the members of Slack's groups. Authors are looked up by what the file says of
        # them and what Slack has proved of it today, so that nobody is told what is another's.
        acquainted = AcquaintedConfigurations(ports.configurations, lambda: directory)
        courier = Courier(api=api, ledger=ports.ledger, clock=ports.clock, us=us)
        mint = Mint(ledger=ports.ledger, clock=ports.clock, ids=ports.ids)
        budget = Budget(ports.clock.steady)
        forms = Forms(api=api, refs=ports.refs, back=BackForm(plan=ports.plan_rollback))
        conversation = Conversation(
            api=api,
            desk=ports.desk,
            ledger=ports.ledger,
            clock=ports.clock,
            configurations=acquainted,
            directory=directory,
            courier=courier,
            mint=mint,
            fill=forms.fill,
            budget=budget,
        )
        home = Home(api=api, conversation=conversation, mint=mint)
        reception = Reception(
            ledger=ports.ledger,
            clock=ports.clock,
            lease=ports.lease,
            us=us,
            forget=directory.forget,
            answer=lambda arrival: forms.answer(arrival, conversation),
            open=lambda arrival: forms.open(arrival, conversation, home),
        )
        board = Board(
            ledger=ports.ledger,
            configurations=acquainted,
            directory=directory,
            courier=courier,
            mint=mint,
            show=ports.show,
            logs=ports.logs,
            lease=ports.lease,
            living=ports.living,
            clock=ports.clock,
            budget=budget,
            letters=(
                Letters(
                    ledger=ports.ledger,
                    configurations=ports.configurations,
                    directory=directory,
                    links=ports.links,
                    clock=ports.clock,
                ),
                Reminders(
                    ledger=ports.ledger,
                    configurations=acquainted,
                    directory=directory,
                    mint=mint,
                    show=ports.show,
                    clock=ports.clock,
                ),
            ),
        )
        notices = Notices(
            ledger=ports.ledger,
            configurations=ports.configurations,
            directory=directory,
            clock=ports.clock,
        )
        reminding = Reminding(
            ledger=ports.ledger,
            configurations=acquainted,
            directory=directory,
            clock=ports.clock,
        )
        onlookers = Onlookers(ledger=ports.ledger, home=home, clock=ports.clock)
        keeping_up = KeepingUp(ledger=ports.ledger, configurations=ports.configurations, clock=ports.clock)
        duties = Duties(
            ledger=ports.ledger,
            clock=ports.clock,
            role=Role(name=ROLE, ledger=ports.ledger, lease=ports.lease, living=ports.living),
            each=(notices.look, reminding.look, onlookers.look, keeping_up.look),
        )
        worker = Worker(
            ledger=ports.ledger,
            lease=ports.lease,
            living=ports.living,
            clock=ports.clock,
            conversation=conversation,
        )
        app_token = self.app_token if self.listens else None
        keeper = None
        if app_token is not None:
            keeper = Keeper(
                api=api,
                session=session,
                token=lambda: ports.secrets.reveal(app_token),
                take=reception.take,
                clock=ports.clock,
            )
        return Listening(
            us=us,
            directory=directory,
            reception=reception,
            board=board,
            worker=worker,
            duties=duties,
            keeper=keeper,
        )


def _ourselves(answer: Any) -> Ourselves:
    return Ourselves(
        team=text_of(answer, "team_id"),
        enterprise=text_of(answer, "enterprise_id") or None,
        user=text_of(answer, "user_id"),
        bot=text_of(answer, "bot_id"),
    )
