from dataclasses import replace
from types import MappingProxyType
from typing import cast

import pytest

from funade.chat.slack.authors import Fate, author_of, commits_by, fate_of, notices_about
from funade.domain.application import Application, Configuration, Environment, Repository
from funade.domain.deployment import Preview, Purpose, State
from funade.domain.events import DeploymentFinished, DeploymentStarted, about
from funade.domain.people import People, Person
from funade.domain.reason import Reason, because
from funade.domain.revision import Changes, Commit, Revision
from funade.usecases.ledger_ports import Reading
from tests.unit.domain.examples import NEW, NOON, OLD, OTHER, RELEASE, deployment

ADA = Person(
    name="ada", ids=frozenset({"slack:T/U0ADA"}), email="Ada@Acme.example", commit_emails=("a@home",)
)
BOB = Person(name="bob", ids=frozenset({"slack:T/U0BOB", "github:583231"}), email="bob@acme.example")
TWIN = Person(name="twin", email="shared@acme.example")
OTHER_TWIN = Person(name="other", email="shared@acme.example")
PEOPLE = People(people={one.name: one for one in (ADA, BOB, TWIN, OTHER_TWIN)})


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("ada@acme.example", "ada"),
        ("ADA@ACME.EXAMPLE", "ada"),
        ("a@home", "ada"),
        ("583231+whoever@users.noreply.github.com", "bob"),
        ("583232+bob@users.noreply.github.com", None),
        ("583231+bob@users.noreply.github.com.evil.example", None),
        ("bob@users.noreply.github.com", None),
        ("shared@acme.example", None),
        ("mallory@acme.example", None),
        ("ada@acme.example.evil.example", None),
        ("", None),
    ],
)
def test_an_address_is_one_persons_or_nobodys(email, name):
    found = author_of(email, PEOPLE)
    assert (found.name if found else None) == name


def test_an_address_that_leads_to_one_and_a_number_that_leads_to_another_are_nobodys():
    odd = replace(ADA, commit_emails=("583231+x@users.noreply.github.com",))
    people = People(people={"ada": odd, "bob": BOB})
    assert author_of("583231+x@users.noreply.github.com", people) is None


def commit(email: str, revision: Revision = NEW) -> Commit:
    return Commit(revision=revision, subject="Fix", author="x", email=email, authored_at=NOON)


def changed(*emails: str, base=OLD) -> Preview:
    commits = tuple(commit(one) for one in emails)
    return Preview(live=base, changes=Changes(base=base, head=NEW, commits=commits, total=len(commits)))


def finished(one, state=State.SUCCEEDED):
    ending = DeploymentFinished(state=state, because=because(Reason.COMPLETED), verified=True)
    return replace(about(one, ending, "ada", NOON), sequence=9)


class Past:
    """A look at what ended before."""

    def __init__(self, *rows):
        self.rows = rows

    def ended(self, application, environment, *, limit, before=None):
        newest_first = sorted(self.rows, key=lambda one: one.number, reverse=True)
        return [one for one in newest_first if before is None or one.number < before][:limit]


def configured(*, tell_authors=True) -> Configuration:
    place = Environment(name="production", target=RELEASE.target, tell_authors=tell_authors)
    shop = Application(name="shop", repository=Repository(url="/x"), environments={"production": place})
    return Configuration(path="x", applications=MappingProxyType({"shop": shop}), people=PEOPLE)


def told(one, state=State.SUCCEEDED, past=(), **more):
    event = finished(one, state)
    found = notices_about(event, one, configured(**more), cast("Reading", Past(*past)))
    return [(notice.person, notice.about) for notice in found]


def started(number=2, **changes):
    changes = {"fence": number} | changes
    return deployment(number, started_at=NOON, asked_by_id="github:1", door="webhook", **changes)


def test_each_author_is_owed_one_notice_whatever_the_number_of_their_commits():
    one = started(preview=changed("ada@acme.example", "a@home", "bob@acme.example", "who@ever"))
    assert told(one) == [("ada", "live"), ("bob", "live")]
    assert told(one, State.FAILED) == [("ada", "failed"), ("bob", "failed")]
    assert told(one, State.CANCELLED) == []
    assert told(one, tell_authors=False) == []


def test_whoever_wrote_it_with_somebody_is_its_author_too():
    pair = replace(commit("who@ever"), co_author_emails=("bob@acme.example", "ada@acme.example", "a@home"))
    changes = Changes(base=OLD, head=NEW, commits=(pair, commit("ada@acme.example", OTHER)), total=2)
    assert told(started(preview=Preview(live=OLD, changes=changes))) == [("bob", "live"), ("ada", "live")]
    assert commits_by(BOB, changes.commits, PEOPLE) == [pair]
    assert commits_by(ADA, changes.commits, PEOPLE) == list(changes.commits)


def test_the_first_deployment_of_a_place_tells_nobody():
    assert told(started(preview=changed("ada@acme.example", base=None))) == []


def test_what_never_began_is_nobodys_failure():
    assert told(replace(started(preview=changed("ada@acme.example")), started_at=None), State.FAILED) == []


def test_whoever_asked_in_person_reads_it_there_and_a_robot_reads_nothing():
    one = replace(
        started(preview=changed("ada@acme.example", "bob@acme.example")), asked_by_id="slack:T/U0ADA"
    )
    assert told(replace(one, door="slack")) == [("bob", "live")]
    assert told(replace(one, door="webhook")) == [("ada", "live"), ("bob", "live")]


def test_a_rollback_tells_the_authors_of_all_that_went_away_and_nobody_else():
    kept = started(3, state=State.SUCCEEDED, preview=changed("shared@acme.example", "bob@acme.example"))
    gone = started(5, state=State.SUCCEEDED, preview=changed("ada@acme.example"))
    failed = started(4, state=State.FAILED, preview=changed("bob@acme.example"))
    back = started(6, purpose=Purpose.ROLLBACK, of=3, revision=OTHER, preview=changed())
    assert told(back, past=(gone, failed, kept)) == [("ada", "rolled_back")]
    assert told(back, State.FAILED, past=(gone,)) == []


def test_what_an_earlier_rollback_took_away_does_not_go_away_again():
    first = started(5, state=State.SUCCEEDED, preview=changed("bob@acme.example"))
    bobs = started(6, state=State.SUCCEEDED, preview=changed("bob@acme.example"))
    back = started(7, state=State.SUCCEEDED, purpose=Purpose.ROLLBACK, of=5, preview=changed())
    adas = started(8, state=State.SUCCEEDED, preview=changed("ada@acme.example"))
    again = started(9, purpose=Purpose.ROLLBACK, of=5, preview=changed())
    assert told(again, past=(first, bobs, back, adas)) == [("ada", "rolled_back")]


def test_what_waited_and_was_started_later_goes_away_though_its_number_is_lower():
    waited = started(6, fence=8, state=State.SUCCEEDED, preview=changed("ada@acme.example"))
    first = started(7, fence=7, state=State.SUCCEEDED, preview=changed("bob@acme.example"))
    back = started(8, fence=9, purpose=Purpose.ROLLBACK, of=7, preview=changed())
    later = started(9, fence=10, state=State.SUCCEEDED, preview=changed("bob@acme.example"))
    assert told(back, past=(waited, first, later)) == [("ada", "rolled_back")]


def test_only_an_end_means_anything_to_an_author():
    one = started(preview=changed("ada@acme.example"))
    assert fate_of(about(one, DeploymentStarted(attempt=1, fence=1), "x", NOON), one) is None
    assert fate_of(finished(one), one) is Fate.LIVE
