import dataclasses

import jsonschema
import pytest

from funade.domain import wire
from funade.targets import KINDS
from funade.targets.ssh.config import PLACE, Settings
from funade.targets.ssh.hosts import Host, parse_host

KIND = KINDS["ssh"]
FINGERPRINT = "SHA256:" + "a" * 43


def read(**section):
    return KIND.parse({"kind": "ssh", **section}, "target")


def test_hosts_and_a_path_are_all_that_must_be_said():
    settings, problems = read(hosts=["web1"], path="/srv/shop")
    assert not problems
    assert wire.from_plain(Settings, settings) == Settings(hosts=(Host(name="web1"),), path="/srv/shop")


def test_a_whole_section_is_read():
    section = {
        "hosts": ["web1", "deploy@web2.example.com:2222", "[2001:db8::1]:22"],
        "path": "/srv/{application}/{environment}",
        "user": "shop",
        "key": "file:/etc/funade/key",
        "agent": "/run/agent",
        "known_hosts": "/etc/funade/known_hosts",
        "jump": ["bastion"],
        "connect_timeout": "5s",
        "at_once": 2,
        "keep": 3,
        "shared": ["log/", "config/database.yml"],
        "hooks": {
            "before": [["bundle", "install"], {"run": ["bin/migrate", "{revision}"], "on": "first"}],
            "after": [["bin/restart", 3]],
        },
        "environment": {"PORT": 8080},
        "secrets": {"TOKEN": "env:TOKEN"},
        "time_limit": "10m",
        "kill_grace": 5,
    }
    jsonschema.validate({"kind": "ssh", **section}, KIND.schema())
    settings, problems = read(**section)
    assert not problems
    found = wire.from_plain(Settings, settings)
    assert found.hosts == (
        Host(name="web1"),
        Host(name="web2.example.com", user="deploy", port=2222),
        Host(name="2001:db8::1"),
    )
    assert [(hook.run, hook.on) for hook in found.hooks.before] == [
        (("bundle", "install"), "all"),
        (("bin/migrate", "{revision}"), "first"),
    ]
    assert found.hooks.after[0].run == ("bin/restart", "3")
    assert (found.connect_timeout, found.time_limit, found.environment) == (5.0, 600.0, {"PORT": "8080"})
    assert found.access.jump == (Host(name="bastion"),)


LEAST = {"hosts": ["web1"], "path": "/srv/shop"}


@pytest.mark.parametrize(
    ("section", "where", "said"),
    [
        ({"path": "/srv/shop"}, "hosts", "add `hosts: [web1.example.com]`"),
        ({"hosts": ["web1"]}, "path", "add `path: /srv/{application}`"),
        ({**LEAST, "hosts": "web1"}, "hosts", "a list of hosts"),
        ({**LEAST, "hosts": []}, "hosts", "a list of hosts"),
        ({**LEAST, "hosts": ["web1", "web1"]}, "hosts[1]", "there twice"),
        ({**LEAST, "hosts": ["web 1"]}, "hosts[0]", "a host is wanted"),
        ({**LEAST, "hosts": ["-oProxyCommand=x"]}, "hosts[0]", "a host is wanted"),
        ({**LEAST, "hosts": ["web1:99999"]}, "hosts[0]", "is no port"),
        ({**LEAST, "path": "srv/shop"}, "path", "begins with `/` or `~/`"),
        ({**LEAST, "path": "/"}, "path", "for this environment alone"),
        ({**LEAST, "path": "/srv/../etc"}, "path", "for this environment alone"),
        ({**LEAST, "path": "/srv/{revision}"}, "path", "no placeholder"),
        ({**LEAST, "usr": "x"}, "usr", "did you mean `user`?"),
        ({**LEAST, "user": "a b"}, "user", "the name of a user"),
        ({**LEAST, "key": "-----BEGIN hunter22"}, "key", "by reference only"),
        ({**LEAST, "known_hosts": "known"}, "known_hosts", "begins with `/`"),
        ({**LEAST, "host_keys": ["hunter22"]}, "host_keys[0]", "ssh-keygen -lf"),
        ({**LEAST, "host_keys": [FINGERPRINT], "known_hosts": "/k"}, "host_keys", "is given too"),
        ({**LEAST, "jump": ["a b"]}, "jump[0]", "a host is wanted"),
        ({**LEAST, "keep": 0}, "keep", "from 1"),
        ({**LEAST, "at_once": True}, "at_once", "from 1"),
        ({**LEAST, "connect_timeout": "soon"}, "connect_timeout", "no span of time"),
        ({**LEAST, "shared": ["../etc"]}, "shared[0]", "inside the release"),
        ({**LEAST, "shared": ["/etc"]}, "shared[0]", "inside the release"),
        ({**LEAST, "shared": ["REVISION"]}, "shared[0]", "says which revision"),
        ({**LEAST, "hooks": [["x"]]}, "hooks", "`before` and `after`"),
        ({**LEAST, "hooks": {"befor": []}}, "hooks.befor", "no moment"),
        ({**LEAST, "hooks": {"after": ["restart"]}}, "hooks.after[0]", "a shell is a program too"),
        (
            {**LEAST, "hooks": {"after": [["x", "{revison}"]]}},
            "hooks.after[0][1]",
            "did you mean `{revision}`?",
        ),
        ({**LEAST, "hooks": {"after": [{"run": ["x"], "on": "web1"}]}}, "hooks.after[0].on", "`first`"),
        ({**LEAST, "hooks": {"after": [{"run": ["x"], "at": "web1"}]}}, "hooks.after[0].at", "known are"),
        ({**LEAST, "environment": {"FUNADE_X": "1"}}, "environment.FUNADE_X", "given by Funade"),
        ({**LEAST, "secrets": {"A": "hunter22"}}, "secrets.A", "by reference only"),
        ({**LEAST, "environment": {"A": "1"}, "secrets": {"A": "env:A"}}, "secrets.A", "`environment` too"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(section, where, said):
    _, problems = read(**section)
    assert [one.where for one in problems] == [f"target.{where}"]
    assert said in f"{problems[0].problem} — {problems[0].remedy}"
    assert "hunter22" not in str(problems)


def test_the_schema_knows_every_setting():
    assert KIND.schema()["properties"].keys() == {"kind", *(one.name for one in dataclasses.fields(Settings))}


def test_an_old_release_is_made_as_it_was_at_the_place_and_with_the_secrets_of_today():
    old, _ = read(
        **LEAST, shared=["log/"], secrets={"TOKEN": "env:OLD"}, hooks={"after": [["old"]]}, user="old"
    )
    today, _ = read(hosts=["web9"], path="/srv/new", secrets={"TOKEN": "env:NEW"}, hooks={"after": [["new"]]})
    renewed = KIND.renew(old, today)
    assert (renewed["shared"], renewed["hooks"]) == (old["shared"], old["hooks"])
    assert {name: renewed[name] for name in PLACE} == {name: today[name] for name in PLACE}


@pytest.mark.parametrize("text", ["web1", "web1:2222", "[2001:db8::1]:2222"])
def test_a_host_is_shown_as_it_is_written(text):
    assert str(parse_host(text)) == text
