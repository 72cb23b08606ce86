"""The small texts of which answers are made: headings, columns, what to do next."""

from funade.texts.catalogue import Reader, mark

# One deployment
LINE = mark("{application} {what} to {environment}")
NUMBERED = mark("#{number} {line}: {state}")
STANDS = mark("#{number} {state}")
STANDS_BECAUSE = mark("#{number} {state}: {why}")
SUCCEEDED_SEEN = mark("succeeded, seen live")
ASKED = mark("asked by {by} at {at}")
ASKED_BECAUSE = mark("asked by {by} at {at}: {reason}")
APPROVED = mark("approved by {by} at {at}")
OVERRIDDEN = mark("OVERRIDE by {by} at {at} despite {despite}: {reason}")
STARTED = mark("started at {at}")
RAN = mark("ran from {at} to {end} ({span})")
ATTEMPT = mark("{course}, attempt {attempt}")
ENDED = mark("ended at {at}")
WISHED_AWAY = mark("{by} asked to cancel it at {at}; its place decides what that can still mean")
WAITS_SINCE = mark("since {since}")
WAITS_SINCE_UNTIL = mark("since {since}, until {until} at most")
PAGE = mark("Page: {link}")
NEXT = mark("Next: {commands}")
REFUSED_AT = mark("{at}: {told}")
AND_DO = mark("{what} — {remedy}")

# A plan
PLAN = mark("Plan {digest}: {line}")
FIRST = mark("nothing is live there yet")
LIVE_NOW = mark("live now: {what}")
SAME = mark("this revision is live already")
STEPS = mark("Steps")
MORE = mark("… and {number} more")

# Status
APPLICATION = mark("application")
ENVIRONMENT = mark("environment")
LIVE = mark("live")
SINCE = mark("since")
NOW = mark("now")
NOT_VERIFIED = mark("{what}, not verified")
RUNS = mark("#{number} {state}")
NO_ENVIRONMENTS = mark("there is nothing that could be deployed")
ASKS = mark("#{number} {line} waits for approval, asked by {by}")
ASKS_WITH_APPROVALS = mark(
    "#{number} {line} waits for approval, asked by {by}, approved so far by {approvers}"
)
APPROVE_OR_REJECT = mark("{what} — {approvers} may say `approve {number}` or `reject {number}`")
APPROVE_OR_REJECT_ANYBODY = mark("{what} — `approve {number}` or `reject {number}`")
HELD = mark(
    "automatic deploys to `{environment}` of `{application}` are held since rollback #{number}"
    " — `resume {application} {environment}` lets them go on"
)
SET_ASIDE = mark("`{table}` `{key}` cannot be read and was set aside: {problem}")
QUEUE_BROKEN = mark("the queue `{name}` cannot be used: {problem}")
QUEUE = mark("queue")
HOLDS = mark("carries")
HOLDS_ORDERS = mark("orders")
HOLDS_FACTS = mark("facts")
WAITING_THERE = mark("waiting")
IN_HAND = mark("in hand")
DEAD_LETTERS = mark("dead letters")
NO_PROCESS = mark("no Funade process is running — start one: `funade serve`")

# The system
STORE_IS = mark("store {store}")
IN_ALL = mark("{running} running, {queued} in the queue, {asking} waiting for somebody")
OLDEST_QUEUED = mark("the oldest in the queue has waited for {span}")
OLDEST_UNSAID = mark("the oldest of them has waited for {span}")
PROCESS = mark("process")
HOST = mark("host")
PID = mark("pid")
MACHINE = mark("machine")
LEASE = mark("lease")
SEEN = mark("seen")
LOOKS_AFTER = mark("looks after")
LEASE_HOLDS = mark("carries")
LEASE_OVER = mark("over")
ANNOUNCES = mark("announcements")
ROLE_OTHER = mark("other")
ROLES = {"server": mark("server"), "runner": mark("runner"), "command": mark("command line")}

# History
NOTHING_HAPPENED = mark("nothing has happened yet")
OLDER = mark("Older: `{command}`")

# A log
LOG_EMPTY = mark("#{number} has written nothing")
LOG_EMPTY_YET = mark("#{number} has written nothing yet")
LOG_MORE = mark("There is more: `{command}`")

