"""What happened becomes wishes for posts, in one transaction; the board fulfils them when Slack lets it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from funade.chat.slack.authors import notices_about
from funade.chat.slack.cards import is_told
from funade.chat.slack.channels import channels_named
from funade.domain.application import Configuration
from funade.domain.deployment import Deployment
from funade.domain.events import (
    DeadLettersFound,
    EnvironmentClosed,
    EnvironmentReopened,
    Event,
    RequestRefused,
)
from funade.failpoints import effect
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Announcement, Ledger, Transaction
from funade.usecases.ports import Configurations

#: Others at the same place may wait for something else now; more cards than this are not looked through.
MOST_NEIGHBOURS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAnnouncer:
    """The `Announcer` port. It says nothing itself, so that Slack's silence keeps nobody else's news back."""

    ledger: Ledger
    configurations: Configurations

    async def announce(self, batch: Sequence[tuple[Announcement, Deployment | None]]) -> None:
        """Wish for every post that tells the batch; the same wish twice posts nothing twice."""
        configuration = self.configurations.current()
        if configuration.slack is None:
            return

        def work(change: Transaction) -> None:
            for announcement, deployment in batch:
                for post in _posts(announcement, deployment, configuration):
                    # What was told is not told again, whoever says it twice; a card is looked at again.
                    if post.event is None or change.post(post.key) is None:
                        change.want_post(post)
                self._want_neighbours(change, announcement.event, configuration)
                if deployment is not None:
                    for notice in notices_about(announcement.event, deployment, configuration, change):
                        change.owe_notice(notice)

        with effect("store.want_posts"):
            await self.ledger.change(work)

    def _want_neighbours(self, change: Transaction, event: Event, configuration: Configuration) -> None:
        if isinstance(event.happening, RequestRefused) or not event.environment:
            return
        entries = change.entries(event.application, event.environment)
        for one in [other for other in entries if other.id != event.deployment][:MOST_NEIGHBOURS]:
            if change.post(card_key(one.id)) is not None:
                change.want_post(
                    Post(
                        key=card_key(one.id),
                        deployment=one.id,
                        channel=home_of(one.application, configuration),
                    )
                )


def card_key(deployment: str) -> str:
    """Return the key of a deployment's card."""
    return f"card:{deployment}"


def is_card_key(key: str) -> bool:
    """Tell whether a post of that key is a card."""
    return key.startswith("card:")


def home_of(application: str, configuration: Configuration) -> str | None:
    """Return the channel in which an application is told of."""
    found = configuration.applications.get(application)
    default = configuration.slack.channel if configuration.slack is not None else None
    return (found.channel if found is not None else None) or default


def _posts(
    announcement: Announcement, deployment: Deployment | None, configuration: Configuration
) -> Iterator[Post]:
    event, key = announcement.event, announcement.key
    sequence = int(key) if key.isdecimal() else event.sequence
    if isinstance(event.happening, RequestRefused):
        return
    channel = home_of(event.application, configuration)
    if event.deployment is not None and deployment is not None:
        yield Post(key=card_key(event.deployment), deployment=event.deployment, channel=channel)
        if is_told(event):
            yield Post(key=f"event:{key}", deployment=event.deployment, event=sequence, channel=channel)
        if not isinstance(event.happening, (EnvironmentClosed, EnvironmentReopened)):
            return
        yield Post(key=f"event:{key}:channel", event=sequence, channel=channel)
    elif isinstance(event.happening, DeadLettersFound):
        # All who use the queue, each channel once.
        users = {one.partition("/")[0] for one in event.happening.used_by}
        for each in sorted({home_of(one, configuration) or "" for one in users} - {""}):
            yield Post(key=f"event:{key}:{each}", event=sequence, channel=each)
    elif event.application:
        if channel is not None:
            yield Post(key=f"event:{key}", event=sequence, channel=channel)
    else:
        # A pause of everything concerns everybody.
        for each in sorted(channels_named(configuration)):
            yield Post(key=f"event:{key}:{each}", event=sequence, channel=each)
