"""What `why`, `show` and `status` tell to whom: refusals, freezes, whose go it needs, what they may do themselves."""

from datetime import timedelta

from funade.domain.answers import DeploymentShown, StatusShown
from funade.domain.commands import ShowDeployment, ShowStatus, Why
from funade.domain.events import RequestRefused
from tests.scenarios.office import HERE, SALE, approve, deploy, lock, open_sale, waiting, want_approvals


def why(office, who="eve", **about):
    answer = office.hears(who, Why(**(about or HERE)))
    assert isinstance(answer, DeploymentShown), answer
    return answer


def code_of(refusal):
    assert isinstance(refusal.happening, RequestRefused)
    return refusal.happening.because.code


def may(office, who, number):
    return set(office.hears(who, ShowDeployment(number=number)).may)


# What was refused


def test_why_tells_the_last_refusal_where_nothing_was_ever_deployed(office):
    office.refuses("eve", deploy())
    answer = office.hears("eve", Why(**HERE))
    assert isinstance(answer, StatusShown)
    assert answer.refusal is not None
    assert answer.refusal.by == "eve"
    assert code_of(answer.refusal) == "not_permitted"
    assert [one.berth.environment for one in answer.environments] == ["production"]


def test_why_tells_what_was_refused_after_the_newest_deployment_and_nothing_older(office):
    office.refuses("eve", deploy())
    office.deploys(deploy("first"))
    assert why(office).refusal is None
    office.lets_pass(seconds=1)
    office.says("bob", lock())
    office.refuses("dee", deploy("second"))
    assert code_of(why(office).refusal) == "locked"
    assert why(office, application="shop").refusal is not None
    assert office.hears("eve", Why()).refusal is not None


def test_who_asks_about_a_number_hears_of_that_alone(office):
    office.deploys(deploy("first"))
    office.lets_pass(seconds=1)
    office.refuses("eve", deploy())
    answer = why(office, number=1)
    assert (answer.refusal, answer.next_freeze) == (None, None)


def test_a_refusal_elsewhere_is_not_told_here(office):
    office.refuses("eve", deploy())
    answer = office.hears("eve", Why(application="shop", environment="staging"))
    assert answer.because.code == "unknown_deployment"


# Freezes


def test_why_and_status_tell_the_freeze_that_is_open_and_the_one_that_comes(office):
    office.deploys(deploy("first"))
    now = office.world.clock.now()
    later = now + timedelta(days=7)
    office.world.calendar.openings = {"sale": [now, later]}
    for shown in (why(office), office.hears("eve", ShowStatus(**HERE)).environments[0]):
        assert (shown.frozen.reason, shown.frozen.until) == ("sale", now + SALE.lasts)
        assert (shown.next_freeze.since, shown.next_freeze.until) == (later, later + SALE.lasts)


def test_where_no_freeze_is_known_none_is_told(office):
    office.deploys(deploy("first"))
    open_sale(office.world)
    office.lets_pass(hours=2)
    answer = why(office)
    assert (answer.frozen, answer.next_freeze) == (None, None)


# Whose go it needs


def test_who_may_approve_is_named_and_the_asker_never_is(office):
    want_approvals(office.world, 1)
    number = office.accepts("cy", deploy())
    assert waiting(office, number)[0].because.detail["approvers"] == ["sre"]
    office.world.change_environment("production", rights={**_rights(office), "approve": ("bob", "cy")})
    assert waiting(office, number)[0].because.detail["approvers"] == ["bob"]
    assert office.hears("eve", ShowStatus(**HERE)).environments[0].approvers == ("bob", "cy")


def _rights(office):
    configuration = office.world.configurations.configuration
    return configuration.applications["shop"].environments["production"].rights


def test_everybody_is_shown_what_they_may_do_themselves(office):
    want_approvals(office.world, 1)
    number = office.accepts("cy", deploy())
    assert may(office, "cy", number) == {"reject", "override", "retry", "cancel", "rollback"}
    assert may(office, "bob", number) == {"approve", "reject", "override", "retry", "cancel", "rollback"}
    assert may(office, "dee", number) == {"retry", "cancel"}
    assert may(office, "eve", number) == set()


def test_who_has_approved_is_not_asked_again(office):
    want_approvals(office.world, 2)
    office.world.change_environment("production", rights={**_rights(office), "approve": ("ada", "bob", "cy")})
    number = office.accepts("ada", deploy())
    office.says("bob", approve(number))
    assert "approve" not in may(office, "bob", number)
    assert "approve" in may(office, "cy", number)


# Who looks after it


def test_a_takeover_says_which_process_where(office):
    number = office.accepts("ada", deploy())
    office.dies_and_comes_back()
    told = office.hears("eve", ShowDeployment(number=number)).events[-1].happening
    assert (told.host, told.pid) == ("testhost", 1)
    office.program_ends(number)
