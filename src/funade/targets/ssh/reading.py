"""Reads the values of a `ssh` section one by one, and keeps what is wrong with them."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from funade.domain import durations, placeholders
from funade.domain.application import parse_reference
from funade.domain.orders import Problem
from funade.domain.wire import Plain, to_plain
from funade.targets.ssh.hosts import parse_host

#: What hooks are told by us.
OURS = "FUNADE_"
#: What a path may hold: it says where one environment is, whatever is deployed there.
PATH_PLACEHOLDERS = ("application", "environment")

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


class Reading:
    """One section being read; `problems` are complete when everything was."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []

    def complain(self, key: str, problem: str, remedy: str = "") -> None:
        """Note what is wrong at `key`."""
        self.problems.append(Problem(where=f"{self._where}.{key}", problem=problem, remedy=remedy))

    def hosts(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, list) or not value:
            self.complain(key, "a list of hosts is wanted", f"write `{key}: [deploy@web1.example.com]`")
            return []
        hosts: list[Plain] = []
        for at, one in enumerate(value):
            try:
                host = to_plain(parse_host(one if isinstance(one, str) else ""))
                if host in hosts:
                    self.complain(f"{key}[{at}]", f"`{one}` is there twice", "say it once")
                hosts.append(host)
            except ValueError as error:
                self.complain(f"{key}[{at}]", str(error))
        return hosts

    def path(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not value.startswith(("/", "~/")):
            self.complain(
                key, "the path of a folder on the hosts is wanted", "write one that begins with `/` or `~/`"
            )
            return value
        if value.strip("/~") == "" or ".." in value.split("/") or any(one < " " for one in value):
            self.complain(key, "a folder for this environment alone is wanted", "write `/srv/{application}`")
        return self._template(key, value, PATH_PLACEHOLDERS)

    def user(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not _USER.fullmatch(value):
            self.complain(key, "the name of a user on the hosts is wanted")
        return value

    def reference(self, key: str, value: Plain) -> Plain:
        try:
            return str(parse_reference(value if isinstance(value, str) else ""))
        except ValueError as error:
            self.complain(key, str(error))
            return None

    def file(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, str) or not PurePosixPath(value).is_absolute():
            self.complain(
                key, "the whole path of a file on this machine is wanted", "write one that begins with `/`"
            )
        return value

    def fingerprints(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, list) or not value:
            self.complain(
                key, "a list of fingerprints is wanted", "write what `ssh-keygen -lf` shows: `[SHA256:…]`"
            )
            return []
        for at, one in enumerate(value):
            if not isinstance(one, str) or not _FINGERPRINT.fullmatch(one):
                remedy = "write what `ssh-keygen -lf` shows, from `SHA256:` on"
                self.complain(f"{key}[{at}]", "this is no fingerprint of a host key", remedy)
        return [str(one).rstrip("=") for one in value]

    def count(self, key: str, value: Plain) -> Plain:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.complain(key, "a whole number from 1 is wanted")
            return 1
        return value

    def span(self, key: str, value: Plain) -> Plain:
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                message = "a span of time is wanted: seconds, or `90s`, `10m`, `24h`"
                raise ValueError(message)
            return durations.parse_duration(str(value)).total_seconds()
        except ValueError as error:
            self.complain(key, str(error))
            return None

    def shared(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, list):
            self.complain(
                key, "a list of files and folders is wanted", "write `shared: [log/, config/database.yml]`"
            )
            return []
        for at, one in enumerate(value):
            path = one.removesuffix("/").split("/") if isinstance(one, str) else [""]
            if not isinstance(one, str) or {"", ".", ".."} & set(path) or any(sign < " " for sign in one):
                remedy = "write it as seen from its root; a folder ends with `/`"
                self.complain(f"{key}[{at}]", "a file or a folder inside the release is wanted", remedy)
            elif path == ["REVISION"]:
                self.complain(
                    f"{key}[{at}]", "`REVISION` says which revision a release is", "share something else"
                )
        return value

    def hooks(self, key: str, value: Plain) -> Plain:
        if not isinstance(value, dict):
            self.complain(
                key, "`before` and `after` are wanted", f"write `{key}: {{after: [[program, argument]]}}`"
            )
            return {}
        found: dict[str, Plain] = {}
        for name, one in value.items():
            if name not in ("before", "after"):
                self.complain(
                    f"{key}.{name}", f"`{name}` is no moment of a deployment", "known are `before`, `after`"
                )
            elif not isinstance(one, list):
                self.complain(
                    f"{key}.{name}", "a list of programs is wanted", f"write `{name}: [[program, argument]]`"
                )
            else:
                found[name] = [self._hook(f"{key}.{name}[{at}]", hook) for at, hook in enumerate(one)]
        return {"before": [], "after": []} | found

    def environment(self, key: str, value: Plain) -> Plain:
        variables: dict[str, Plain] = {}
        for name, one in self._variables(key, value):
            if isinstance(one, str | int | float):
                variables[name] = self._template(f"{key}.{name}", _text(one))
            else:
                self.complain(f"{key}.{name}", "a text or a number is wanted")
        return variables

    def secrets(self, key: str, value: Plain) -> Plain:
        return {name: self.reference(f"{key}.{name}", one) for name, one in self._variables(key, value)}

    def _hook(self, key: str, value: Plain) -> Plain:
        on: Plain = "all"
        if isinstance(value, dict):
            for name in value.keys() - {"run", "on"}:
                self.complain(f"{key}.{name}", f"`{name}` is no setting of a hook", "known are `run`, `on`")
            on = value.get("on", "all")
            if on not in ("all", "first"):
                self.complain(f"{key}.on", "`all` or `first` is wanted: all hosts, or the first one only")
            key, value = f"{key}.run", value.get("run")
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(one, str | int | float) for one in value)
        ):
            remedy = "write `[program, argument]`; a shell is a program too: `[sh, -c, …]`"
            self.complain(key, "a list of the program and its arguments is wanted", remedy)
            return {"run": [], "on": on}
        argv: list[Plain] = [self._template(f"{key}[{at}]", _text(one)) for at, one in enumerate(value)]
        if not argv[0]:
            self.complain(f"{key}[0]", "the program has no name")
        return {"run": argv, "on": on}

    def _variables(self, key: str, value: Plain) -> Iterator[tuple[str, Plain]]:
        if not isinstance(value, dict):
            self.complain(key, "names with values are wanted", f"write `{key}: {{NAME: value}}`")
            return
        for name, one in value.items():
            if not (name.isascii() and name.isidentifier()):
                self.complain(f"{key}.{name}", f"`{name}` is no name of a variable")
            elif name.startswith(OURS):
                self.complain(f"{key}.{name}", f"names with `{OURS}` are given by Funade", "choose another")
            else:
                yield name, one

    def _template(self, key: str, text: str, names: tuple[str, ...] = placeholders.NAMES) -> str:
        try:
            if "\0" in text:
                message = "a NUL can be part of no argument"
                raise ValueError(message)
            placeholders.render(text, dict.fromkeys(names, ""))
        except ValueError as error:
            self.complain(key, str(error))
        return text


def _text(value: Plain) -> str:
    """Return what a person meant who wrote `80` or `true` in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)
