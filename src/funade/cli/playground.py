"""`funade playground`: a workspace like Slack on this machine, for Funade or for any other Slack app."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from funade.cli import options
from funade.cli.exit_codes import Exit

if TYPE_CHECKING:
    from funade.playground import Playground

# ruff: noqa: PLC0415 - the room is loaded when it is served, and costs other verbs nothing

DEFAULT_PORT = 8420


@click.command()
@click.argument("manifests", nargs=-1, type=click.Path(path_type=Path), metavar="[MANIFEST]...")
@click.option(
    "--contents",
    type=click.Path(path_type=Path),
    help="A file with people, channels, apps and switches; without it, a small team.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any."
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Another name by which browsers and apps may come.",
)
@click.option("--bot-token", default="", help="Of the first app, never a real one; else made up.")
@click.option("--app-token", default="", help="Of the first app, never a real one; else made up.")
@click.option("--signing-secret", default="", help="Of the first app, never a real one; else made up.")
@click.option("--open", "opens", is_flag=True, help="Open the page in your browser.")
@options.shared
def playground(*, opens: bool, **chosen: Any) -> Exit:
    """Serve a workspace like Slack on this machine, for any Slack app.

    Each MANIFEST is a Slack app manifest, YAML or JSON; without one there is an app that may do everything. It
    prints what the app needs: SLACK_API_URL and its tokens. What is written there is forgotten when it ends.
    """
    from funade.domain.errors import FunadeError
    from funade.playground.errors import Misused

    try:
        asyncio.run(_serve(_playground(**chosen), opens=opens))
    except Misused as error:
        raise FunadeError(str(error)) from error
    return Exit.SUCCEEDED


def _playground(
    *,
    manifests: tuple[Path, ...],
    contents: Path | None,
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...],
    **secrets: str,
) -> "Playground":
    import secrets as chance

    from funade.playground import Playground
    from funade.playground.manifest import app_documents, read_contents, read_document

    document = read_document(contents) if contents else {}
    apps = [*app_documents(document), *({"manifest": read_document(path)} for path in manifests)] or [{}]
    apps[0] = {**apps[0], **{name: value for name, value in secrets.items() if value}}
    return Playground(
        *apps,
        contents=read_contents(document),
        seed=chance.randbits(64),  # what opens a socket or posts to a channel cannot be foretold
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
    )


async def _serve(playground: "Playground", *, opens: bool) -> None:
    from funade.playground.server import introduction

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with playground:
        for line in introduction(playground):
            click.echo(line)
        if opens:
            click.launch(playground.address)
        await stop.wait()
