"""Outside effects that need no failpoint, each with its reason; `module:Class.function`, in order."""

ALLOWED = {
    "funade.cli.socket_connection:SocketConnection._exchange": "a question to our own server",
    "funade.clients.births:ask": "asks the system, changes nothing",
    "funade.clients.kubernetes.credentials:Program._ask": "asks who we are, changes nothing",
    "funade.clients.kubernetes.wire:Wire._send_once": "a write is named by whoever asks the cluster for it",
    "funade.failpoints:_append": "the log and the sign of a pause are the crash test's own",
    "funade.failpoints:_die": "this is the kill itself",
    "funade.playground.requests:Requests._ask": "a toy workspace of no memory asks the app that is tried in it",
    "funade.store.making:ask": "looks only; the changes are `store.sign`, `store.migrate` and `store.make`",
    "funade.store.migrations:migrate": "looks whether there is anything to do; the change is `store.migrate`",
    "funade.store.postgres.ledger:PostgresLedger._look": "reads only",
    "funade.store.postgres.ledger:PostgresLedger._transaction": "begins; what counts is `postgres.commit`",
    "funade.store.postgres.making:has_quarantine": "reads only",
    "funade.store.postgres.making:make": "looks only; the changes are `store.migrate` and `postgres.make`",
    "funade.store.sqlite:SqliteLedger._change": "begins; what counts is `store.commit`",
    "funade.store.sqlite:SqliteLedger._prepare": "an empty file; `store.make` comes next",
    "funade.store.sqlite:SqliteLedger._read": "reads only",
    "funade.targets.command.guard:write_durably": "its callers name the point",
    "funade.targets.command.program:Program._execute": "in the child, after `command.fork`",
}
