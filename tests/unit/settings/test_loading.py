import json
import os
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from funade import settings, targets
from funade.domain import wire
from funade.domain.application import Configuration, Repository, SecretReference, Verification
from funade.domain.errors import ConfigError
from funade.domain.freeze import Freeze
from funade.domain.people import Person, Right
from tests.unit.settings.kinds import KINDS

SIX_LINES = """\
applications:
  shop:
    repository: ./shop
    environments:
      staging:
        target: {kind: command, run: [./deploy]}
"""

WHOLE = """\
people:
  ada: {email: ada@acme.example, slack: T0ACME/U0ADA, github: 583231, local: 1000, language: ja}
  bob: {}
groups:
  sre: [ada, slack:S0SRE]
  all-of-us: [sre, bob]
data: ../state
applications:
  shop:
    repository:
      url: https://github.com/acme/shop.git
      username: ada
      password: env:SHOP_TOKEN
      submodules: true
      lfs: true
    default_ref: main
    channel: "#deploy-shop"
    environments:
      staging: &staging
        rights: {deploy: [everyone]}
        target: {kind: command, run: [./deploy, "{revision}"]}
        verify: https://staging.acme.example/version
      production:
        <<: *staging
        aliases: [prod]
        rights: {deploy: [sre, bob], approve: [sre], rollback: [all-of-us]}
        approvals: 1
        freezes:
          - {cron: "0 18 * * 5", for: 62h, time_zone: Asia/Tokyo, reason: weekend}
          - {cron: "*/5  * 24 dec *", for: 90}
        verify: {run: [./what-runs, "{environment}"], equals: "{revision}", within: 2m, every: 0.5}
        default_ref: v1.10
        waits_at_most: 7d
  cart:
    repository: {url: "git@host:cart.git", ssh_key: file:/run/secrets/key, known_hosts: hosts}
    environments:
      "1.0": {target: {kind: command, run: [a]}}
"""


def load(text: str | bytes, path: str = "/srv/acme/funade.yaml") -> Configuration:
    return settings.read(text if isinstance(text, bytes) else text.encode(), Path(path), KINDS)


def target(line: str) -> Any:
    shop = load(SIX_LINES.replace("{kind: command, run: [./deploy]}", line)).applications["shop"]
    return shop.environments["staging"].target.settings


def test_an_address_that_several_people_share_is_no_problem_while_nobody_commits_under_it_alone():
    people = "people: {ada: {email: team@acme.example}, bob: {email: TEAM@acme.example, commit_emails: [b@x.example]}}"
    assert set(load(f"{people}\n{SIX_LINES}").people.people) == {"ada", "bob"}


def test_six_lines_are_enough():
    configuration = load(SIX_LINES)
    shop = configuration.applications["shop"]
    assert configuration.data == "/srv/acme/.funade"
    assert configuration.people.people == {}
    assert shop.repository == Repository(url="/srv/acme/shop")
    assert shop.default_ref == "HEAD"
    assert shop.environments["staging"].target.settings == {"run": ["./deploy"], "environment": {}}
    assert shop.environments["staging"].verify is None


def test_a_whole_file_is_read():
    configuration = load(WHOLE)
    shop, cart = configuration.applications["shop"], configuration.applications["cart"]
    staging, production = shop.environments["staging"], shop.environments["production"]

    assert configuration.data == "/srv/acme/../state"
    assert (shop.channel, cart.channel) == ("#deploy-shop", None)
    assert configuration.people.people["ada"] == Person(
        name="ada",
        ids=frozenset({"slack:T0ACME/U0ADA", "github:583231", "local:1000"}),
        email="ada@acme.example",
        language="ja",
    )
    assert configuration.people.groups == {"sre": ("ada", "slack:S0SRE"), "all-of-us": ("sre", "bob")}
    assert shop.repository.password == SecretReference(scheme="env", place="SHOP_TOKEN")
    assert (shop.repository.username, shop.repository.submodules, shop.repository.lfs) == ("ada", True, True)
    assert cart.repository == Repository(
        url="git@host:cart.git",
        ssh_key=SecretReference(scheme="file", place="/run/secrets/key"),
        known_hosts="/srv/acme/hosts",
    )
    assert cart.environments.keys() == {"1.0"}
    assert staging.rights == {Right.DEPLOY: ("everyone",)}
    assert staging.verify == Verification(url="https://staging.acme.example/version")
    assert production.target == staging.target
    assert shop.find_environment("prod") == production
    assert production.rights == {
        Right.DEPLOY: ("sre", "bob"),
        Right.APPROVE: ("sre",),
        Right.ROLLBACK: ("all-of-us",),
    }
    assert (staging.approvals, production.approvals) == (0, 1)
    assert staging.freezes == ()
    assert production.freezes == (
        Freeze(cron="0 18 * * 5", lasts=timedelta(hours=62), time_zone="Asia/Tokyo", reason="weekend"),
        Freeze(cron="*/5 * 24 dec *", lasts=timedelta(seconds=90)),
    )
    assert production.verify == Verification(
        run=("/srv/acme/what-runs", "{environment}"),
        equals="{revision}",
        within=timedelta(minutes=2),
        every=timedelta(seconds=0.5),
    )
    assert production.default_ref == "v1.10"
    assert production.waits_at_most == timedelta(days=7)


