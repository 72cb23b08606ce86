"""Reads `approvals`, and refuses a rule that nobody could ever meet."""

from collections.abc import Collection, Mapping

from funade.domain.people import People, Right
from funade.settings.people import meant_by
from funade.settings.reading import Value, listed
from funade.settings.shape import MOST_APPROVALS

_MOST_NAMED = 5


def read_approvals(value: Value, rights: Mapping[Right, tuple[str, ...]], people: People) -> int:
    """Return how many people must approve; whoever may deploy has that many others who may and can."""
    wanted = value.whole_number()
    if wanted is None:
        return 0
    if wanted > MOST_APPROVALS:
        value.complain(
            f"`{wanted}` approvals are more than anybody waits for", f"write at most {MOST_APPROVALS}"
        )
    elif wanted and not people.people:
        value.complain(
            "in a file without `people` there is nobody else to approve", "add `people`, or remove the key"
        )
    elif wanted and not value.report.has(_rights_beside(value), "people", "groups"):
        _refuse_impossible(value, wanted, rights, people)
    return wanted


def _rights_beside(value: Value) -> str:
    return f"{value.key.rpartition('.')[0]}.rights"


def _refuse_impossible(
    value: Value, wanted: int, rights: Mapping[Right, tuple[str, ...]], people: People
) -> None:
    approvers = meant_by(rights.get(Right.APPROVE, ()), people)
    if approvers.others:
        return  # Only Slack knows how many they are.
    if not approvers.people:
        value.complain(
            "nobody may approve, so every deployment would wait for good",
            "give somebody the right to `approve`, or remove the key",
        )
        return
    # Whom no door can recognise never comes to approve, nor to deploy.
    able = {name for name in approvers.people if people.people[name].ids}
    unknown = approvers.people - able
    remedy = "let more people approve, or ask for fewer approvals"
    if unknown:
        remedy += f"; {_named(unknown)} cannot: give them an id (`slack`, `github` or `local`)"
    if len(able) < wanted:
        few = f"only {_named(able)}" if able else "nobody"
        value.complain(f"{_people(wanted)} must approve, and {few} can", remedy)
    elif len(able) == wanted and (stuck := able & meant_by(rights.get(Right.DEPLOY, ()), people).people):
        others = "nobody else" if wanted == 1 else f"only {wanted - 1}"
        value.complain(
            f"{_named(stuck)} could never deploy: {_people(wanted, 'other')} must approve, and {others} can",
            remedy,
        )


def _people(number: int, which: str = "") -> str:
    words = f"{number} {which}".rstrip()
    return f"{words} person" if number == 1 else f"{words} people"


def _named(names: Collection[str]) -> str:
    shown = sorted(names)[:_MOST_NAMED]
    more = len(names) - len(shown)
    return f"{listed(shown)} and {more} more" if more else listed(shown)
