"""How each person is told, and whether it is quiet for them: what they want for themselves, over what the team has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from funade.chat.slack.directory import Member
from funade.domain.telling import Manner, Preference
from funade.usecases.ledger_ports import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """Everybody's, as they were read; `own` is what people have chosen, by their names."""

    team: Manner
    own: Mapping[str, Preference]

    def of(self, person: str) -> Manner:
        """Return how that person is told."""
        return self.own.get(person, Preference(person=person)).over(self.team)

    def is_quiet(self, person: str, member: Member, now: datetime) -> bool:
        """Tell whether it is quiet for that person, whose account is that member."""
        manner = self.of(person)
        return manner.is_quiet(now, zone_of(manner, member))


def read_manners(look: Reading, team: Manner) -> Manners:
    """Return everybody's manners over those of the team."""
    return Manners(team=team, own={one.person: one for one in look.preferences()})


def zone_of(manner: Manner, member: Member) -> tzinfo:
    """Return whose clock counts: the team's, or that of the person as Slack knows it."""
    return ZoneInfo(manner.time_zone) if manner.time_zone is not None else member.zone
