"""`funade …`: the command line."""

import os
import sys
from typing import Any

import click

from funade import __version__
from funade.cli import options
from funade.cli.language import speak, spoken
from funade.cli.session import Session
from funade.cli.verbs import Verbs


@click.group(cls=Verbs, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="funade %(version)s")
@options.shared
def cli() -> None:
    """Deploy from chat, from git and from here: the right revision in the right place.

    With a server on this machine every verb talks to it; without one, this process does the work itself under
    the same rules. `funade VERB --help` tells more.
    """


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; everything is said in the language that fits its person."""
    from funade.cli.ending import end_of  # noqa: PLC0415 - click completes words without it

    language = spoken(arguments, os.environ)
    speak(language)
    session = Session(language=language)

    def command() -> Any:
        return cli.main(arguments, prog_name="funade", standalone_mode=False, obj=session)

    return end_of(command, session, as_json="--json" in arguments)
