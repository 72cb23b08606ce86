"""Buttons: which a card has, and the rows that say what each means. A button's value is an opaque id, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from funade.chat.deployments import has_something_to_go_back_to
from funade.chat.slack.sayings import Block, plain_text
from funade.domain.commands import Approve, Cancel, Command, Lock, Reject, Retry, Rollback, Unlock
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.environment import Berth
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.texts import Reader, slack
from funade.texts.times import span
from funade.usecases.door_ports import Capability
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock, Ids

#: A button on an old card still says what it was for.
LASTS = timedelta(days=30)
ACTION = "funade_do"  #: followed by the verb; what it does is in the row
#: It does nothing itself: it opens the form in which one chooses what to go back to.
BACK_FORM = "funade_form_rollback"
LONGEST_LABEL = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button before it has a row."""

    verb: str
    label: str
    command: Command
    single: bool = True
    style: str | None = None
    sure: str | None = None
    until: datetime | None = None
    action: str | None = None


def of_deployment(deployment: Deployment) -> list[Button]:
    """Return the buttons of a card, as things stand."""
    number = deployment.number
    cancel = Button(
        verb="cancel",
        label=slack.CANCEL,
        command=Cancel(number=number),
        single=False,
        sure=slack.SURE_OF_CANCEL,
    )
    if deployment.state is State.AWAITING_APPROVAL:
        until = deployment.due_at
        approve = Button(
            verb="approve",
            label=slack.APPROVE,
            command=Approve(number=number),
            single=False,
            style="primary",
            until=until,
        )
        reject = Button(verb="reject", label=slack.REJECT, command=Reject(number=number), until=until)
        return [approve, reject, cancel]
    if not deployment.has_ended:
        return [] if deployment.wish is not None else [cancel]
    back = Button(
        verb="rollback",
        label=slack.ROLLBACK,
        command=Rollback(application=deployment.application, environment=deployment.environment),
        style="danger",
        action=BACK_FORM,
    )
    if deployment.state is State.SUCCEEDED:
        may_go_back = deployment.preview.live is not None and deployment.purpose is not Purpose.ROLLBACK
        return [back] if may_go_back else []
    retry = Button(verb="retry", label=slack.RETRY, command=Retry(number=number))
    return [retry, back] if has_something_to_go_back_to(deployment) else [retry]


def of_lock(application: str, environment: str, reason: str) -> list[Button]:
    """Return the buttons of a lock."""
    return [
        Button(
            verb="unlock",
            label=slack.UNLOCK,
            command=Unlock(application=application, environment=environment),
        ),
        Button(
            verb="extend",
            label=slack.EXTEND,
            single=False,
            command=Lock(
                application=application, environment=environment, reason=reason, lasts=timedelta(hours=1)
            ),
        ),
    ]


#: for how long a lock may be kept at a press
KEPT_FOR = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


async def keeping(mint: "Mint", berth: Berth, subject: str, reader: Reader) -> list[Block]:
    """Return the buttons of a question about a lock: open it, or keep it for a while from now."""
    assert berth.lock is not None, "it is about a lock"  # noqa: S101 - narrows
    application, environment, reason = berth.application, berth.environment, berth.lock.reason
    opening = Unlock(application=application, environment=environment)
    unlock = Button(verb="unlock", label=slack.UNLOCK, command=opening, style="primary")
    kept = [
        Button(
            verb=f"keep-{one.total_seconds():.0f}",
            label=slack.KEEP_FOR,
            command=Lock(application=application, environment=environment, reason=reason, lasts=one),
        )
        for one in KEPT_FOR
    ]
    granted = await mint.grant([unlock, *kept], subject, digest=berth.lock.by_id)
    options = [
        {
            "text": plain_text(reader.word(slack.KEEP_FOR, span=span(length, reader)), LONGEST_LABEL),
            "value": granted[f"{subject}/{one.verb}"].id,
        }
        for length, one in zip(KEPT_FOR, kept, strict=True)
    ]
    keep: Block = {
        "type": "static_select",
        "action_id": f"{ACTION}_keep",
        "placeholder": plain_text(reader.word(slack.KEEP), LONGEST_LABEL),
        "options": options,
    }
    open_it = _element(unlock, granted[f"{subject}/unlock"].id, reader, {})
    return [{"type": "actions", "elements": [open_it, keep]}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mint:
    """Writes the rows of buttons down, each once."""

    ledger: Ledger
    clock: Clock
    ids: Ids

    async def blocks(  # noqa: PLR0913 - whose buttons, and how they are worded
        self,
        buttons: Sequence[Button],
        subject: str,
        reader: Reader,
        *,
        deployment: Deployment | None = None,
        values: Mapping[str, Any] | None = None,
        only_for: str | None = None,
    ) -> list[Block]:
        """Return the row of buttons as a block, none for no buttons; each is known to the store by then."""
        if not buttons:
            return []
        known = await self.grant(buttons, subject, deployment=deployment, only_for=only_for)
        said = {**(values or {}), "number": deployment.number if deployment else ""}
        elements = [_element(one, known[f"{subject}/{one.verb}"].id, reader, said) for one in buttons]
        return [{"type": "actions", "elements": elements}]

    async def grant(
        self,
        buttons: Sequence[Button],
        subject: str,
        *,
        deployment: Deployment | None = None,
        digest: str | None = None,
        only_for: str | None = None,
    ) -> Mapping[str, Capability]:
        """Return what each button means, by its subject; known to the store by then."""
        now = self.clock.now()
        wanted = [
            Capability(
                id=self.ids.new(),
                subject=f"{subject}/{one.verb}",
                command=_plain(one.command),
                until=one.until or now + LASTS,
                deployment=deployment.id if deployment else None,
                digest=deployment.digest if deployment else digest,
                single=one.single,
                only_for=only_for,
            )
            for one in buttons
        ]
        known = {}
        if deployment is not None:
            found = await self.ledger.read(lambda look: look.capabilities(deployment.id))
            known = {one.subject: one for one in found}
        missing = [one for one in wanted if one.subject not in known]
        if missing:
            with effect("store.grant"):
                granted = await self.ledger.change(lambda change: [change.grant(one) for one in missing])
            known |= {one.subject: one for one in granted}
        return known


def _plain(command: Command) -> Mapping[str, Any]:
    plain = to_plain(command, tagged=True)
    assert isinstance(plain, dict), "a command is an object"  # noqa: S101 - narrows
    return plain


def _element(button: Button, id: str, reader: Reader, values: Mapping[str, Any]) -> Block:
    element: Block = {
        "type": "button",
        "action_id": button.action or f"{ACTION}_{button.verb}",
        "text": plain_text(reader.word(button.label), LONGEST_LABEL),
        "value": id,
    }
    if button.style:
        element["style"] = button.style
    if button.sure:
        element["confirm"] = {
            "title": plain_text(reader.word(slack.SURE), 100),
            "text": plain_text(reader.word(button.sure, **values), 300),
            "confirm": plain_text(reader.word(button.label), 30),
            "deny": plain_text(reader.word(slack.NO), 30),
        }
    return element