# What keeps deploys from an environment
OPEN = mark("nothing keeps deploys from `{environment}` of `{application}`")
STOLEN = mark("the lock was {before}'s until now; tell them")
LOCKED = mark(
    "`{environment}` of `{application}` is locked by {by} since {since}: {reason}"
    " — `unlock {application} {environment}` opens it"
)
LOCKED_UNTIL = mark(
    "`{environment}` of `{application}` is locked by {by} since {since}, until {until}: {reason}"
    " — `unlock {application} {environment}` opens it"
)
HELD_BY = mark(
    "automatic deploys to `{environment}` of `{application}` are held by {by} since {since}"
    " — `resume {application} {environment}` lets them go on"
)
HELD_BECAUSE = mark(
    "automatic deploys to `{environment}` of `{application}` are held by {by} since {since}: {reason}"
    " — `resume {application} {environment}` lets them go on"
)
PAUSED = mark("everything is paused by {by} since {since}: nothing is started — `resume all` lets it go on")
PAUSED_BECAUSE = mark(
    "everything is paused by {by} since {since}: {reason}; nothing is started — `resume all` lets it go on"
)
NOT_PAUSED = mark("nothing is paused: deployments are started again")

FREEZES = mark("`{environment}` of `{application}` freezes at {since}, until {until}")
FREEZES_BECAUSE = mark("`{environment}` of `{application}` freezes at {since}, until {until}: {reason}")

# Rights
RIGHTS_OF = mark("What {person} may do:")
YES_THROUGH = mark("yes, through `{rule}`")
YES_BY_NAME = mark("yes, by name")
NO_ONLY = mark("no, only {members}")
NO_NOBODY = mark("no, nobody")
MAY_THROUGH = mark("{person} has the right `{right}` in `{environment}` of `{application}`, through `{rule}`")
MAY_BY_NAME = mark("{person} has the right `{right}` in `{environment}` of `{application}`, by name")
MAY_NOT = mark(
    "{person} does not have the right `{right}` in `{environment}` of `{application}`; it is given to {members}"
)
MAY_NOT_NOBODY = mark(
    "{person} does not have the right `{right}` in `{environment}` of `{application}`; it is given to nobody"
)
OWNER_ALONE = mark(
    "`funade.yaml` names no people: whoever owns the data folder may do everything, from this machine's terminal"
)

# Help
HELP = mark("Say what to do, in any of these ways or in your own words:")
HELP_MORE = mark("More about one of them: `help deploy`")
EXAMPLES = mark("For example:")

VERBS: dict[str, str] = {
    "deploy": mark("put a branch, tag or commit into an environment"),
    "plan": mark("show what a deploy would do, and do nothing"),
    "rollback": mark("put back the last release that was seen healthy, or another one"),
    "retry": mark("ask again for what an unsuccessful deployment wanted"),
    "reject": mark("say no to a deployment that waits"),
    "override": mark("let a deployment go ahead despite what stands in its way, for everybody to see"),
    "lock": mark("keep others out of an environment"),
    "unlock": mark("let others in again"),
    "hold": mark("let automatic deploys of an environment wait"),
    "pause all": mark("stop everything at once: nothing more is started anywhere"),
    "resume all": mark("let everything go on"),
    "rights": mark("show who may do what where"),
    "approve": mark("say yes to a deployment that asks"),
    "cancel": mark("wish a deployment to stop"),
    "reopen": mark("open an environment that was closed, once you have looked"),
    "resume": mark("let automatic deploys go on after a rollback"),
    "status": mark("show what is live where"),
    "history": mark("show what happened"),
    "why": mark("say why a deployment does not move, or ended as it did"),
    "show": mark("show everything about a deployment"),
    "logs": mark("show what a deployment's program wrote"),
}


def commits(number: int, authors: str, reader: Reader) -> str:
    """Return how many commits would go live, and whose they are."""
    return reader.count(
        "{number} commit by {authors}", "{number} commits by {authors}", number, authors=authors
    )


def dropped(number: int, reader: Reader) -> str:
    """Return how many commits would be lost."""
    return reader.count(
        "Careful: {number} commit that is live would be dropped",
        "Careful: {number} commits that are live would be dropped",
        number,
    )


def waiting(number: int, reader: Reader) -> str:
    """Return how many deployments wait."""
    return reader.count("{number} waits", "{number} wait", number)


def owed(number: int, reader: Reader) -> str:
    """Return how many things are still to be undone."""
    return reader.count(
        "{number} thing that a deployment left behind is still to be cleaned up",
        "{number} things that deployments left behind are still to be cleaned up",
        number,
    )


def dead_letters(number: int, queue: str, reader: Reader) -> str:
    """Return how many messages of a queue nobody could deal with."""
    return reader.count(
        "{number} message of the queue `{queue}` could not be dealt with: look with `funade queue list {queue}`",
        "{number} messages of the queue `{queue}` could not be dealt with: look with `funade queue list {queue}`",
        number,
        queue=queue,
    )


def unsaid(number: int, reader: Reader) -> str:
    """Return how many announcements are still to be made."""
    return reader.count(
        "{number} announcement is still to be made", "{number} announcements are still to be made", number
    )
