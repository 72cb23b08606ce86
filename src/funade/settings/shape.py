"""The shape of funade.yaml as JSON Schema: which keys there are, and what for; readers take them from it."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from funade.domain.durations import PATTERN
from funade.domain.people import Right

Shape: TypeAlias = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = r"[a-z0-9_][a-z0-9._-]{0,63}"
CHANNEL = r"^(#[^A-Z\s#@.,:;<>&\"'`]{1,80}|[CG][A-Z0-9]{2,})$"
MOST_APPROVALS = 10

#: keys of later releases: a rule that is written and not obeyed would be a lie
NOT_YET = frozenset(
    {
        "checks",
        "deploy_on_merge_to",
        "deploy_pull_request",
        "github",
        "images",
        "queue",
        "store",
    }
)


def _object(required: tuple[str, ...] = (), /, **properties: Shape) -> Shape:
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


def _text(description: str, **more: Any) -> Shape:
    return {"type": "string", "minLength": 1, "description": description, **more}


def _names(description: str, pattern: str) -> Shape:
    return {"type": "array", "items": {"type": "string", "pattern": pattern}, "description": description}


def _duration(description: str, **more: Any) -> Shape:
    shapes = [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": PATTERN}]
    return {"anyOf": shapes, "description": description, **more}


def _span_or_never(description: str, default: str) -> Shape:
    shapes = [*_duration("")["anyOf"], {"const": "never"}]
    return {"anyOf": shapes, "description": f"{description}; or `never`", "default": default}


def _by_name(each: Shape, description: str) -> Shape:
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": each,
        "minProperties": 1,
        "description": description,
    }


_CLOCK_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_QUIET_HOURS = f"^{_CLOCK_TIME}-{_CLOCK_TIME}$"
_REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"
_SLACK_GROUP = "slack:S[A-Z0-9]+"
_MEMBER = f"^({NAME}|{_SLACK_GROUP})$"

PERSON = _object(
    email=_text("Their address", pattern="^[^@ ]+@[^@ ]+$"),
    slack=_text(
        "Their Slack workspace and member id, like `T0ACME/U0ADA`", pattern="^[TE][A-Z0-9]+/[UW][A-Z0-9]+$"
    ),
    github={
        "type": "integer",
        "minimum": 1,
        "description": "Their GitHub account's number; a login name can change hands, the number cannot",
    },
    local={
        "type": "integer",
        "minimum": 0,
        "description": "Their user id on this machine (`id -u`), by which the terminal knows them",
    },
    language={"enum": ["en", "ja"], "default": "en", "description": "The language Funade answers them in"},
    commit_emails={
        "type": "array",
        "items": {"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"},
        "description": "Further addresses under which they commit, so that they hear what became of their changes",
    },
)

REMINDERS = _object(
    locks_after=_span_or_never("After how long without a near end the owner of a lock is asked", "4h"),
    starts_within=_span_or_never(
        "After how long a deployment that has not started says so in its thread, with why", "15m"
    ),
    ends_within=_span_or_never("After how long a deployment that has not ended says so in its thread", "1h"),
    approvals_before=_span_or_never(
        "How long before a deployment expires those who may approve it are called", "1h"
    ),
)

AUTHORS = _object(
    tell={
        "enum": ["thread", "direct", "digest", "never"],
        "default": "thread",
        "description": "Where authors hear that their change is live, has failed or was rolled back: in the thread"
        " of its card, by a direct message, once a day, or not at all; each may choose otherwise in Funade's home",
    },
    quiet_hours=_text(
        "When nobody is told, like `22:00-07:00`; what falls into them is told after", pattern=_QUIET_HOURS
    ),
    digest_at=_text(
        "When those are told who want it once a day", pattern=f"^{_CLOCK_TIME}$", default="09:00"
    ),
    time_zone=_text(
        "Whose clock that is, like `Asia/Tokyo`; without it, each person's own, as Slack knows it"
    ),
)

REPOSITORY = _object(
    ("url",),
    url=_text("Where it is: `https://…`, `ssh://…`, `git@host:path`, or a folder, seen from this file's"),
    username=_text("The name to sign in with over https"),
    password=_text(
        "Where the password or token for https is: `env:NAME` or `file:/path`", pattern=_REFERENCE
    ),
    ssh_key=_text("Where the private key for ssh is: `env:NAME` or `file:/path`", pattern=_REFERENCE),
    known_hosts=_text("The file with the ssh host's keys, seen from this file's folder"),
    submodules={"type": "boolean", "default": False, "description": "Whether submodules are checked out too"},
    lfs={"type": "boolean", "default": False, "description": "Whether Git LFS files are fetched"},
)

DATABASE = _object(
    ("url",),
    url=_text("Where it is: `postgresql://user@host/name`, without a password", pattern="^postgres(ql)?://"),
    password=_text("Where the password is: `env:NAME` or `file:/path`", pattern=_REFERENCE),
)

KEEP = _object(
    logs=_duration("How long the output of deployments is kept; for good when left out"),
    events=_duration("How long their events are kept; for good when left out"),
    at_least={
        "type": "integer",
        "minimum": 1,
        "default": 50,
        "description": "How many of each environment's latest deployments lose nothing, however old",
    },
)

VERIFICATION = _object(
    url=_text("An `http(s)` address that is asked; it must answer 2xx", pattern="^https?://"),
    run={
        "type": "array",
        "minItems": 1,
        "items": {"type": "string"},
        "description": "A program with its arguments that prints what runs, and ends with 0",
    },
    equals=_text(
        "What the answer must be, spaces at both ends left out; may hold placeholders like `{revision}`"
    ),
    within=_duration("How long after the deploy the answer may take to become right", default="60s"),
    every=_duration("How long to wait between two looks", default="2s"),
)

RIGHTS = _object(
    **{
        right.value: {**_names(f"Who may {does}; nobody when left out", _MEMBER), "minItems": 1}
        for right, does in {
            Right.DEPLOY: "ask for a deployment",
            Right.APPROVE: "approve one that somebody else asked for",
            Right.ROLLBACK: "put back what ran before",
            Right.LOCK: "keep others out",
            Right.OVERRIDE: "go ahead despite a refusal, and reopen the environment",
        }.items()
    }
)

FREEZE = _object(
    ("cron", "for"),
    cron=_text(
        "When it begins: minute, hour, day of the month, month and day of the week, like `0 18 * * 5`",
        pattern=r"^\s*\S+(\s+\S+){4}\s*$",
    ),
    **{"for": _duration("How long it lasts, in hours that really pass; at least a minute")},
    time_zone=_text("Whose clock `cron` is about, like `Asia/Tokyo`", default="UTC"),
    reason=_text("Why, for everybody whom it stops"),
)

TARGET: Shape = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": _text("Which kind of place it is")},
    "description": "The one place it is deployed to, and how",
}

_DEFAULT_REF = "^[^-\\s][^\\s]*$"

ENVIRONMENT = _object(
    ("target",),
    target=TARGET,
    aliases=_names("Other names that people may use for it", f"^{NAME}$"),
    rights={**RIGHTS, "description": "Who may do what to it; needs `people`"},
    verify={
        "anyOf": [{"type": "string", "pattern": "^https?://"}, {"$ref": "#/$defs/verification"}],
        "description": "How to see what runs: exactly one of `url` and `run`, or just an address",
    },
    approvals={
        "type": "integer",
        "minimum": 0,
        "maximum": MOST_APPROVALS,
        "default": 0,
        "description": "How many people must approve a deployment; never the one who asks for it",
    },
    freezes={
        "type": "array",
        "items": {"$ref": "#/$defs/freeze"},
        "description": "When nothing is deployed: windows that begin by the clock and last for a while",
    },
    default_ref=_text("What is deployed here when nobody names a ref", pattern=_DEFAULT_REF),
    waits_at_most=_duration("How long a deployment may wait for its turn or an approval", default="24h"),
    tell_authors={
        "type": "boolean",
        "default": True,
        "description": "Whether authors are told what became of their changes here",
    },
    reminders={
        "$ref": "#/$defs/reminders",
        "description": "When people are reminded of what concerns it, where it is not as everywhere",
    },
)

APPLICATION = _object(
    ("repository", "environments"),
    repository={
        "anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/repository"}],
        "description": "Its git repository: an address or folder, or more about it",
    },
    environments=_by_name({"$ref": "#/$defs/environment"}, "Where it is deployed"),
    default_ref=_text("What is deployed when nobody names a ref", pattern=_DEFAULT_REF, default="HEAD"),
    channel=_text("Its Slack channel: the name, like `#deploy-shop`, or the id", pattern=CHANNEL),
)

WEB = _object(
    ("listen",),
    listen=_text("The address and port of this machine at which it listens, like `127.0.0.1:8080`"),
    url=_text(
        "How people reach it; links are made of it, and its host is answered to. Without it, as it listens",
        pattern="^https?://",
    ),
    proxies={
        "type": "array",
        "items": {"type": "string"},
        "description": "The proxies before it, as networks like `10.0.0.0/8`: only they are believed when they say,"
        " by `X-Forwarded-For` and `X-Forwarded-Proto`, for whom they ask",
    },
    hosts={
        "type": "array",
        "items": {"type": "string"},
        "description": "Further host names under which it answers; any other is turned away",
    },
    signing_key={
        "anyOf": [
            {"type": "string", "pattern": _REFERENCE},
            {
                "type": "array",
                "items": {"type": "string", "pattern": _REFERENCE},
                "minItems": 1,
                "maxItems": 2,
            },
        ],
        "description": "Where the key is that signs links; two while the first replaces the second."
        " Without it a key is made once, in the data folder",
    },
    links_last=_duration(
        "How long a link to a deployment's page lasts at most; half of that at least", default="14d"
    ),
)

SLACK = _object(
    ("bot_token",),
    bot_token=_text("Where the bot's token (`xoxb-…`) is: `env:NAME` or `file:/path`", pattern=_REFERENCE),
    app_token=_text(
        "Where the app-level token (`xapp-…`) for Socket Mode is: `env:NAME` or `file:/path`",
        pattern=_REFERENCE,
    ),
    signing_secret={
        "anyOf": [
            {"type": "string", "pattern": _REFERENCE},
            {
                "type": "array",
                "items": {"type": "string", "pattern": _REFERENCE},
                "minItems": 1,
                "maxItems": 2,
            },
        ],
        "description": "Where the secret is with which Slack signs what it sends over HTTPS; two while one"
        " replaces the other",
    },
    channel=_text("Where applications without a channel of their own are told of", pattern=CHANNEL),
    language={"enum": ["en", "ja"], "default": "en", "description": "The language of what channels are told"},
    authors={
        "$ref": "#/$defs/authors",
        "description": "How the authors of changes are told what became of them",
    },
    command=_text("The slash command of the app", pattern="^/[a-z0-9_-]{1,31}$", default="/funade"),
    url=_text(
        "Where Slack's Web API is; another one only for a workspace to try things in, like the playground's",
        pattern="^https?://.+/$",
        default="https://slack.com/api/",
    ),
)

FILE = _object(
    ("applications",),
    applications=_by_name({"$ref": "#/$defs/application"}, "What is deployed"),
    people=_by_name(
        {"$ref": "#/$defs/person"},
        "Who may ask; without it, the owner of the data folder at this machine's terminal",
    ),
    groups=_by_name(
        _names("People, other groups, and Slack's like `slack:S0SRE`", _MEMBER),
        "People by what they do together",
    ),
    slack={"$ref": "#/$defs/slack"},
    web={"$ref": "#/$defs/web"},
    data=_text("The folder for everything that Funade keeps, seen from this file's", default=".funade"),
    database={
        "anyOf": [{"type": "string", "pattern": "^postgres(ql)?://"}, {"$ref": "#/$defs/database"}],
        "description": "The PostgreSQL database that several processes share; without it, a file in `data`",
    },
    keep={
        "$ref": "#/$defs/keep",
        "description": "How long output and events are kept; for good when left out",
    },
    reminders={
        "$ref": "#/$defs/reminders",
        "description": "When people are reminded of what they may have forgotten, and told of what takes too long",
    },
)


def whole(targets: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the JSON Schema of the file; `targets` are the settings of each kind of target."""
    choices = []
    for kind, shape in sorted(targets.items()):
        properties = {
            "kind": {"const": kind},
            **{k: v for k, v in shape.get("properties", {}).items() if k != "kind"},
        }
        required = ["kind", *(name for name in shape.get("required", ()) if name != "kind")]
        choices.append({**shape, "type": "object", "properties": properties, "required": required})
    exactly_one = [
        {"required": ["url"], "properties": {"run": False}},
        {"required": ["run"], "properties": {"url": False}},
    ]
    definitions = {
        "authors": AUTHORS,
        "person": PERSON,
        "reminders": REMINDERS,
        "application": APPLICATION,
        "environment": ENVIRONMENT,
        "freeze": FREEZE,
        "database": DATABASE,
        "keep": KEEP,
        "repository": REPOSITORY,
        "slack": {**SLACK, "description": "The Slack workspace that Funade lives in"},
        "verification": {**VERIFICATION, "oneOf": exactly_one},
        "web": {**WEB, "description": "Pages and other doors over HTTP; nothing listens without it"},
        "target": {"description": TARGET["description"], "oneOf": choices},
    }
    environment = {
        **ENVIRONMENT,
        "properties": {**ENVIRONMENT["properties"], "target": {"$ref": "#/$defs/target"}},
    }
    return {
        "$schema": DIALECT,
        "title": "funade.yaml",
        **FILE,
        "$defs": {**definitions, "environment": environment},
    }
