"""Reads `applications`: what is deployed, where, how, and who may do it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from funade.domain.application import Application, Environment, TargetConfiguration, Verification
from funade.domain.people import People, Right
from funade.settings.approvals import read_approvals
from funade.settings.freezes import read_freezes
from funade.settings.kinds import Kinds
from funade.settings.people import NOBODY, meant_by, read_members
from funade.settings.reading import Value, listed, near
from funade.settings.reminding import read_reminders
from funade.settings.repositories import read_repository
from funade.settings.shape import APPLICATION, CHANNEL, ENVIRONMENT, RIGHTS, VERIFICATION

_REF = re.compile(r"[^-\s][^\s]*")
_UNKNOWN_TARGET = TargetConfiguration(kind="", settings={})


def read_applications(value: Value, kinds: Kinds, people: People, folder: Path) -> dict[str, Application]:
    """Return every application; what is wrong is reported, and such a one is complete enough to read on."""
    found = {}
    for name, one in value.named("names with what each is, `shop: {repository: …, environments: …}`").items():
        fields = one.fields(APPLICATION, "a mapping with `repository` and `environments`")
        repository = read_repository(fields["repository"], folder) if "repository" in fields else None
        environments = (
            _environments(fields["environments"], kinds, people, folder) if "environments" in fields else {}
        )
        default_ref = _ref(fields["default_ref"]) if "default_ref" in fields else None
        channel = _channel(fields["channel"]) if "channel" in fields else None
        if repository is not None:
            found[name] = Application(
                name=name,
                repository=repository,
                environments=environments,
                default_ref=default_ref or "HEAD",
                channel=channel,
            )
    return found


def _environments(value: Value, kinds: Kinds, people: People, folder: Path) -> dict[str, Environment]:
    named = value.named("names with what each is, `production: {target: …}`")
    taken = dict.fromkeys(named, "an environment")
    found = {}
    for name, one in named.items():
        fields = one.fields(ENVIRONMENT, "a mapping with `target`")
        rights = _rights(fields["rights"], people) if "rights" in fields else {}
        found[name] = Environment(
            name=name,
            target=_target(fields["target"], kinds) if "target" in fields else _UNKNOWN_TARGET,
            aliases=_aliases(fields["aliases"], name, taken) if "aliases" in fields else (),
            rights=rights,
            verify=_verification(fields["verify"], folder) if "verify" in fields else None,
            default_ref=_ref(fields["default_ref"]) if "default_ref" in fields else None,
            waits_at_most=_duration(fields, "waits_at_most", timedelta(hours=24)),
            approvals=read_approvals(fields["approvals"], rights, people) if "approvals" in fields else 0,
            freezes=read_freezes(fields["freezes"]) if "freezes" in fields else (),
            tell_authors=fields["tell_authors"].truth() is not False if "tell_authors" in fields else True,
        )
        if "reminders" in fields:
            reminders = read_reminders(fields["reminders"], {name: found[name]})
            found[name] = replace(found[name], reminders=reminders)
    return found


def _aliases(value: Value, environment: str, taken: dict[str, str]) -> tuple[str, ...]:
    found = []
    for item in value.items("[prod]"):
        alias = item.name()
        if alias is None:
            continue
        if alias in taken:
            item.complain(f"`{alias}` is {taken[alias]} of this application already", "choose another alias")
        else:
            taken[alias] = f"an alias of `{environment}`"
            found.append(alias)
    return tuple(found)


def _rights(value: Value, people: People) -> dict[Right, tuple[str, ...]]:
    if not people.people:
        value.complain(
            "rights without `people` would bind nobody",
            "add `people`, or remove the rights: a file without people is one person's",
        )
        return {}
    fields = value.fields(RIGHTS, "a mapping like `{deploy: [everyone], rollback: [sre]}`")
    found = {}
    for name, members in fields.items():
        found[Right(name)] = named = read_members(members, people)
        if not members.report.has(members.key, "people", "groups") and meant_by(named, people) == NOBODY:
            members.complain("names nobody", "name somebody, or leave it out: then it is nobody's")
    return found


def _target(value: Value, kinds: Kinds) -> TargetConfiguration:
    entries = value.entries("a mapping with `kind`")
    if not value.is_mapping:
        return _UNKNOWN_TARGET
    if "kind" not in entries:
        value.report.add(
            value.line,
            f"{value.key}.kind",
            "is missing",
            f"it says which kind of place it is: {listed(kinds)}",
        )
        return _UNKNOWN_TARGET
    kind = entries["kind"].text()
    if kind is None:
        return _UNKNOWN_TARGET
    if kind not in kinds:
        remedy = near(kind, kinds) or f"known are {listed(kinds)}"
        entries["kind"].complain(f"`{kind[:80]}` is no kind of target that this release knows", remedy)
        return _UNKNOWN_TARGET
    known: Mapping[str, Mapping[str, object]] = kinds[kind].schema().get("properties", {})
    raw = {name: one.plain(known.get(name, {})) for name, one in entries.items() if name != "kind"}
    settings, problems = kinds[kind].parse(raw, value.key)
    lines = value.lines()
    for problem in problems:
        value.report.add(_line(problem.where, lines, value), problem.where, problem.problem, problem.remedy)
    return TargetConfiguration(kind=kind, settings=settings)


def _line(where: str, lines: Mapping[str, int], value: Value) -> int:
    """Return the line of the deepest thing on the way to `where` that stands in the file."""
    while where and where not in lines:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return lines.get(where, value.line)


def _verification(value: Value, folder: Path) -> Verification | None:
    if not value.is_mapping:
        url = _address(value)
        return None if url is None else Verification(url=url)
    fields = value.fields(VERIFICATION, "an address, or a mapping with `url` or `run`")
    if ("url" in fields) == ("run" in fields):
        both = "url" in fields
        value.complain(
            "`url` and `run` stand beside each other" if both else "neither `url` nor `run` says how to look",
            "keep exactly one of them",
        )
    within = _duration(fields, "within", timedelta(seconds=60))
    every = _duration(fields, "every", min(within, timedelta(seconds=2)))
    if every > within:
        fields["every"].complain("is longer than `within`: there would be a single look", "make it shorter")
    return Verification(
        url=_address(fields["url"]) if "url" in fields else None,
        run=_program(fields["run"], folder) if "run" in fields else None,
        equals=fields["equals"].template() if "equals" in fields else None,
        within=within,
        every=every,
    )


def _address(value: Value) -> str | None:
    text = value.template()
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
        credentials = "@" in parts.netloc
    except ValueError:
        good, credentials = False, False
    if not good:
        value.complain(f"`{text[:80]}` is no address", "write it like `https://shop.acme.example/version`")
    elif credentials:
        value.complain("an address must not hold credentials", "let a program look: `run`")
    else:
        return text
    return None


def _program(value: Value, folder: Path) -> tuple[str, ...] | None:
    words = [
        word
        for item in value.items('[./what-runs, "{environment}"]')
        if (word := item.template()) is not None
    ]
    if not words:
        value.complain("is empty", "write a program and its arguments as a list")
        return None
    if "/" in words[0] and "{" not in words[0]:
        words[0] = str(folder / words[0])
    return tuple(words)


def _ref(value: Value) -> str | None:
    text = value.text()
    if text is not None and not _REF.fullmatch(text):
        value.complain(f"`{text[:80]}` is no ref", "write a branch, a tag or a commit")
        return None
    return text


def _channel(value: Value) -> str | None:
    text = value.text()
    if text is not None and not re.fullmatch(CHANNEL, text):
        value.complain(
            f"`{text[:80]}` is no Slack channel",
            'write its name with the sign, `"#deploy-shop"`, or its id, `C0123456789`',
        )
        return None
    return text


def _duration(fields: Mapping[str, Value], name: str, default: timedelta) -> timedelta:
    found = fields[name].duration() if name in fields else None
    return default if found is None else found
