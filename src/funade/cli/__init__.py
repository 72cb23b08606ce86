"""`funade …`: the command line."""

import sys
from collections.abc import Callable
from typing import Any

import click

from funade import __version__
from funade.cli import options
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
    from funade.cli.ending import end_of  # noqa: PLC0415 - click completes words without it

    run: Callable[[], Any] = lambda: cli.main(prog_name="funade", standalone_mode=False)  # noqa: E731 - one line
    sys.exit(end_of(run))
