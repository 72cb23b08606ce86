"""Reads `slack`: where the workspace's tokens are, and how Funade speaks there."""

import re
from urllib.parse import urlsplit

from funade.domain.application import SLACK_URL, SecretReference, Workspace
from funade.domain.telling import Manner
from funade.settings.authors import read_authors
from funade.settings.people import LANGUAGES
from funade.settings.reading import Value
from funade.settings.shape import CHANNEL, SLACK

MOST_SECRETS = 2
_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def read_slack(value: Value) -> Workspace | None:
    """Return the workspace; what is wrong with it is reported."""
    fields = value.fields(SLACK, "a mapping with `bot_token` and `app_token`")
    bot_token = fields["bot_token"].reference() if "bot_token" in fields else None
    app_token = fields["app_token"].reference() if "app_token" in fields else None
    secrets = _secrets(fields["signing_secret"]) if "signing_secret" in fields else ()
    if value.is_mapping and "app_token" not in fields and "signing_secret" not in fields:
        value.complain(
            "Slack has no way to reach Funade",
            "give `app_token` (Socket Mode), or `signing_secret` (HTTPS), or both",
        )
    if bot_token is None:
        return None
    return Workspace(
        bot_token=bot_token,
        app_token=app_token,
        signing_secrets=secrets,
        channel=_channel(fields["channel"]) if "channel" in fields else None,
        language=_language(fields["language"]) if "language" in fields else "en",
        authors=read_authors(fields["authors"]) if "authors" in fields else Manner(),
        command=_command(fields["command"]) if "command" in fields else "/funade",
        url=_url(fields["url"]) if "url" in fields else SLACK_URL,
    )


def _secrets(value: Value) -> tuple[SecretReference, ...]:
    if not value.is_list:
        found = value.reference()
        return () if found is None else (found,)
    items = value.items("[env:SLACK_SIGNING_SECRET]")
    if not 1 <= len(items) <= MOST_SECRETS:
        value.complain("one secret is wanted, or two while one replaces the other", "name the others nowhere")
    return tuple(one for item in items if (one := item.reference()) is not None)


def _channel(value: Value) -> str | None:
    text = value.text()
    if text is None or re.fullmatch(CHANNEL, text):
        return text
    value.complain(f"`{text[:80]}` is no Slack channel", 'write its name, `"#deploys"`, or its id, `C0123`')
    return None


def _language(value: Value) -> str:
    text = value.text()
    if text is not None and text not in LANGUAGES:
        value.complain(f"Funade does not speak `{text[:80]}`", "choose `en` or `ja`")
    return text or "en"


def _command(value: Value) -> str:
    text = value.text()
    if text is not None and not _COMMAND.fullmatch(text):
        value.complain(f"`{text[:80]}` is no slash command", "write it like `/funade`")
    return text or "/funade"


def _url(value: Value) -> str:
    text = value.text()
    if text is None:
        return SLACK_URL
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or not text.endswith("/") or parts.username or parts.query:
        value.complain(
            f"`{text[:80]}` is no address of a Slack API",
            "write `https://…/api/`; plain `http` only to this machine",
        )
    return text
