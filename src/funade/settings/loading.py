"""One file, from bytes to configuration."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from funade.domain.application import Configuration, Keep
from funade.domain.errors import ConfigError, ConfigErrors
from funade.domain.reminders import Reminders
from funade.settings import file, nodes, shape
from funade.settings.applications import read_applications
from funade.settings.databases import read_database
from funade.settings.keeping import read_keep
from funade.settings.kinds import Kinds
from funade.settings.people import read_people
from funade.settings.reading import Report, Value
from funade.settings.reminding import read_reminders
from funade.settings.repositories import place
from funade.settings.secrecy import holds_secret
from funade.settings.slack import read_slack
from funade.settings.web import read_web


def load(path: Path, kinds: Kinds) -> Configuration:
    """Return the file as configuration, or raise ConfigErrors with everything that is wrong with it."""
    path = path.absolute()
    try:
        content = file.read(path)
    except ConfigError as error:
        raise ConfigErrors([error]) from error
    return read(content, path, kinds)


def read(content: bytes, path: Path, kinds: Kinds) -> Configuration:
    """Return the bytes of the file `path` as configuration, or raise ConfigErrors."""
    from funade.settings import document  # noqa: PLC0415 -- PyYAML costs more than all the rest of this room

    try:
        tree = document.parse(content, str(path))
    except ConfigError as error:
        raise ConfigErrors([error]) from error
    report = Report(str(path))
    root = Value(tree, "", tree.line, report)
    for key, scalar in nodes.scalars(tree, ""):
        if holds_secret(scalar.text):
            remedy = "keep it in the environment or a file, and refer to it: `env:NAME`, `file:/path`"
            report.add(scalar.line, key, "holds what looks like a secret", remedy)
    found = root.fields(shape.FILE, "a mapping with `applications`")
    data = place((found["data"].text() if "data" in found else None) or ".funade", path.parent)
    people = replace(read_people(found.get("people"), found.get("groups")), owner=owner_of(Path(data)))
    applications = (
        read_applications(found["applications"], kinds, people, path.parent)
        if "applications" in found
        else {}
    )
    database = read_database(found["database"]) if "database" in found else None
    slack = read_slack(found["slack"]) if "slack" in found else None
    web = read_web(found["web"]) if "web" in found else None
    everywhere = {
        f"{one.name} {name}": place
        for one in applications.values()
        for name, place in one.environments.items()
    }
    reminders = read_reminders(found["reminders"], everywhere) if "reminders" in found else Reminders()
    keep = read_keep(found["keep"]) if "keep" in found else Keep()
    report.finish()
    return Configuration(
        path=str(path),
        applications=applications,
        people=people,
        data=str(data),
        database=database,
        keep=keep,
        slack=slack,
        web=web,
        reminders=reminders,
    )


def owner_of(data: Path) -> str:
    """Return the actor id of whoever owns the data folder; one that is not there yet will be this process's."""
    try:
        return f"local:{data.stat().st_uid}"
    except OSError:
        return f"local:{os.geteuid()}"


def schema(kinds: Kinds) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the whole file."""
    return shape.whole({name: kind.schema() for name, kind in kinds.items()})
