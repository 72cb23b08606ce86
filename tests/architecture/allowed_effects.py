"""Outside effects that need no failpoint, each with its reason; `module:Class.function`, in order."""

ALLOWED = {
    "funade.failpoints:_append": "the log and the sign of a pause are the crash test's own",
    "funade.failpoints:_die": "this is the kill itself",
}
