"""From however a command ended to an exit code, with the words for it on standard error."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click

from funade.cli.exit_codes import Exit
from funade.cli.verbs import HungUp
from funade.domain.errors import ConfigError, FunadeError
from funade.failpoints import effect


def end_of(run: Callable[[], Any]) -> int:
    """Run the command and return its exit code; nothing but a mistake of ours leaves a traceback, and in a file."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows no Japanese shows question marks; that is no reason to fail.
            stream.reconfigure(errors="replace")
    try:
        ended = run()
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except HungUp:
        # Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 1)
        return Exit.HUNG_UP
    except ConfigError as error:
        complain(str(error))
        return Exit.USAGE
    except FunadeError as error:
        complain(str(error))
        return Exit.TROUBLE
    except Exception as error:  # noqa: BLE001 - the end of the process
        complain(f"{type(error).__name__}: a mistake of ours{_kept(error)}")
        return Exit.MISTAKE
    return int(ended or 0)


def complain(message: str) -> None:
    """Say what is wrong, a line at a time, each with our name before it."""
    for line in message.splitlines() or [""]:
        click.echo(f"funade: {line}", err=True)


def _kept(error: Exception) -> str:
    """Put the traceback where it can be found and say where."""
    import tempfile  # noqa: PLC0415 - hopefully never
    import traceback  # noqa: PLC0415 - as above

    text = "".join(traceback.format_exception(error))
    with suppress(OSError):
        with (
            effect("cli.report"),
            tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", prefix="funade-mistake-", suffix=".txt", delete=False
            ) as file,
        ):
            file.write(f"{sys.argv}\n{sys.version}\n{text}")
        return f" — please report it with `{file.name}` (look first: it may name what you deploy)"
    return f" — please report it:\n{text}"
