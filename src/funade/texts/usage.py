"""What the command line says about how it was called: our words, and those of click, which asks gettext for them."""

from funade.texts.catalogue import mark


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """Return both as they are; `bin/texts` finds them by this name."""
    return one, many


# Ours
NO_VERB = mark("There is no verb `{verb}`.")
NO_VERB_NEAR = mark("There is no verb `{verb}`. Did you mean `{near}`?")
WHICH_APPLICATION = mark("which application? `funade deploy APPLICATION [ENVIRONMENT] [REF]`")
WHICH_ENVIRONMENT = mark("which environment of `{application}`? It has {environments}")
NO_APPLICATION = mark("there is no application `{application}` — `funade status` shows all")
NOBODY_TO_ASK = mark("there is nobody to ask whether the plan is right: `--yes` goes ahead without asking")
NEEDS_WAIT = mark(
    "without a server this process carries the deployment itself: leave `--no-wait` out, or start `funade serve`"
)
GIVEN_TWICE = mark("{name} is given twice: `{one}` and `{other}`")
FORCE_NEEDS_REASON = mark("`--force` needs `--reason`: everybody will see it")
NEEDS_SOCKET = mark("--open-to needs --socket: nobody else gets into the data folder")
WHY_WHAT = mark("one NUMBER, or APPLICATION and ENVIRONMENT")
WHY_SAYS_ALL = mark("`--why` says already whom, where and what")
NOT_LIKE = mark('line {number} of standard input is not like {{"via": "slash", "raw": "deploy shop prod"}}')
NO_SPAN = mark("`{text}` is no span of time; write seconds, or `90s`, `10m`, `24h`, `7d`")
OUT_OF_SPAN = mark("`{text}` must be more than nothing and at most {days} days")
OUR_MISTAKE = mark("a mistake of ours: {error}")
REPORT_FILE = mark("please report it with `{file}` (look first: it may name what you deploy)")
VERBS = mark("Verbs")

# click's own, by its own words
CLICK = (
    mark("Usage:"),
    mark("Options"),
    mark("Commands"),
    mark("Positional arguments"),
    mark("Aborted!"),
    mark("Error: {message}"),
    mark("Try '{command} {option}' for help."),
    mark("Missing command."),
    mark("Missing argument"),
    mark("Missing option"),
    mark("Missing parameter"),
    mark("Missing {param_type}"),
    mark("Missing parameter: {param_name}"),
    mark("Invalid value for {param_hint}: {message}"),
    mark("Invalid value: {message}"),
    mark("No such option {name!r}."),
    mark("No such command {name!r}."),
    mark("Option {name!r} does not take a value."),
    mark("Show the version and exit."),
    mark("Show this message and exit."),
    mark("default: {default}"),
    mark("required"),
    mark("Choose from:\n\t{choices}"),
    mark("{value!r} is not a valid {number_type}."),
    mark("{value!r} is not a valid UUID."),
    mark("{value} is not in the range {range}."),
    mark_plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    mark_plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    mark_plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    mark_plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    mark_plural("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
)
