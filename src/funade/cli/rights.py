"""The verb that tells who may do what where."""

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.outcome import of_reading
from funade.cli.session import Session, wrong
from funade.cli.understanding import known_names, understand
from funade.domain.commands import Command, ShowRights
from funade.domain.people import Right
from funade.texts import usage


@click.command()
@click.argument("words", nargs=-1, metavar="[of PERSON] [APPLICATION [ENVIRONMENT]] [RIGHT]")
@click.option(
    "--why",
    type=(str, str, str, click.Choice([right.value for right in Right])),
    metavar="PERSON APPLICATION ENVIRONMENT RIGHT",
    help="The rule that decides whether this person may do this there.",
)
@options.as_json
@options.session
def rights(
    session: Session, words: tuple[str, ...], *, why: tuple[str, str, str, str] | None, as_json: bool
) -> Exit:
    """Show who may do what where.

    As in chat: `funade rights of ada`, `funade rights shop production deploy`.
    """
    from funade.chat.heard import Help, Ignored, Misread  # noqa: PLC0415 - as the grammar

    if why is not None and words:
        raise wrong(usage.WHY_SAYS_ALL)
    with session.connection() as connection:
        if why is not None:
            person, application, environment, right = why
            command: Command = ShowRights(
                person=person, application=application, environment=environment, right=right
            )
        else:
            heard = understand(" ".join(["rights", *words]), known_names(session, connection))
            if isinstance(heard, (Help, Misread)):
                click.echo(session.worded(heard))
                return Exit.USAGE
            assert not isinstance(heard, Ignored), "it begins with a verb"  # noqa: S101 - narrows
            command = heard
        answer = connection.ask(command)
        session.show(answer, as_json=as_json)
        return of_reading(answer)
