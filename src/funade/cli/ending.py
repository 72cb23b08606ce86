"""From however a command ended to an exit code, with the words for it on standard error."""

import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click

from funade.cli.exit_codes import Exit
from funade.cli.session import Session
from funade.cli.verbs import HungUp
from funade.domain.errors import ConfigError, FunadeError
from funade.domain.wire import Plain, kind_of
from funade.failpoints import effect


def end_of(run: Callable[[], Any], session: Session, *, as_json: bool = False) -> int:
    """Run the command and return its exit code; nothing but a mistake of ours leaves a traceback, and in a file.

    With `as_json` what is wrong outside is an object on standard output too, as the API has it.
    """
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
    except FunadeError as error:
        if as_json:
            click.echo(json.dumps(_plain(error), ensure_ascii=False, indent=2))
        complain_of(error, session)
        return Exit.USAGE if isinstance(error, ConfigError) else Exit.TROUBLE
    except Exception as error:  # noqa: BLE001 - the end of the process
        from funade.texts.usage import OUR_MISTAKE  # noqa: PLC0415 - hopefully never

        complain(f"{session.word(OUR_MISTAKE, error=type(error).__name__)}{_kept(error, session)}")
        return Exit.MISTAKE
    return int(ended or 0)


def complain_of(error: FunadeError, session: Session) -> None:
    """Say what is wrong outside, in the person's language as far as we know the words."""
    from funade.texts.troubles import trouble  # noqa: PLC0415 - hopefully never

    complain("\n".join(trouble(line, session.reader) for line in str(error).splitlines()))


def _plain(error: FunadeError) -> dict[str, Plain]:
    plain: dict[str, Plain] = {"kind": kind_of(type(error)), "message": str(error)}
    if isinstance(error, ConfigError):
        found = getattr(error, "problems", (error,))
        keys = ("path", "line", "key", "problem", "remedy")
        plain |= {
            "kind": "config_error",
            "problems": [{key: getattr(one, key) for key in keys} for one in found],
        }
    return {"error": plain}


def complain(message: str) -> None:
    """Say what is wrong, a line at a time, each with our name before it."""
    for line in message.splitlines() or [""]:
        click.echo(f"funade: {line}", err=True)


def _kept(error: Exception, session: Session) -> str:
    """Put the traceback where it can be found and say where."""
    import tempfile  # noqa: PLC0415 - hopefully never
    import traceback  # noqa: PLC0415 - as above

    from funade.texts.usage import REPORT_FILE  # noqa: PLC0415 - as above

    text = "".join(traceback.format_exception(error))
    with suppress(OSError):
        with (
            effect("cli.report"),
            tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", prefix="funade-mistake-", suffix=".txt", delete=False
            ) as file,
        ):
            file.write(f"{sys.argv}\n{sys.version}\n{text}")
        return f" — {session.word(REPORT_FILE, file=file.name)}"
    return f"\n{text}"
