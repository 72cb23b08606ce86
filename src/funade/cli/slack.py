"""`funade slack`: what a workspace's administrator needs."""

import json

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.session import Session

# ruff: noqa: PLC0415 - a command loads what it uses


@click.group()
def slack() -> None:
    """Put Funade into a Slack workspace."""


@slack.command("manifest")
@click.option("--name", default="Funade", show_default=True, help="What the app is called.")
@click.option("--https", is_flag=True, help="Let Slack call `web.url`, instead of opening sockets to it.")
@options.session
def show_manifest(session: Session, *, name: str, https: bool) -> Exit:
    """Print the app's manifest, to be pasted at api.slack.com/apps.

    Scopes, events, the slash command, shortcuts, buttons; over Socket Mode unless --https is given.
    """
    from funade.chat.slack.manifest import manifest
    from funade.domain.errors import ConfigError
    from funade.settings import load
    from funade.targets import KINDS

    command, url = "/funade", None
    try:
        configuration = load(session.path, KINDS)
    except ConfigError:
        # The app comes first; its tokens are what the file is still waiting for.
        if https:
            raise
    else:
        command = configuration.slack.command if configuration.slack else command
        url = configuration.web.url if configuration.web else None
    if https and url is None:
        message = "--https needs `web.url` in funade.yaml: where Slack can call"
        raise click.UsageError(message)
    made = manifest(command=command, request_url=url, name=name, socket=not https)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))
    return Exit.SUCCEEDED
