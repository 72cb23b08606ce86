"""Options that many verbs share; each may stand before the verb or behind it, the later one counts."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from funade.cli.session import Session, wrong
from funade.domain.durations import parse_duration

F = TypeVar("F", bound=Callable[..., Any])


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        session = context.ensure_object(Session)
        if value is not None:
            setattr(session, name, value)
            if name == "color":
                context.color = value

    return keep


_SHARED = (
    click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_keep("config"),
        help="The configuration; without it, the nearest funade.yaml.",
    ),
    click.option(
        "--socket",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_keep("socket"),
        help="Talk to the server at this socket and to no other. Also FUNADE_SOCKET.",
    ),
    click.option(
        "--language",
        type=click.Choice(["en", "ja"]),
        expose_value=False,
        callback=_keep("language"),
        help="The language of answers; without it, your system's.",
    ),
    click.option(
        "--color/--no-color",
        default=None,
        expose_value=False,
        callback=_keep("color"),
        help="Colors, or none; without it, on a terminal unless NO_COLOR is set.",
    ),
)


def shared(function: F) -> F:
    """Give a verb the options that every verb has."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


def session(function: F) -> Callable[..., Any]:
    """Give a verb its session as first argument, and the shared options."""
    return shared(click.pass_obj(function))


#: whoever says a sentence may say its options (`--force`) where the command line has its own
SENTENCE = {"ignore_unknown_options": True}
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON of the documented shape.")
reason = click.option("--reason", metavar="TEXT", help="Why; kept in the history.")
reason_wanted = click.option("--reason", metavar="TEXT", required=True, help="Why; everybody can read it.")
force = click.option(
    "--force",
    is_flag=True,
    help="Go ahead despite locks, freezes and missing approvals; for everybody to see.",
)
request = click.option(
    "--request",
    type=click.UUID,
    help="Your own UUID of this request: the same one sent twice is one request.",
)


def _read_span(context: click.Context, _: click.Parameter, value: str | None) -> timedelta | None:
    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        from funade.texts.troubles import trouble  # noqa: PLC0415 - only who is called wrongly says it

        said = trouble(str(error), context.ensure_object(Session).reader)
        raise click.BadParameter(said) from error


def check_force(reason: str | None, *, force: bool) -> None:
    """Raise UsageError when somebody breaks a rule and does not say why."""
    if force and not reason:
        from funade.texts import usage  # noqa: PLC0415 - only who is called wrongly says it

        raise wrong(usage.FORCE_NEEDS_REASON)


lasts = click.option(
    "--for",
    "lasts",
    metavar="DURATION",
    callback=_read_span,
    help="How long: 30m, 2h, 1d; else until it is opened.",
)
timeout = click.option(
    "--timeout",
    metavar="DURATION",
    callback=_read_span,
    help="Follow it for so long at most, also while it waits for a person: 90s, 10m, 1h.",
)
wait = click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Follow it to its end, or only ask for it."
)
