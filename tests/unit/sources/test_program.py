from base64 import b64encode

from funade.sources.program import Access, environment

HARMLESS = Access(environment={"GIT_ALLOW_PROTOCOL": "https"}, values=("ada:s3cr3t /", "s3cr3t /"))


def test_git_sees_nothing_of_the_person_who_runs_funade(monkeypatch):
    for name in (
        "GIT_DIR",
        "GIT_TRACE_CURL",
        "GIT_SSH_COMMAND",
        "SSH_AUTH_SOCK",
        "LD_PRELOAD",
        "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    seen = environment(Access())
    assert "x" not in seen.values()
    assert seen["HTTPS_PROXY"] == "http://proxy.example"
    assert (seen["GIT_CONFIG_GLOBAL"], seen["GIT_CONFIG_NOSYSTEM"], seen["HOME"]) == (
        "/dev/null",
        "1",
        "/dev/null",
    )
    assert seen["GIT_TERMINAL_PROMPT"] == "0"


def test_without_access_no_protocol_is_allowed():
    assert environment(Access())["GIT_ALLOW_PROTOCOL"] == ""
    assert environment(HARMLESS)["GIT_ALLOW_PROTOCOL"] == "https"
    assert (Access().reaches_out, HARMLESS.reaches_out) == (False, True)


def test_every_setting_reaches_git_and_an_accesss_own_comes_last():
    seen = environment(Access(settings={"core.hooksPath": "/elsewhere", "a.b": "c"}))
    settings = {
        seen[f"GIT_CONFIG_KEY_{number}"]: seen[f"GIT_CONFIG_VALUE_{number}"]
        for number in range(int(seen["GIT_CONFIG_COUNT"]))
    }
    assert settings["core.hooksPath"] == "/elsewhere"
    assert settings["a.b"] == "c"
    assert settings["credential.helper"] == ""


def test_a_secret_is_masked_in_every_shape_that_git_and_curl_write():
    basic = b64encode(b"ada:s3cr3t /").decode()
    said = f"s3cr3t / s3cr3t%20%2F {basic} https://ada:other@a.example/x"
    assert HARMLESS.masked(said) == "*** *** *** https://***@a.example/x"
