"""What each reason says: English here, other languages in the catalogues."""

from funade.domain.reason import Reason
from funade.texts.catalogue import mark

WORDINGS: dict[Reason, tuple[str, ...]] = {
    # A request is refused.
    Reason.UNKNOWN_APPLICATION: (
        mark("there is no application `{application}`"),
        mark("there is no such application"),
    ),
    Reason.UNKNOWN_ENVIRONMENT: (
        mark("`{application}` has no environment `{environment}`"),
        mark("there is no such environment"),
    ),
    Reason.UNKNOWN_REF: (
        mark("`{ref}` is no branch, tag or commit of `{application}`"),
        mark("there is no such branch, tag or commit"),
    ),
    Reason.AMBIGUOUS_REF: (
        mark("`{ref}` means more than one commit of `{application}`"),
        mark("this ref means more than one commit"),
    ),
    Reason.UNKNOWN_DEPLOYMENT: (
        mark("there is no deployment #{number}"),
        mark("there is no such deployment"),
    ),
    Reason.UNKNOWN_PERSON: (
        mark("`{actor}` is nobody that this Funade knows"),
        mark("you are nobody that this Funade knows"),
    ),
    Reason.NOT_PERMITTED: (
        mark("this needs the right `{right}` in `{environment}` of `{application}`"),
        mark("this needs the right `{right}`"),
        mark("the right to do this is missing"),
    ),
    Reason.SOURCE_UNREACHABLE: (
        mark("the repository of `{application}` cannot be read: {problem}"),
        mark("the repository of `{application}` cannot be read"),
        mark("the repository cannot be read"),
    ),
    Reason.TARGET_UNREACHABLE: (
        mark("`{environment}` of `{application}` cannot be reached: {problem}"),
        mark("`{environment}` of `{application}` cannot be reached"),
        mark("the target cannot be reached"),
    ),
    Reason.ALREADY_ENDED: (
        mark("#{number} has ended already: {state}"),
        mark("#{number} has ended already"),
        mark("it has ended already"),
    ),
    Reason.NOTHING_TO_RETRY: (
        mark("#{number} has succeeded, so there is nothing to retry"),
        mark("it has succeeded, so there is nothing to retry"),
    ),
    Reason.NOT_ENDED: (
        mark("#{number} has not ended: {state}"),
        mark("#{number} has not ended"),
        mark("it has not ended"),
    ),
    Reason.NOT_WAITING: (
        mark("#{number} waits for nobody's decision: {state}"),
        mark("#{number} waits for nobody's decision"),
        mark("it waits for nobody's decision"),
    ),
    Reason.NOTHING_VERIFIED: (
        mark(
            "`{environment}` of `{application}` has nothing to go back to: no other release was seen healthy there"
        ),
        mark("there is nothing to go back to: no other release was seen healthy there"),
    ),
    Reason.NOT_IN_DOUBT: (
        mark("`{environment}` of `{application}` is open already"),
        mark("this environment is open already"),
    ),
    Reason.NOT_HELD: (
        mark("automatic deploys to `{environment}` of `{application}` are not held"),
        mark("automatic deploys are not held here"),
    ),
    Reason.DIGEST_CHANGED: (
        mark("what #{number} would do is not what was shown"),
        mark("what would be done is not what was shown"),
    ),
    Reason.CONFIGURATION_BROKEN: (
        mark("the configuration cannot be used: {problem}"),
        mark("the configuration cannot be used"),
    ),
    Reason.CHANNEL_NOT_PERMITTED: (
        mark("`{application}` takes commands in `{wanted}` only, and this is `{channel}`"),
        mark("`{application}` takes commands in `{wanted}` only"),
        mark("commands are not taken in this channel"),
    ),
    Reason.OUTSIDER: (
        mark("`{actor}` does not belong to this workspace: outsiders, guests and bots may do nothing here"),
        mark("outsiders, guests and bots may do nothing here"),
    ),
    Reason.REASON_WANTED: (mark("`{asked}` needs a reason"), mark("this needs a reason")),
    Reason.REF_MOVED: (
        mark("`{ref}` has moved since #{number} was asked for: from `{requested}` to `{now}`"),
        mark("`{ref}` has moved since it was asked for: `{requested}` is not what it means now"),
        mark("its branch has moved since it was asked for"),
    ),
    Reason.OWN_DEPLOYMENT: (
        mark("#{number} was asked for by the same person, and nobody approves their own deployment"),
        mark("nobody approves their own deployment"),
    ),
    Reason.ALREADY_APPROVED: (
        mark("a person approves once, and #{number} has this approval already"),
        mark("a person approves once, and it has this approval already"),
    ),
    Reason.NOT_LOCKED: (
        mark("`{environment}` of `{application}` is not locked"),
        mark("this environment is not locked"),
    ),
    Reason.LOCKED_BY_ANOTHER: (
        mark("the lock of `{environment}` of `{application}` is {by}'s: {reason}"),
        mark("the lock of `{environment}` of `{application}` is {by}'s"),
        mark("this lock is somebody else's"),
    ),
    Reason.ALREADY_HELD: (
        mark("automatic deploys to `{environment}` of `{application}` are held already"),
        mark("automatic deploys are held here already"),
    ),
    Reason.ALREADY_PAUSED: (
        mark("everything is paused already, by {by}: {reason}"),
        mark("everything is paused already, by {by}"),
        mark("everything is paused already"),
    ),
    Reason.NOT_PAUSED: (mark("nothing is paused"),),
    Reason.NOTHING_TO_OVERRIDE: (
        mark("nothing that can be overridden stands in the way of #{number}"),
        mark("nothing that can be overridden stands in its way"),
    ),
    Reason.REQUEST_REUSED: (
        mark("this request id was used before, for #{number}, which is something else"),
        mark("this request id was used before, for something else"),
    ),
    Reason.TEXT_TOO_LONG: (
        mark("`{field}` is longer than {limit} characters"),
        mark("that is longer than anybody could read"),
    ),
    Reason.TEXT_UNREADABLE: (
        mark("`{field}` holds signs that are no characters"),
        mark("it holds signs that are no characters"),
    ),
    Reason.STORE_UNAVAILABLE: (
        mark("the store cannot be used now: {problem}"),
        mark("the store cannot be used now"),
    ),
    Reason.INTERNAL: (mark("a mistake of Funade itself: {problem}"), mark("a mistake of Funade itself")),
    # A deployment waits.
    Reason.AWAITING_APPROVAL: (
        mark("approved by `{given}` so far, and it needs {needed}; `{approvers}` may approve it"),
        mark("nobody has approved it yet, and it needs {needed}; `{approvers}` may approve it"),
        mark("approved by `{given}` so far, and it needs {needed}"),
        mark("nobody has approved it yet, and it needs {needed}"),
        mark("somebody has to approve it"),
    ),
    Reason.PAUSED: (
        mark("everything is paused by {by}: {reason}"),
        mark("everything is paused by {by}"),
        mark("everything is paused"),
    ),
    Reason.LOCKED: (
        mark("`{environment}` of `{application}` is locked by {by} until {until}: {reason}"),
        mark("`{environment}` of `{application}` is locked by {by}: {reason}"),
        mark("`{environment}` of `{application}` is locked by {by}"),
        mark("this environment is locked"),
    ),
    Reason.FROZEN: (
        mark("`{environment}` of `{application}` is frozen until {until}: {reason}"),
        mark("`{environment}` of `{application}` is frozen until {until}"),
        mark("this environment is frozen for now"),
    ),
    Reason.ASKER_LOST_RIGHT: (
        mark(
            "{person}, who asked for it, no longer has the right `{right}` in `{environment}` of `{application}`"
        ),
        mark("whoever asked for it may no longer do so"),
    ),
    Reason.NEWER_WENT_LIVE: (
        mark("`{live}` went live since the plan was shown; the plan started from `{shown}`"),
        mark("`{live}` went live since the plan was shown"),
        mark("something else went live since the plan was shown"),
    ),
    Reason.AWAITING_TURN: (
        mark("waits for its turn: {position} are ahead of it, #{ahead} first"),
        mark("waits for its turn: #{ahead} comes first"),
        mark("waits for its turn"),
    ),
    Reason.ENVIRONMENT_IN_DOUBT: (
        mark("`{environment}` of `{application}` is closed: nobody knows what #{number} did there"),
        mark("`{environment}` of `{application}` is closed: nobody knows what was done there"),
        mark("this environment is closed: nobody knows what was done there"),
    ),
    Reason.NO_PROCESS_RUNNING: (
        mark(
            "no Funade process runs that looks after #{number}: its program is left to itself, and the next"
            " process sees it to its end"
        ),
        mark("no Funade process runs that could carry it out"),
    ),
    Reason.PREPARING: (
        mark("its revision is being fetched and checked out, since {since}"),
        mark("its revision is being fetched and checked out"),
    ),
    Reason.PROGRAM_RUNNING: (
        mark("its program has run since {since}, until {until} at most"),
        mark("its program has run since {since}"),
        mark("its program runs"),
    ),
    Reason.WAITS_AT_PLACE: (
        mark("{problem} (since {since})"),
        mark("{problem}"),
        mark("its program does not run yet"),
    ),
    Reason.VERIFYING: (
        mark("its program has ended; looking whether it is live since {since}, until {until} at most"),
        mark("its program has ended; looking whether it is live since {since}"),
        mark("its program has ended; looking whether it is live"),
    ),
    Reason.TARGET_NOT_ANSWERING: (
        mark("the target has not answered since {since}: {problem}"),
        mark("the target does not answer: {problem}"),
        mark("the target does not answer"),
    ),
    Reason.OWNER_SILENT: (
        mark("the process that looks after it, {pid} on {host}, has been silent since {since}"),
        mark("the process that looks after it is silent"),
    ),
    Reason.MACHINE_SILENT: (
        mark("it runs on `{machine}`, where no Funade process has been alive since {since}"),
        mark("it runs on `{machine}`, where no Funade process is alive"),
        mark("it runs on a machine where no Funade process is alive"),
    ),
    # A deployment ended.
    Reason.COMPLETED: (
        mark("its program ended with status {exit_code}"),
        mark("its program ended well"),
    ),
    Reason.PROGRAM_FAILED: (
        mark("its program ended with status {exit_code}, and its hosts differ: {hosts}"),
        mark("its program was ended by {signal}, and its hosts differ: {hosts}"),
        mark("its program ended with status {exit_code}"),
        mark("its program was ended by {signal}"),
        mark("its program failed"),
    ),
    Reason.PROGRAM_NOT_STARTED: (
        mark("its program could not be started: {problem}"),
        mark("its program could not be started"),
    ),
    Reason.TIMED_OUT: (
        mark("its program ran longer than it may, and was stopped; its hosts differ: {hosts}"),
        mark("its program ran longer than the {seconds} it may, and was stopped"),
        mark("its program ran longer than it may, and was stopped"),
    ),
    Reason.ABANDONED: (
        mark("its program was stopped: no Funade process looked after it for {seconds}"),
        mark("its program was stopped: no Funade process looked after it"),
    ),
    Reason.NOT_SEEN: (
        mark("its program ended well, but `{wanted}` is not live: {seen}"),
        mark("its program ended well, but `{wanted}` was not seen live"),
        mark("its program ended well, but it was not seen live"),
    ),
    Reason.CANCELLED: (
        mark("{by} cancelled it, and its hosts differ: {hosts}"),
        mark("it was cancelled, and its hosts differ: {hosts}"),
        mark("{by} cancelled it"),
        mark("it was cancelled"),
    ),
    Reason.REJECTED: (
        mark("{by} rejected it: {reason}"),
        mark("{by} rejected it"),
        mark("it was rejected"),
    ),
    Reason.EXPIRED: (
        mark("it waited longer than it may, {seconds}: {waited_for}"),
        mark("it waited longer than it may, {seconds}"),
        mark("it waited longer than it may"),
    ),
    Reason.EXECUTION_LOST: (
        mark("its program is gone and nobody recorded its end: {problem}; its hosts differ: {hosts}"),
        mark("its program is gone and nobody recorded its end: {problem}"),
        mark("its program is gone and nobody recorded its end"),
    ),
    Reason.OUTCOME_UNKNOWN: (
        mark("nobody knows how it ended: {problem}"),
        mark("nobody knows how it ended"),
    ),
    Reason.GUARD_REFUSED: (mark("the target refused it: {problem}"), mark("the target refused it")),
    Reason.PREPARATION_FAILED: (
        mark("it could not be prepared: {problem}"),
        mark("it could not be prepared"),
    ),
}
