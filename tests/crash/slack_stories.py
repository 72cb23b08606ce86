"""What people do at Slack in the voyages; they say it once, and press again whatever nothing came of."""

from typing import Any

from funade.chat.slack import preferences
from funade.domain.deployment import Deployment
from funade.domain.telling import Telling
from tests.crash.voyage import Voyage, until
from tests.crash.workspace import DIRECT, Workspace


def asked_and_approved(voyage: Voyage) -> None:
    """One asks, may not agree to it, another agrees, and the card says how it ended."""
    slack = _slack(voyage)
    slack.say("ada", "@funade deploy first of shop to production")
    row = _comes(voyage, "production", "first")
    card = slack.card(row.number, "awaiting approval")
    slack.press("ada", card, "approve", lambda: slack.has_whispered("ada", "approve"))
    slack.press("cy", card, "approve", lambda: not slack.is_shown(row.number, "awaiting"))
    voyage.end_of(row)
    slack.wait_for_the_end(voyage.history)


def by_form(voyage: Voyage) -> None:
    """Somebody known by their address goes through the form; others look at the home, and type a command."""
    slack = _slack(voyage)
    slack.until("a form that was confirmed", lambda: slack.fill_form("hana", "staging", "first"))
    rows = until("what the form asked for", lambda: voyage.history().deployments)
    for row in rows:
        voyage.adopt(row, "first")
    voyage.end_of(*rows)
    slack.until("the home", lambda: _opens_home(slack))
    slack.until("a wish that is kept", lambda: _wants_to_hear_nothing(slack))
    slack.until("the answer to a command", lambda: _asks_by_command(slack))
    slack.act("change_person", person="hana", changes={"email": "hana@elsewhere.example"})
    slack.say("hana", "@funade status")
    slack.wait_for_the_end(voyage.history)


def in_haste(voyage: Voyage) -> None:
    """Cards and commands are deleted while their deployments run."""
    slack = _slack(voyage)
    ts = slack.say("ada", "@funade deploy shop to preview --ref wait")
    running = _comes(voyage, "preview", "wait")
    voyage.begun(running)
    card = slack.card(running.number, "running")
    slack.act("delete", person="ada", channel="#deploy-shop", ts=card)
    slack.until("the card again", lambda: [one for one in slack.cards(running.number) if one["ts"] != card])
    slack.until("the answer", lambda: any(one.get("thread_ts") == ts for one in slack.ours()))
    slack.act("delete", person="ada", channel="#deploy-shop", ts=ts)
    slack.until("a whisper", lambda: slack.has_whispered("ada", "goes on"))
    ts = slack.say("ada", "deploy side to corner --ref wait", channel=DIRECT)
    beside = _comes(voyage, "corner", "wait")
    voyage.begun(beside)
    slack.card(beside.number, "running")
    voyage.world.let_go()
    voyage.end_of(running, beside)
    slack.wait_for_the_end(voyage.history)


def from_outside(voyage: Voyage) -> None:
    """Whoever has left the channel is told by a direct message that their deployment goes on."""
    slack = _slack(voyage)
    ts = slack.say("ada", "@funade deploy shop to staging --ref wait")
    running = _comes(voyage, "staging", "wait")
    voyage.begun(running)
    slack.until("the answer", lambda: any(one.get("thread_ts") == ts for one in slack.ours()))
    slack.act("leave", person="ada", channel="#deploy-shop")
    slack.act("delete", person="ada", channel="#deploy-shop", ts=ts)
    slack.until("a direct message", lambda: any("goes on" in one["text"] for one in slack.ours(DIRECT)))
    voyage.world.let_go()
    voyage.end_of(running)
    slack.wait_for_the_end(voyage.history)


def dies_with_words_in_hand(voyage: Voyage) -> None:
    """A server dies after it has acknowledged a command, before it has answered."""
    slack = _slack(voyage)
    voyage.servers.start("store.begin_answer:before=kill", again=False)
    slack.say("ada", "@funade deploy first of shop to preview")
    until("its death", lambda: voyage.servers.deaths)


def is_answered(voyage: Voyage) -> None:
    """What was left in the inbox is done, once."""
    voyage.end_of(_comes(voyage, "preview", "first"))
    _slack(voyage).wait_for_the_end(voyage.history)


def _slack(voyage: Voyage) -> Workspace:
    assert voyage.workspace is not None, "such a story has a workspace"
    return voyage.workspace


def _comes(voyage: Voyage, environment: str, tag: str) -> Deployment:
    """Return the deployment that was asked for at Slack, once it is there: one, whatever died."""

    def found() -> list[Deployment]:
        return [one for one in voyage.history().deployments if one.environment == environment]

    (row,) = until(f"a deployment to {environment}", found)
    return voyage.adopt(row, tag)


def _home(slack: Workspace) -> Any:
    return next((one for one in slack.act("views", person="cy")["views"] if one["type"] == "home"), None)


def _opens_home(slack: Workspace) -> bool:
    slack.act("open_home", person="cy")
    return bool(slack.soon(lambda: (_home(slack) or {}).get("blocks")))


def _wants_to_hear_nothing(slack: Workspace) -> bool:
    """Tell whether the home says so; who does not find it there chooses it again."""
    slack.act("open_home", person="cy")
    found = _home(slack)
    fields = [one for block in found["blocks"] for one in block.get("elements") or []]
    telling = next(one for one in fields if one.get("action_id") == preferences.TELLING)
    if telling["initial_option"]["value"] == Telling.NEVER:
        return True
    never = next(one for one in telling["options"] if one["value"] == Telling.NEVER)
    slack.act("click", person="cy", view_id=found["id"], action_id=preferences.TELLING, value=never)
    return False


def _asks_by_command(slack: Workspace) -> bool:
    slack.act("command", person="cy", command="/funade", text="status", channel="#deploy-shop")
    return bool(slack.soon(lambda: slack.has_whispered("cy", "staging")))
