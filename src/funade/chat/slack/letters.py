"""What a post says that is neither a card nor the story of one: notices to authors, and reminders.

Made from the store at the moment it is sent; nothing, where there is nothing to say any more.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from funade.chat.layout import clip, indented, table
from funade.chat.slack.announcer import card_key
from funade.chat.slack.authors import Fate, commits_by, commits_of
from funade.chat.slack.client import SlackRefused
from funade.chat.slack.directory import Directory
from funade.chat.slack.manners import zone_of
from funade.chat.slack.sayings import Block, Message, call_mark, linked, message, moment_mark, shielded
from funade.domain.answers import Answer
from funade.domain.commands import ShowDeployment
from funade.domain.deployment import Deployment
from funade.domain.errors import UnreadableRecord
from funade.domain.people import Person
from funade.domain.revision import Commit, short
from funade.domain.telling import Telling
from funade.failpoints import effect
from funade.texts import Reader, plain, slack
from funade.texts.reasons import reason
from funade.usecases.door_ports import Notice, Post
from funade.usecases.ledger_ports import Ledger, Reading
from funade.usecases.ports import Clock, Configurations, Links

WIDTH = 76
MOST_NOTICES, MOST_COMMITS, MOST_LINKS = 20, 5, 3
#: They are nobody to write to any more; trying again changes nothing.
_NOBODY = frozenset(
    {"user_disabled", "user_not_found", "users_not_found", "cannot_dm_bot", "user_not_visible"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One thing to say, as it is said in the thread of a card and to one person alone."""

    in_thread: str
    alone: str


_UNSEEN = Wording(in_thread=slack.THREAD_UNSEEN, alone=slack.NOTICE_UNSEEN)
_WORDINGS = {
    Fate.LIVE: Wording(in_thread=slack.THREAD_LIVE, alone=slack.NOTICE_LIVE),
    Fate.FAILED: Wording(in_thread=slack.THREAD_FAILED, alone=slack.NOTICE_FAILED),
    Fate.ROLLED_BACK: Wording(in_thread=slack.THREAD_ROLLED_BACK, alone=slack.NOTICE_ROLLED_BACK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message with where it goes; `waits`: its thread is not there yet."""

    message: Message
    channel: str = ""
    thread: str | None = None
    waits: bool = False


Show = Callable[[ShowDeployment], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice with what it is about."""

    notice: Notice
    fate: Fate
    deployment: Deployment
    commits: tuple[Commit, ...]

    @property
    def wording(self) -> Wording:
        """Return how it is said: what nobody has seen live is nowhere said to be live."""
        if self.fate is Fate.LIVE and not self.deployment.verified:
            return _UNSEEN
        return _WORDINGS[self.fate]


@dataclass(kw_only=True)
class Letters:
    """Writes to authors."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    links: Links
    clock: Clock

    def writes(self, key: str) -> bool:
        """Tell whether a post of that key is one of these."""
        return key.partition(":")[0] in set(Telling)

    async def write(self, post: Post) -> Letter | None:
        """Return what a post says now and where, or raise UnreadableRecord where only a newer Funade knows."""
        told = await self.ledger.read(lambda look: _told(look, post))
        if not told:
            return None
        if post.key.startswith(Telling.THREAD):
            return await self._in_thread(post, told)
        return await self._alone(told)

    async def _in_thread(self, post: Post, told: Sequence[Told]) -> Letter | None:
        root = await self.ledger.read(lambda look: look.post(card_key(post.deployment or "")))
        if root is None or (root.message is None and not root.wanted):
            return None
        people = self.configurations.current().people
        names = []
        for one in told:
            person = people.people.get(one.notice.person)
            account = None if person is None else await self.directory.find_account(person)
            if account is not None and person is not None:
                names.append(call_mark(account, person.name))
        if not names:
            return None
        reader = self._channels_reader()
        values = _values(told[0].deployment, reader)
        said = reader.word(told[0].wording.in_thread, names=", ".join(names), **values)
        waits = root.message is None or root.channel is None
        return Letter(message=message([said]), channel=root.channel or "", thread=root.message, waits=waits)

    async def _alone(self, told: Sequence[Told]) -> Letter | None:
        configuration = self.configurations.current()
        person = configuration.people.people.get(told[0].notice.person)
        account = None if person is None else await self.directory.find_account(person)
        if person is None or account is None or configuration.slack is None:
            return None
        member = await self.directory.member(account)
        if member is None or member.is_outsider:
            return None
        channel = await open_direct(self.directory, account)
        if channel is None:
            return None
        zone = zone_of(configuration.slack.authors, member)
        reader = Reader(person.language, self.clock.now(), zone)
        lines = [] if len(told) == 1 else [reader.word(slack.NOTICES, number=len(told)), ""]
        pages: list[Block] = []
        for one in told[:MOST_NOTICES]:
            lines += [*self._lines(one, person, reader), ""]
            link = self.links.link_to(one.deployment) if len(pages) < MOST_LINKS else None
            number = one.deployment.number
            pages += [] if link is None else [linked(link, reader.word(slack.PAGE, number=number))]
        if len(told) > MOST_NOTICES:
            lines.append(reader.word(slack.NOTICES_MORE, number=len(told) - MOST_NOTICES))
        return Letter(message=message(lines, *pages), channel=channel)

    def _lines(self, told: Told, person: Person, reader: Reader) -> list[str]:
        deployment = shielded(told.deployment)
        lines = [reader.word(told.wording.alone, number=deployment.number, **_values(deployment, reader))]
        own = commits_by(person, told.commits, self.configurations.current().people)
        rows = [(short(one.revision), clip(plain(shielded(one.subject)), WIDTH - 12)) for one in own]
        if rows:
            lines += indented(table(rows[:MOST_COMMITS]))
        if len(rows) > MOST_COMMITS:
            lines.append(reader.word(slack.COMMITS_MORE, number=len(rows) - MOST_COMMITS))
        return lines

    def _channels_reader(self) -> Reader:
        workspace = self.configurations.current().slack
        return Reader(workspace.language if workspace else "en", spells_moment=moment_mark)


async def open_direct(directory: Directory, account: str) -> str | None:
    """Return where one writes to somebody alone; None when there is nobody to write to."""
    try:
        with effect("slack.open_direct"):
            return await directory.open_direct(account)
    except SlackRefused as error:
        if error.error in _NOBODY:
            return None
        raise


def _told(look: Reading, post: Post) -> list[Told]:
    found, unknown = [], []
    for notice in look.notices(post.key):
        row = look.deployment_by_id(notice.deployment)
        fate = next((one for one in Fate if one == notice.about), None)
        if fate is None:
            unknown.append(notice.about)
        elif row is not None:
            commits = commits_of(row, fate, look)
            found.append(Told(notice=notice, fate=fate, deployment=row, commits=commits))
    if unknown and not found:
        problem = (
            f"`{post.key}` tells what this Funade has no word for: {unknown[0]!r} — a newer one wrote it"
        )
        raise UnreadableRecord(problem)
    return found


def _values(deployment: Deployment, reader: Reader) -> dict[str, str]:
    deployment = shielded(deployment)
    return {
        "application": plain(deployment.application),
        "environment": plain(deployment.environment),
        "by": plain(deployment.asked_by),
        "why": "" if deployment.because is None else reason(deployment.because, reader),
    }
