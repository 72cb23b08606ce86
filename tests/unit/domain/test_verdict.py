from dataclasses import replace

import pytest

from funade.domain.deployment import State, Wish
from funade.domain.orders import EndedBy, Ending, Observed, Sighting, Standing
from funade.domain.reason import Reason
from funade.domain.verdict import judge, may_wait, must_look
from tests.unit.domain.examples import NEW, NOON, OLD, OTHER, deployment, ended_by

UNWISHED = deployment(state=State.RUNNING)
WISHED = replace(UNWISHED, wish=Wish(by="bob", at=NOON))

NEW_RUNS = Observed(matches=True, revision=NEW)
OLD_RUNS = Observed(matches=False, revision=OLD)
OTHER_RUNS = Observed(matches=False, revision=OTHER)
SILENT = Observed(matches=False)
NOBODY_LOOKED = Observed()
SEEN = {
    "new": NEW_RUNS,
    "old": OLD_RUNS,
    "another": OTHER_RUNS,
    "silent": SILENT,
    "nobody looked": NOBODY_LOOKED,
}

OK = ended_by(EndedBy.ITSELF, exit_code=0)
BAD = ended_by(EndedBy.ITSELF, exit_code=3)
SIGNALLED = ended_by(EndedBy.ITSELF, signal=9)
UNKNOWN = ended_by(EndedBy.ITSELF)
CANCEL = ended_by(EndedBy.CANCEL, signal=15)
LIMIT = ended_by(EndedBy.TIME_LIMIT, signal=15)
ABANDONED = ended_by(EndedBy.ABANDONED, signal=15)
NEVER = ended_by(EndedBy.NEVER_STARTED)

S, F, C = State.SUCCEEDED, State.FAILED, State.CANCELLED
#: for each ending, the state by what was seen, in the order of SEEN; and the reason of all that are not plain
TABLE: dict[str, tuple[Ending, tuple[State, ...], tuple[Reason, ...]]] = {
    "exit 0": (
        OK,
        (S, F, F, F, S),
        (Reason.COMPLETED, Reason.NOT_SEEN, Reason.NOT_SEEN, Reason.NOT_SEEN, Reason.COMPLETED),
    ),
    "exit 3": (BAD, (F,) * 5, (Reason.PROGRAM_FAILED,) * 5),
    "a signal": (SIGNALLED, (F,) * 5, (Reason.PROGRAM_FAILED,) * 5),
    "nobody knows its exit": (UNKNOWN, (F,) * 5, (Reason.PROGRAM_FAILED,) * 5),
    "cancel": (CANCEL, (S, C, F, F, F), (Reason.CANCELLED,) * 5),
    "time limit": (LIMIT, (S, F, F, F, F), (Reason.TIMED_OUT,) * 5),
    "abandoned": (ABANDONED, (S, F, F, F, F), (Reason.ABANDONED,) * 5),
    "never started": (NEVER, (F,) * 5, (Reason.PROGRAM_NOT_STARTED,) * 5),
}
ROWS = [
    pytest.param(ending, observed, state, reason, id=f"{name}, {seen}")
    for name, (ending, states, reasons) in TABLE.items()
    for (seen, observed), state, reason in zip(SEEN.items(), states, reasons, strict=True)
]


@pytest.mark.parametrize(("ending", "observed", "state", "reason"), ROWS)
def test_an_ending_is_judged_by_what_is_seen(ending, observed, state, reason):
    verdict = judge(WISHED, Sighting(standing=Standing.ENDED, ending=ending), observed, OLD)
    assert (verdict.state, verdict.because.code) == (state, reason)
    assert verdict.verified is (state is S and observed.matches is True)
    assert verdict.began is (ending is not NEVER)


@pytest.mark.parametrize(("seen", "state"), [("new", S), ("old", F), ("nobody looked", F)])
def test_what_was_lost_failed_unless_the_new_one_is_seen(seen, state):
    lost = Sighting(standing=Standing.LOST, problem="the machine was switched off")
    verdict = judge(UNWISHED, lost, SEEN[seen], OLD)
    assert (verdict.state, verdict.because.code) == (state, Reason.EXECUTION_LOST)
    assert verdict.because.detail["problem"] == "the machine was switched off"


@pytest.mark.parametrize("standing", [Standing.SEALED, Standing.UNSEEN, Standing.INTENDED])
def test_what_never_began_was_cancelled(standing):
    verdict = judge(WISHED, Sighting(standing=standing), NOBODY_LOOKED, OLD)
    assert (verdict.state, verdict.because.code) == (C, Reason.CANCELLED)
    assert verdict.because.detail["by"] == "bob"
    assert not verdict.began


@pytest.mark.parametrize(("seen", "state"), [("new", S), ("old", F), ("another", F), ("nobody looked", F)])
def test_what_was_ended_and_nobody_wished_it_is_not_called_cancelled(seen, state):
    verdict = judge(UNWISHED, Sighting(standing=Standing.ENDED, ending=CANCEL), SEEN[seen], OLD)
    assert (verdict.state, verdict.because.code) == (state, Reason.EXECUTION_LOST)


def test_a_cancel_of_the_first_deployment_ever_has_no_old_one_to_see():
    verdict = judge(WISHED, Sighting(standing=Standing.ENDED, ending=CANCEL), SILENT, None)
    assert verdict.state is F


def test_what_nobody_can_look_at_succeeds_by_its_exit_alone_and_unverified():
    verdict = judge(UNWISHED, Sighting(standing=Standing.ENDED, ending=OK), NOBODY_LOOKED, OLD)
    assert (verdict.state, verdict.verified) == (S, False)


@pytest.mark.parametrize(
    ("standing", "ending", "looks"),
    [
        (Standing.ENDED, OK, True),
        (Standing.ENDED, BAD, True),
        (Standing.ENDED, CANCEL, True),
        (Standing.ENDED, NEVER, False),
        (Standing.LOST, None, True),
        (Standing.SEALED, None, False),
        (Standing.UNSEEN, None, False),
    ],
)
def test_the_live_system_is_looked_at_whenever_something_began(standing, ending, looks):
    sighting = Sighting(standing=standing, ending=ending)
    assert must_look(sighting) is looks


@pytest.mark.parametrize(
    ("ending", "waits"),
    [(OK, True), (BAD, False), (CANCEL, False), (LIMIT, False), (UNKNOWN, False), (None, False)],
)
def test_only_what_says_that_all_went_well_is_waited_for(ending, waits):
    assert may_wait(Sighting(standing=Standing.ENDED, ending=ending)) is waits


@pytest.mark.parametrize("ending", [BAD, SIGNALLED, CANCEL, LIMIT])
def test_hosts_that_differ_are_named_with_whatever_ended_it(ending):
    differing = Observed(matches=False, shown="x", differing="f5c0df1: web1; 1111111: web2")
    sighting = Sighting(standing=Standing.ENDED, ending=ending)
    assert judge(WISHED, sighting, differing, OLD).because.detail["hosts"] == differing.differing
    assert "hosts" not in judge(WISHED, sighting, OLD_RUNS, OLD).because.detail
