"""What only the command line says: about itself, its server, and following a deployment."""

from funade.texts.catalogue import mark

GO_AHEAD = mark("Deploy this?")
YES_OR_NO = mark("{question} [y/N]: ")
NEITHER = mark("answer `y` or `n`")
NOTHING_ASKED = mark("nothing was asked")
GOES_ON = mark(
    "#{number} goes on: `funade wait {number}` follows it, `funade cancel {number}` asks it to stop"
)
GOES_ON_ALONE = mark(
    "the program of #{number} goes on by itself; `funade wait {number}` or `funade serve` sees it to its end"
)
STILL_GOING = mark("#{number} has not ended after {span}; it goes on, and `funade wait {number}` follows it")
WAITS_FOR_SOMEBODY = mark("#{number} waits for somebody; `funade wait {number} --timeout 1h` waits with it")
NO_PROBLEMS = mark("`{path}` is good, and so is everything that it names")
SERVING = mark("serving `{data}` at `{socket}` (process {pid}); Ctrl-C stops")
CARRYING = mark("carrying deployments out, with `{data}` (process {pid}); Ctrl-C stops")
COPIED = mark("store {store} is in the database now, and all of it is there: start Funade again")
COPIED_BEFORE = mark("store {store} was in the database already, and all of it is there: start Funade again")
NO_DEAD_LETTERS = mark("the queue `{queue}` has no dead letters")
SENT_AGAIN = mark("{number} sent again")
THROWN_AWAY = mark("{number} thrown away for good")
MAY_PULL = mark("`{namespace}` can pull from {registries} until {until}")
COULD_PULL = mark("`{namespace}` could be given a way to pull from {registries}; nothing was written")
STOPPED = mark("stopped; what runs at its place goes on there")
NO_PAGES = mark(
    "no link can be made: no pages are served here, or the key of links cannot be had"
    " — add `web` to funade.yaml, or see the server's log"
)
WELCOME = mark("Say what to do, as in chat: `deploy shop to staging`, `why`, `help`; Ctrl-D ends.")
NOT_FOR_US = mark("not meant for Funade: nothing is done, nothing answered")