@pytest.mark.parametrize("text", [SIX_LINES, WHOLE])
def test_what_is_read_is_of_the_shape_that_the_schema_tells(text):
    schema = settings.schema(KINDS)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))
    json.dumps(schema)


EXAMPLE = Path("docs/reference/funade.example.yaml")
GUIDE = re.findall(r"(?ms)^```yaml\n(.+?)^```", Path("docs/how-to/configure.md").read_text())


@pytest.mark.parametrize(
    "text", [EXAMPLE.read_text(), *GUIDE], ids=["example", *(f"guide {n}" for n in range(len(GUIDE)))]
)
def test_what_the_documents_show_is_good_with_the_real_kinds(text):
    assert settings.read(text.encode(), EXAMPLE, targets.KINDS).applications
    jsonschema.Draft202012Validator(settings.schema(targets.KINDS)).validate(yaml.safe_load(text))


def test_the_example_says_everything_that_can_be_said():
    schema = settings.schema(targets.KINDS)
    keys = {
        key for part in ({"file": schema} | schema["$defs"]).values() for key in part.get("properties", {})
    }
    written = set(re.findall(r"\b([a-z_]+):", EXAMPLE.read_text()))
    assert keys - written == set()


def test_the_smallest_file_of_the_example_is_one():
    lines = EXAMPLE.read_text().partition("six lines:\n#\n")[2].splitlines()[:6]
    text = "\n".join(line.removeprefix("#   ") for line in lines)
    assert settings.read(text.encode(), EXAMPLE, targets.KINDS).applications.keys() == {"shop"}


def test_what_is_read_travels():
    json.dumps(wire.to_plain(load(WHOLE)))


@pytest.mark.parametrize(
    "word",
    ["on", "no", "yes", "12:30", "1.10", "010", "0x10", "1_000", "true", "1e3", "2024-01-01", "=", ".inf"],
)
def test_where_a_text_is_wanted_it_stays_as_it_is_written(word):
    assert target(f"{{kind: command, run: [{word}], environment: {{A: {word}}}}}") == {
        "run": [word],
        "environment": {"A": word},
    }
    named = SIX_LINES + f"    default_ref: {word}\n"
    assert load(named).applications["shop"].default_ref == word


def test_where_a_number_or_a_text_may_stand_it_stays_as_it_is_written():
    assert target("{kind: command, run: [a], time_limit: 1.50}")["time_limit"] == "1.50"
    assert target("{kind: command, run: [a], time_limit: 90s}")["time_limit"] == "90s"


def test_where_only_a_number_may_stand_it_is_one():
    assert target("{kind: command, run: [a], copies: 3}")["copies"] == 3
    assert target('{kind: command, run: [a], copies: "3"}')["copies"] == "3"
    assert target("{kind: command, run: [a], copies: 03}")["copies"] == "03"
    assert target("{kind: command, run: [a], copies: ~}")["copies"] is None


def test_words_of_yaml_1_1_are_names_like_others():
    assert load(SIX_LINES.replace("staging", "on")).applications["shop"].environments.keys() == {"on"}


def test_a_file_may_begin_with_a_byte_order_mark():
    assert load(b"\xef\xbb\xbf" + SIX_LINES.encode()).applications.keys() == {"shop"}


