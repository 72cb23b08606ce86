from datetime import UTC, datetime

import pytest

from funade.domain.orders import EndedBy, Ending, Standing
from funade.targets.ssh.sightings import HostSeen, Live, Phase, Unreadable, combine, next_moves, read_answer

AT = datetime(2026, 11, 21, tzinfo=UTC)


def ended(by: EndedBy = EndedBy.ITSELF, code: int | None = 0, problem: str | None = None) -> HostSeen:
    return HostSeen(
        phase=Phase.ENDED, highest=7, ending=Ending(by=by, exit_code=code, at=AT, problem=problem)
    )


def at(phase: Phase, highest: int = 7) -> HostSeen:
    return HostSeen(phase=phase, highest=highest)


UNSEEN, INTENDED, SEALED, LOST = (at(one) for one in (Phase.UNSEEN, Phase.INTENDED, Phase.SEALED, Phase.LOST))
PREPARING, PREPARED, PUBLISHING = (at(one) for one in (Phase.PREPARING, Phase.PREPARED, Phase.PUBLISHING))


def hosts(*seen: HostSeen) -> dict[str, HostSeen]:
    return {f"web{number}": one for number, one in enumerate(seen, 1)}


def moves(*seen: HostSeen, at_once: int = 10) -> str:
    told = next_moves(hosts(*seen), at_once)
    lists = {
        "prepare": told.prepare,
        "publish": told.publish,
        "give up": told.give_up,
        "follow": told.follow,
    }
    return "; ".join(f"{what} {' '.join(on)}" for what, on in lists.items() if on)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ((INTENDED, INTENDED), ""),
        ((PREPARING, INTENDED), "prepare web2; follow web1"),
        ((PREPARING, PREPARED), "follow web1"),
        ((PREPARED, INTENDED), "prepare web2"),
        ((PREPARED, PREPARED), "publish web1 web2"),
        ((PUBLISHING, PREPARED), "publish web2; follow web1"),
        ((ended(), PREPARED), "publish web2"),
        ((ended(), ended()), ""),
        ((ended(code=1), PREPARED), "give up web2"),
        ((ended(code=1), PREPARING), "follow web2"),
        ((ended(code=1), INTENDED), "give up web2"),
        ((ended(by=EndedBy.CANCEL, code=None), PREPARED), "give up web2"),
        ((LOST, PREPARED), "give up web2"),
        ((SEALED, PREPARED), "give up web2"),
        ((PUBLISHING, ended(code=1), PREPARED), "give up web3; follow web1"),
        ((LOST, ended()), ""),
    ],
)
def test_no_host_is_switched_before_all_are_prepared_and_none_after_a_failure(seen, told):
    assert moves(*seen) == told


def test_so_many_hosts_at_once_and_no_more():
    assert moves(PREPARED, PREPARED, PREPARED, at_once=2) == "publish web1 web2"
    assert moves(PUBLISHING, PREPARED, PREPARED, at_once=2) == "publish web2; follow web1"
    assert moves(PUBLISHING, PUBLISHING, PREPARED, at_once=2) == "follow web1 web2"
    assert moves(PREPARING, INTENDED, at_once=1) == "follow web1"


@pytest.mark.parametrize(
    ("seen", "standing"),
    [
        ((UNSEEN, UNSEEN), Standing.UNSEEN),
        ((UNSEEN, INTENDED), Standing.INTENDED),
        ((SEALED, INTENDED), Standing.INTENDED),
        ((SEALED, SEALED), Standing.SEALED),
        ((PREPARING, INTENDED), Standing.RUNNING),
        ((PREPARED, PREPARED), Standing.RUNNING),
        ((ended(), PREPARED), Standing.RUNNING),
        ((ended(), ended()), Standing.ENDED),
        ((SEALED, ended()), Standing.ENDED),
        ((LOST, PREPARED), Standing.RUNNING),
        ((LOST, ended()), Standing.LOST),
    ],
)
def test_hosts_stand_where_the_last_of_them_stands(seen, standing):
    assert combine(hosts(*seen)).standing is standing


def test_the_highest_fence_is_that_of_any_host():
    assert combine(hosts(at(Phase.UNSEEN, 3), at(Phase.UNSEEN, 9))).highest_fence == 9


@pytest.mark.parametrize(
    ("seen", "by", "code"),
    [
        ((ended(), ended()), EndedBy.ITSELF, 0),
        ((ended(), ended(code=3)), EndedBy.ITSELF, 3),
        ((ended(by=EndedBy.CANCEL, code=None), ended(code=3)), EndedBy.ITSELF, 3),
        (
            (ended(by=EndedBy.CANCEL, code=None), ended(by=EndedBy.TIME_LIMIT, code=None)),
            EndedBy.TIME_LIMIT,
            None,
        ),
        ((ended(by=EndedBy.CANCEL, code=None), ended()), EndedBy.CANCEL, None),
        (
            (ended(by=EndedBy.NEVER_STARTED, code=127), ended(by=EndedBy.CANCEL, code=None)),
            EndedBy.NEVER_STARTED,
            None,
        ),
        ((SEALED, ended(by=EndedBy.CANCEL, code=None)), EndedBy.CANCEL, None),
        ((SEALED, ended()), EndedBy.CANCEL, None),
    ],
)
def test_the_end_of_all_is_the_one_that_explains_the_others(seen, by, code):
    ending = combine(hosts(*seen)).ending
    assert ending is not None
    assert (ending.by, ending.exit_code) == (by, code)


def test_a_host_that_lost_its_execution_is_named():
    lost = HostSeen(phase=Phase.LOST, problem="the machine was restarted while it ran")
    assert combine(hosts(ended(), lost)).problem == "web2: the machine was restarted while it ran"


def test_an_answer_is_read():
    lines = [
        "phase ended itself 137 1795274179 `make it` ended with 137",
        "highest 8",
        "output 12",
        "current 2026-a",
        "revision abc",
    ]
    seen = read_answer(lines)
    assert (seen.phase, seen.highest, seen.output, seen.release, seen.revision) == (
        Phase.ENDED,
        8,
        12,
        "2026-a",
        "abc",
    )
    assert seen.ending is not None
    assert (seen.ending.exit_code, seen.ending.signal, seen.ending.problem) == (
        None,
        9,
        "`make it` ended with 137",
    )


def test_who_waited_under_a_fence_that_has_passed_is_over():
    seen = read_answer(["phase overtaken ", "highest 9", "output 0"])
    assert seen.phase is Phase.ENDED
    assert seen.ending is not None
    assert seen.ending.by is EndedBy.CANCEL


@pytest.mark.parametrize(
    "lines", [[], ["phase dancing", "highest 1", "output 0"], ["phase ended itself", "highest 1", "output 0"]]
)
def test_an_answer_that_is_none_is_said_so(lines):
    with pytest.raises(Unreadable, match="cannot be read"):
        read_answer(lines)


def test_which_host_has_which_revision_is_shown():
    live = Live(revisions={"web1": "f" * 40, "web2": "e" * 40, "web3": "f" * 40, "web4": ""})
    assert live.shown() == "fffffff: web1, web3; eeeeeee: web2; -: web4"
    assert live.common is None
    assert not live.all_have("f" * 40)
    same = Live(revisions={"web1": "f" * 40, "web2": "f" * 40})
    assert same.all_have("f" * 40)
    assert same.common == "f" * 40
