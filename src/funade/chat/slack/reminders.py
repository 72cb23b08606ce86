"""What a reminder says, made from the store when it is sent; nothing where it is not so any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from funade.chat.deployments import waiting_lines
from funade.chat.slack.announcer import card_key, home_of
from funade.chat.slack.buttons import Mint, keeping, of_deployment
from funade.chat.slack.client import SlackRefused
from funade.chat.slack.directory import Directory
from funade.chat.slack.letters import Letter, Show, open_direct
from funade.chat.slack.manners import read_manners
from funade.chat.slack.reminding import APPROVAL, END, LOCK, REMIND, START, account_of, lock_key
from funade.chat.slack.sayings import call_mark, message, moment_mark, shielded
from funade.domain import policy
from funade.domain.answers import DeploymentShown
from funade.domain.commands import ShowDeployment
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.events import LockReleased, LockTaken
from funade.domain.lock import Lock
from funade.domain.people import Person, Right
from funade.texts import Reader, plain, slack
from funade.texts.times import moment, span
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Reading
from funade.usecases.ports import Clock, Configurations

MOST_CALLED = 20
#: how far back it is looked for when a lock that was kept again and again was taken
MOST_EVENTS = 200
_STATES = {START: State.QUEUED, END: State.RUNNING, APPROVAL: State.AWAITING_APPROVAL}


@dataclass(kw_only=True)
class Reminders:
    """Writes to whoever may have forgotten something."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    mint: Mint
    show: Show
    clock: Clock

    def writes(self, key: str) -> bool:
        """Tell whether a post of that key is one of these."""
        return key.startswith(f"{REMIND}:")

    async def write(self, post: Post) -> Letter | None:
        """Return what it says now and where."""
        _, kind, *rest = post.key.split(":")
        if kind == LOCK:
            application, environment, *_ = rest
            berth = await self.ledger.read(lambda look: look.berth(application, environment))
            return await self._about_lock(post, berth)
        root, row = await self.ledger.read(
            lambda look: (
                look.post(card_key(post.deployment or "")),
                look.deployment_by_id(post.deployment or ""),
            )
        )
        if root is None or row is None or row.state is not _STATES.get(kind):
            return None
        if root.message is None or root.channel is None:
            return Letter(message=message([]), waits=True)
        reader = self._reader()
        said, approvable = await self._said(kind, row, reader)
        buttons = (
            await self.mint.blocks(
                [one for one in of_deployment(row) if one.verb in ("approve", "reject")],
                # The same buttons as those of its card: pressed here, they are used there too.
                f"{row.id}/{row.digest[:16]}",
                reader,
                deployment=row,
            )
            if approvable
            else []
        )
        return Letter(message=message([said], *buttons), channel=root.channel, thread=root.message)

    async def _said(self, kind: str, row: Deployment, reader: Reader) -> tuple[str, bool]:
        now, number = self.clock.now(), row.number
        if kind == APPROVAL:
            return await self._waiting(row, reader), True
        asker = await self._called(row.asked_by_id, row.asked_by)
        why = await self._why(number, reader)
        if kind == END:
            lasted = span(now - (row.started_at or now), reader)
            return reader.word(slack.REMIND_END, asker=asker, number=number, span=lasted, why=why), False
        since = max([row.asked_at, *(one.at for one in row.approvals)])
        lasted = span(now - since, reader)
        return reader.word(slack.REMIND_START, asker=asker, number=number, span=lasted, why=why), False

    async def _why(self, number: int, reader: Reader) -> str:
        shown = await self.show(ShowDeployment(number=number))
        lines = waiting_lines(shielded(shown.waiting), reader) if isinstance(shown, DeploymentShown) else []
        return "; ".join(lines) or reader.word(slack.REMIND_NOTHING_KNOWN)

    async def _called(self, actor: str, name: str) -> str:
        account = await account_of(self.directory, self.configurations.current(), actor)
        name = plain(shielded(name))
        return name if account is None else call_mark(account, name)

    async def _waiting(self, row: Deployment, reader: Reader) -> str:
        """Return that it waits and for whom; no more of them are looked up than are named."""
        approvers = self._approvers(row)
        values = {"number": row.number, "until": moment(row.due_at, reader)}
        if not approvers:
            return reader.word(slack.REMIND_APPROVAL_NOBODY, **values)
        names = ", ".join([await self._approver(one) for one in approvers[:MOST_CALLED]])
        if more := len(approvers[MOST_CALLED:]):
            return reader.word(slack.REMIND_APPROVAL_MORE, names=names, more=more, **values)
        return reader.word(slack.REMIND_APPROVAL, names=names, **values)

    async def _approver(self, person: Person) -> str:
        """Return their name, which calls them; whoever has quiet hours or cannot be looked up is not called."""
        name = plain(person.name)
        try:
            account = await self.directory.find_account(person)
            if account is None or await self._is_quiet(person, account):
                return name
        except SlackRefused:
            return name
        return call_mark(account, name)

    def _approvers(self, row: Deployment) -> list[Person]:
        """Return who may still approve it."""
        configuration = self.configurations.current()
        application = configuration.applications.get(row.application)
        environment = application.environments.get(row.environment) if application else None
        members: Sequence[str] = environment.rights.get(Right.APPROVE, ()) if environment else ()
        people = configuration.people
        done = people.ids_of(row.asked_by_id) | {
            id for one in row.approvals for id in people.ids_of(one.by_id)
        }
        return [
            one
            for one in people.people.values()
            if not one.ids & done and policy.rule_for(people, one, members) is not None
        ]

    async def _is_quiet(self, person: Person, account: str) -> bool:
        workspace = self.configurations.current().slack
        member = await self.directory.member(account)
        if workspace is None or member is None or member.is_outsider:
            return True
        manners = await self.ledger.read(lambda look: read_manners(look, workspace.authors))
        return manners.is_quiet(person.name, member, self.clock.now())

    async def _about_lock(self, post: Post, berth: Berth) -> Letter | None:
        lock, now = berth.lock, self.clock.now()
        if lock is None or not lock.holds(now):
            return None
        step = int(post.key.rpartition(":")[2])
        if lock_key(berth, lock, step) != post.key:
            return None
        configuration = self.configurations.current()
        account = await account_of(self.directory, configuration, lock.by_id)
        person = configuration.people.find_by_id(lock.by_id)
        channel = await self._direct(account)
        if channel is None:
            return await self._in_channel(berth, lock)
        member = await self.directory.member(account or "")
        language = "en" if person is None else person.language
        reader = Reader(language, now, None if member is None else member.zone)
        return await self._asking(berth, lock, reader, channel)

    async def _direct(self, account: str | None) -> str | None:
        member = None if account is None else await self.directory.member(account)
        if account is None or member is None or member.is_outsider:
            return None
        return await open_direct(self.directory, account)

    async def _in_channel(self, berth: Berth, lock: Lock) -> Letter | None:
        """Return the question for everybody: whoever has the lock cannot be written to."""
        named = home_of(berth.application, self.configurations.current())
        channel = None if named is None else await self.directory.find_channel(named)
        if channel is None:
            return None
        return await self._asking(berth, lock, self._reader(), channel, who=plain(shielded(lock.by)))

    async def _asking(
        self, berth: Berth, lock: Lock, reader: Reader, channel: str, *, who: str | None = None
    ) -> Letter:
        lock = replace(lock, reason=plain(shielded(lock.reason)))
        values = {"application": berth.application, "environment": berth.environment, "reason": lock.reason}
        since = await self.ledger.read(lambda look: held_since(look, berth, lock))
        lasted = span(self.clock.now() - since, reader)
        wording = slack.REMIND_LOCK if who is None else slack.REMIND_LOCK_OF
        said = reader.word(wording, who=who, span=lasted, **values)
        subject = f"keeping/{berth.application}/{berth.environment}/{lock.since.timestamp():.0f}"
        block = await keeping(self.mint, berth, subject, reader)
        return Letter(message=message([said], *block), channel=channel)

    def _reader(self) -> Reader:
        workspace = self.configurations.current().slack
        return Reader(workspace.language if workspace else "en", self.clock.now(), spells_moment=moment_mark)


def held_since(look: Reading, berth: Berth, lock: Lock) -> datetime:
    """Return since when its owner has kept others out without a break: to keep a lock is not to take it anew."""
    since = lock.since
    application, environment = berth.application, berth.environment
    for event in look.events(
        application=application, environment=environment, newest_first=True, limit=MOST_EVENTS
    ):
        match event.happening:
            case LockTaken(until=until) if event.at < since:
                if event.by != lock.by or (until is not None and until < since):
                    break
                since = event.at
            case LockReleased() if event.at < since:
                break
            case _:
                pass
    return since
