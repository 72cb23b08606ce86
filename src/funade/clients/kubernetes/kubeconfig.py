"""What a kubeconfig says, before a library reads it: files put together, and what would make us less safe refused.

The library drops what it does not know without a word; here that is refused where it changes whom we talk to or who
we are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from funade.clients.kubernetes.errors import Misconfigured

SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}
#: paths that are meant from their file's folder
PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
NOT_UNDERSTOOD = {
    "clusters": ("tls-server-name",),
    "users": ("as", "as-groups", "as-uid", "as-user-extra", "auth-provider", "password", "username"),
}


def merged(files: Sequence[Path]) -> dict[str, Any]:
    """Return the files as one document, the first word about a name counting, or raise Misconfigured."""
    there = [file for file in files if file.exists()]
    if not there:
        message = f"there is no kubeconfig at {', '.join(f'`{file}`' for file in files)}"
        raise Misconfigured(message)
    document: dict[str, Any] = {section: [] for section in SECTIONS}
    for file in there:
        one = _read(file)
        if one.get("current-context"):
            document.setdefault("current-context", one["current-context"])
        for section, key in SECTIONS.items():
            known = {entry["name"] for entry in document[section]}
            for entry in one.get(section) or ():
                if not (isinstance(entry, dict) and "name" in entry and isinstance(entry.get(key), dict)):
                    message = f"`{file}` is no kubeconfig: look at its `{section}`"
                    raise Misconfigured(message)
                if entry["name"] not in known:
                    document[section].append({**entry, key: _rooted(entry[key], file.parent)})
    return document


def refuse_dangerous(document: Mapping[str, Any], cluster: str, user: str | None) -> str | None:
    """Return the proxy that this cluster is asked through, or raise Misconfigured."""
    place = _find(document, "clusters", cluster)
    if place.get("insecure-skip-tls-verify"):
        message = (
            f"`insecure-skip-tls-verify` of cluster `{cluster}` is not followed: whoever stands between could take the "
            "token — name the authority in `certificate-authority` instead"
        )
        raise Misconfigured(message)
    for section, name in (("clusters", cluster), ("users", user)):
        for key in NOT_UNDERSTOOD[section] if name is not None else ():
            if _find(document, section, name).get(key):
                message = (
                    f"`{key}` of `{name}` in the kubeconfig is not understood here — take another context"
                )
                raise Misconfigured(message)
    return place.get("proxy-url")


def _find(document: Mapping[str, Any], section: str, name: str | None) -> Mapping[str, Any]:
    found = (entry[SECTIONS[section]] for entry in document[section] if entry["name"] == name)
    return next(found, {})


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the kubeconfig `{file}` cannot be read: {error.strerror}"
        raise Misconfigured(message) from error
    except (yaml.YAMLError, UnicodeDecodeError):
        # What could not be read is quoted by its error, and may be a token.
        message = f"the kubeconfig `{file}` is not YAML"
        raise Misconfigured(message) from None
    if not isinstance(document, dict):
        message = f"`{file}` is no kubeconfig"
        raise Misconfigured(message)
    return document


def _rooted(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the entry with its paths from the root."""
    rooted = {
        key: str(folder / value) if key in PATHS and isinstance(value, str) and value else value
        for key, value in entry.items()
    }
    program = rooted.get("exec")
    if isinstance(program, dict) and "/" in str(program.get("command", "")):
        rooted["exec"] = {**program, "command": str(folder / program["command"])}
    return rooted
