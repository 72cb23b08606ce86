"""How somebody wants to hear of their changes: the part of our home in which they say it, and what they said."""

from collections.abc import Sequence
from dataclasses import replace

from funade.chat.slack.arrivals import Pressed
from funade.chat.slack.sayings import Block, context, header, plain_text, shielded
from funade.domain.people import Person
from funade.domain.telling import Manner, Preference, Telling, read_quiet
from funade.failpoints import effect
from funade.texts import Reader, plain, slack
from funade.usecases.ledger_ports import Ledger, Transaction

SETTING = "funade_set"  #: followed by what is set; what is chosen is one of our own values
TELLING, QUIET = f"{SETTING}_telling", f"{SETTING}_quiet"
TEAM, NONE = "team", "none"
HOURS = ("22:00-07:00", "20:00-08:00", "18:00-09:00")

WORDS = {
    Telling.THREAD: slack.TELL_THREAD,
    Telling.DIRECT: slack.TELL_DIRECT,
    Telling.DIGEST: slack.TELL_DIGEST,
    Telling.NEVER: slack.TELL_NEVER,
}


def section(person: Person, preference: Preference | None, team: Manner, reader: Reader) -> list[Block]:
    """Return the part of somebody's home in which they choose."""
    own = preference or Preference(person=person.name)
    emails = ", ".join(f"`{plain(shielded(one))}`" for one in (person.email, *person.commit_emails) if one)
    known = reader.word(slack.TELL_EMAILS, emails=emails) if emails else reader.word(slack.TELL_NO_EMAIL)
    return [
        header(reader.word(slack.HOME_TELL)),
        {"type": "actions", "elements": [_telling(own, team, reader), _quiet(own, team, reader)]},
        context(known.replace("`", "")),
    ]


def _telling(own: Preference, team: Manner, reader: Reader) -> Block:
    usual = reader.word(slack.TELL_AS_TEAM, what=reader.word(WORDS[team.telling]))
    options = [_option(usual, TEAM), *(_option(reader.word(WORDS[one]), one) for one in Telling)]
    return _select(TELLING, options, own.telling or TEAM, reader.word(slack.HOME_TELL))


def _quiet(own: Preference, team: Manner, reader: Reader) -> Block:
    none = reader.word(slack.QUIET_NONE)
    usual = none if team.quiet is None else reader.word(slack.QUIET_HOURS, hours=team.quiet)
    hours = dict.fromkeys([*HOURS, *([own.quiet] if own.quiet else [])])
    options = [
        _option(reader.word(slack.TELL_AS_TEAM, what=usual), TEAM),
        _option(none, NONE),
        *(_option(reader.word(slack.QUIET_HOURS, hours=one), one) for one in hours),
    ]
    chosen = TEAM if own.quiet is None else own.quiet or NONE
    return _select(QUIET, options, chosen, reader.word(slack.QUIET_TITLE))


async def prefer(ledger: Ledger, pressed: Pressed, person: Person) -> None:
    """Keep what somebody chose; a value that we never offered means nothing."""

    def work(change: Transaction) -> None:
        before = next((one for one in change.preferences() if one.person == person.name), None)
        after = chosen(before or Preference(person=person.name), pressed)
        if after is not None:
            change.save_preference(after)

    with effect("store.save_preference"):
        await ledger.change(work)


def chosen(before: Preference, pressed: Pressed) -> Preference | None:
    """Return what somebody wants after they chose a value; None where that means nothing."""
    value = pressed.value
    match pressed.action:
        case one if one == TELLING and value == TEAM:
            return replace(before, telling=None)
        case one if one == TELLING and value in set(Telling):
            return replace(before, telling=Telling(value))
        case one if one == QUIET and value == TEAM:
            return replace(before, quiet=None)
        case one if one == QUIET and value == NONE:
            return replace(before, quiet="")
        case one if one == QUIET and read_quiet(value) is not None:
            return replace(before, quiet=value)
        case _:
            return None


def _select(action: str, options: Sequence[Block], chosen: str, title: str) -> Block:
    initial = next((one for one in options if one["value"] == chosen), options[0])
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(title, 150),
        "options": list(options),
        "initial_option": initial,
    }


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(text, 75), "value": value}
