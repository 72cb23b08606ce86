"""In which language the command line speaks, before anything of it is read; Japanese costs only who wants it."""

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

OPTION = "--language"


def language_of(environment: Mapping[str, str]) -> str:
    """Return the person's language as their system has it: Japanese where it says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "ja" if environment[name].startswith("ja") else "en"
    return "en"


def spoken(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language that the arguments name last, or else the system's; also where the rest is wrong."""
    named = [
        one.partition("=")[2] if "=" in one else following
        for one, following in pairwise([*arguments, ""])
        if one == OPTION or one.startswith(f"{OPTION}=")
    ]
    wanted = named[-1] if named else ""
    return wanted if wanted in ("en", "ja") else language_of(environment)


def speak(language: str) -> None:
    """Let click speak that language from now on, in its messages and in every `--help`."""
    import click  # noqa: PLC0415 - the language is known without it

    if language == "en":
        os.environ.pop("LANGUAGE", None)
        click.Context.formatter_class = click.HelpFormatter
        return
    import gettext  # noqa: PLC0415 - English needs no catalogue

    from funade.cli.help_pages import TranslatedPages  # noqa: PLC0415 - as above
    from funade.texts.catalogue import DOMAIN, FOLDER  # noqa: PLC0415 - as above

    # click asks gettext, and gettext this variable; nothing else of ours does, and no program is given it.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, FOLDER)
    gettext.textdomain(DOMAIN)
    click.Context.formatter_class = TranslatedPages
