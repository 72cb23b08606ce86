"""What pages say beside the sentences of events, reasons and answers."""

from funade.domain.revision import Changes
from funade.texts.catalogue import Reader, mark

WORDS: dict[str, str] = {
    "to": mark("to"),
    "waits": mark("Why it waits"),
    "log": mark("Log"),
    "log_whole": mark("the whole log as a file"),
    "log_empty": mark("nothing was written"),
    "log_empty_yet": mark("nothing has been written yet"),
    "log_left_out": mark("what came before is in the file"),
    "log_follow": mark("go on with the end"),
    "log_live": mark("as it is written"),
    "log_lost": mark("the connection was lost; trying again"),
    "attempts": mark("Attempts"),
    "about": mark("About it"),
    "asked_by": mark("asked by"),
    "why_asked": mark("because"),
    "asked_at": mark("asked"),
    "started_at": mark("started"),
    "ended_at": mark("ended"),
    "took": mark("took"),
    "verified": mark("seen live"),
    "plan": mark("Plan"),
    "steps": mark("What is done, in this order"),
    "commits": mark("What is new there"),
    "decisions": mark("Approvals and overrides"),
    "nobody_decided": mark("nobody has approved or overridden anything"),
    "timeline": mark("What happened"),
    "link_reads": mark("Whoever has it can read this page and nothing else; nothing can be done here."),
    "language": mark("Language"),
    "to_the_log": mark("go to the log"),
    "yes": mark("yes"),
    "no": mark("no"),
}

ATTEMPT = mark("Attempt {attempt}")
BY = mark("by {authors}")
DIGEST = mark("plan {digest}")
LINK_ENDS = mark("It ends at {at}.")

ENDED_TITLE = mark("This link has ended")
ENDED = mark(
    "It ended at {at}. Links to deployments last for a while only, because whoever has one can read them."
)
ENDED_NEXT = mark("Ask for a new one: `show {number} --link` in chat, `funade link {number}` at a terminal.")
UNKNOWN_TITLE = mark("This link opens nothing")
UNKNOWN = mark("It is not complete, or no deployment of this Funade has it.")
UNKNOWN_NEXT = mark(
    "Copy the whole link again from where you found it, or ask for a new one:"
    " `show 4 --link` in chat, `funade link 4` at a terminal, with the number of your deployment."
)
UNREADABLE_TITLE = mark("This page cannot be shown now")
UNREADABLE = mark(
    "The store cannot be read at this moment. What was accepted is safe, and what runs goes on."
)
UNREADABLE_NEXT = mark("The page loads again by itself every ten seconds.")


def words(reader: Reader) -> dict[str, str]:
    """Return the words of a page by their names."""
    return {name: reader.word(message) for name, message in WORDS.items()}


def more_commits(changes: Changes, reader: Reader) -> str | None:
    """Return how many commits are not listed, None when all are."""
    number = changes.total - len(changes.commits)
    if number <= 0:
        return None
    return reader.count("… and {number} more commit", "… and {number} more commits", number)
