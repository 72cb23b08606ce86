"""Which application and environment somebody means who did not say all of it."""

from funade.cli.connection import Connection
from funade.cli.session import wrong
from funade.domain.answers import StatusShown
from funade.domain.commands import ShowStatus


def application_of(given: str | None) -> str:
    """Return the application, or raise UsageError when nobody named one."""
    if given is None:
        from funade.texts import usage  # noqa: PLC0415 - only who is called wrongly says it

        raise wrong(usage.WHICH_APPLICATION)
    return given


def only_environment(connection: Connection, application: str) -> str:
    """Return the application's one environment, or raise UsageError naming those it has."""
    answer = connection.ask(ShowStatus(application=application))
    shown = answer.environments if isinstance(answer, StatusShown) else ()
    from funade.texts import usage  # noqa: PLC0415 - as above

    names = [one.berth.environment for one in shown if one.berth.application == application]
    if len(names) == 1:
        return names[0]
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        raise wrong(usage.WHICH_ENVIRONMENT, application=application, environments=listed)
    raise wrong(usage.NO_APPLICATION, application=application)
