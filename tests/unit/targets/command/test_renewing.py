from funade.targets.command import config


def test_an_old_release_runs_as_it_did_at_the_place_and_with_the_secrets_of_today():
    old, _ = config.parse(
        {"run": ["make", "old"], "guard": "/old", "secrets": {"TOKEN": "env:OLD"}, "time_limit": 60}, "target"
    )
    today, _ = config.parse(
        {"run": ["make", "new"], "guard": "/new", "secrets": {"TOKEN": "env:NEW"}}, "target"
    )
    renewed = config.renew(old, today)
    assert (renewed["run"], renewed["time_limit"]) == (old["run"], old["time_limit"])
    assert (renewed["guard"], renewed["secrets"]) == (today["guard"], today["secrets"])


def test_nothing_is_left_of_a_place_that_is_not_configured_any_more():
    old, _ = config.parse({"run": ["make"], "guard": "/old", "secrets": {"TOKEN": "env:OLD"}}, "target")
    today, _ = config.parse({"run": ["make"]}, "target")
    assert config.renew(old, today).get("guard") == today.get("guard")
    assert config.renew(old, today).get("secrets") == today.get("secrets")