def test_right_and_wrong_endings_of_lines_are_the_same():
    assert load(SIX_LINES.replace("\n", "\r\n")).applications == load(SIX_LINES).applications


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shop", "/srv/acme/shop"),
        ("../shop.git", "/srv/acme/../shop.git"),
        ("/srv/git/shop", "/srv/git/shop"),
        ("file:///srv/git/shop", "file:///srv/git/shop"),
        ("ssh://git@host:2222/shop.git", "ssh://git@host:2222/shop.git"),
        ("git@github.com:acme/shop.git", "git@github.com:acme/shop.git"),
        ("http://127.0.0.1:8080/shop.git", "http://127.0.0.1:8080/shop.git"),
        ("./a:b", "/srv/acme/a:b"),
    ],
)
def test_a_repository_is_an_address_or_a_folder_beside_the_file(written, meant):
    text = SIX_LINES.replace("./shop", f'"{written}"')
    assert load(text).applications["shop"].repository.url == meant


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder — name the file itself"),
        (os.mkfifo, "is not a file — name the file itself"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a file — name the file itself"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (
            lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 100 << 20),
            "is larger than 1 MiB: no configuration is",
        ),
    ],
    ids=["nothing", "a folder", "a pipe", "a device", "a circle", "100 MB"],
)
def test_what_is_no_file_is_no_configuration(tmp_path, make, problem):
    path = tmp_path / "funade.yaml"
    make(path)
    with pytest.raises(settings.ConfigErrors) as wrong:
        settings.load(path, KINDS)
    assert str(wrong.value) == f"{path}: {problem}"


# Any bytes


WORDS = [
    *("people", "groups", "applications", "repository", "environments", "target", "kind", "command", "run"),
    *("approvals", "freezes", "cron", "for", "time_zone", "UTC", "0 0 1 1 *", "* * * * *", "62h", "channel"),
    *(
        "verify",
        "rights",
        "deploy",
        "approve",
        "everyone",
        "ada",
        "sre",
        "data",
        "aliases",
        "url",
        "equals",
        "within",
    ),
    *(
        "true",
        "1",
        "0",
        "-1",
        "1e999",
        "~",
        "",
        "{revision}",
        "{",
        "[",
        "https://",
        "ssh://",
        "//[",
        "::",
        "x:",
    ),
    *(
        "env:A",
        "file:/a",
        "slack:S1",
        "local",
        "&a",
        "*a",
        "<<",
        "!!x",
        "'",
        '"',
        "|",
        "- ",
        ": ",
        "\n",
        "\n  ",
    ),
]
words = st.sampled_from(WORDS) | st.text(max_size=8)
trees = st.recursive(
    words | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(words, children, max_size=6),
    max_leaves=25,
)


def good_tree() -> Any:
    return yaml.safe_load(WHOLE)


@st.composite
def almost_good(draw: st.DrawFn) -> Any:
    """Draw a good file with one thing in it replaced by anything."""
    tree = good_tree()
    here = tree
    while True:
        key = draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        below = here[key]
        if not isinstance(below, dict | list) or not below or draw(st.booleans()):
            here[key] = draw(trees)
            return tree
        here = below


def refuses_or_reads(content: bytes) -> None:
    for kinds in (KINDS, targets.KINDS):
        with suppress(ConfigError):
            assert isinstance(settings.read(content, EXAMPLE, kinds), Configuration)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_a_config_error(content):
    refuses_or_reads(content)


@given(st.lists(words, max_size=30).map("".join))
def test_any_text_is_a_configuration_or_a_config_error(text):
    refuses_or_reads(text.encode("utf-8", "surrogatepass"))


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(trees | almost_good())
def test_any_tree_is_a_configuration_or_a_config_error(tree):
    refuses_or_reads(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@given(almost_good())
def test_no_file_is_read_that_has_an_unknown_key_or_lacks_one(tree):
    content = json.dumps(tree).encode()
    schema = jsonschema.Draft202012Validator(settings.schema(KINDS))
    with suppress(ConfigError):
        load(content)
        assert not [
            error
            for error in schema.iter_errors(json.loads(content))
            if error.validator in ("additionalProperties", "required")
        ]
