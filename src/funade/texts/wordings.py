"""What each reason says, and what can be done about it: English here, other languages in the catalogues."""

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
        mark("this needs the right `{right}` in `{environment}` of `{application}`, and you do not have it"),
        mark("this needs the right `{right}`, and you do not have it"),
        mark("you may not do this"),
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
    Reason.NOT_ENDED: (
        mark("#{number} has not ended: {state}"),
        mark("#{number} has not ended"),
        mark("it has not ended"),
    ),
    Reason.NOT_WAITING: (
        mark("#{number} does not ask for an approval: {state}"),
        mark("#{number} does not ask for an approval"),
        mark("it does not ask for an approval"),
    ),
    Reason.NOTHING_VERIFIED: (
        mark(
            "`{environment}` of `{application}` has nothing to go back to: no release was seen healthy there"
        ),
        mark("there is nothing to go back to: no release was seen healthy there"),
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
    Reason.STORE_UNAVAILABLE: (
        mark("the store cannot be used now: {problem}"),
        mark("the store cannot be used now"),
    ),
    Reason.INTERNAL: (mark("a mistake of Funade itself: {problem}"), mark("a mistake of Funade itself")),
    # A deployment waits.
    Reason.AWAITING_APPROVAL: (
        mark("waits for approval: {given} of {needed} given"),
        mark("waits for approval"),
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
    Reason.NO_PROCESS_RUNNING: (mark("no Funade process runs that could carry it out"),),
    Reason.PREPARING: (
        mark("its revision is being fetched and checked out, since {since}"),
        mark("its revision is being fetched and checked out"),
    ),
    Reason.PROGRAM_RUNNING: (
        mark("its program has run since {since}, until {until} at most"),
        mark("its program has run since {since}"),
        mark("its program runs"),
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
        mark("the process that looks after it, `{process}`, has been silent since {since}"),
        mark("the process that looks after it, `{process}`, is silent"),
        mark("the process that looks after it is silent"),
    ),
    # A deployment ended.
    Reason.COMPLETED: (
        mark("its program ended with status {exit_code}"),
        mark("its program ended well"),
    ),
    Reason.PROGRAM_FAILED: (
        mark("its program ended with status {exit_code}"),
        mark("its program was ended by {signal}"),
        mark("its program failed"),
    ),
    Reason.PROGRAM_NOT_STARTED: (
        mark("its program could not be started: {problem}"),
        mark("its program could not be started"),
    ),
    Reason.TIMED_OUT: (
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
    Reason.CANCELLED: (mark("{by} cancelled it"), mark("it was cancelled")),
    Reason.EXPIRED: (
        mark("it waited longer than it may, {seconds}: {waited_for}"),
        mark("it waited longer than it may, {seconds}"),
        mark("it waited longer than it may"),
    ),
    Reason.EXECUTION_LOST: (
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

REMEDIES: dict[Reason, tuple[str, ...]] = {
    Reason.UNKNOWN_APPLICATION: (mark("did you mean `{near}`?"), mark("`status` lists them all")),
    Reason.UNKNOWN_ENVIRONMENT: (
        mark("did you mean `{near}`?"),
        mark("`status {application}` lists them all"),
        mark("`status` lists them all"),
    ),
    Reason.UNKNOWN_REF: (mark("did you mean `{near}`?"), mark("check its spelling, or push it first")),
    Reason.AMBIGUOUS_REF: (mark("say which: `{candidates}`"), mark("give its full name, or more digits")),
    Reason.UNKNOWN_DEPLOYMENT: (mark("`history` lists them"),),
    Reason.UNKNOWN_PERSON: (mark("ask whoever keeps `funade.yaml` to add you to `people`"),),
    Reason.NOT_PERMITTED: (mark("ask somebody who has it, or whoever keeps `funade.yaml`"),),
    Reason.SOURCE_UNREACHABLE: (mark("`funade check` tells more; then ask again"),),
    Reason.TARGET_UNREACHABLE: (mark("`funade check` tells more; then ask again"),),
    Reason.NOT_ENDED: (mark("wait for its end, or `cancel {number}`"),),
    Reason.NOTHING_VERIFIED: (
        mark("deploy what you trust: `deploy {application} {environment} REF`"),
        mark("deploy what you trust"),
    ),
    Reason.DIGEST_CHANGED: (mark("look at the plan again, then ask again"),),
    Reason.CONFIGURATION_BROKEN: (mark("`funade check` shows where"),),
    Reason.STORE_UNAVAILABLE: (mark("nothing was accepted; ask again once it is back"),),
    Reason.INTERNAL: (mark("its log tells more; please report it"),),
    Reason.AWAITING_APPROVAL: (mark("somebody who may: `approve {number}`"), mark("ask somebody who may")),
    Reason.NEWER_WENT_LIVE: (
        mark("`approve {number}` if it shall go ahead all the same, else `cancel {number}`"),
        mark("approve it if it shall go ahead all the same, else cancel it"),
    ),
    Reason.AWAITING_TURN: (mark("`why {ahead}` tells how that one stands"),),
    Reason.ENVIRONMENT_IN_DOUBT: (
        mark("look at it, then `reopen {application} {environment}`"),
        mark("look at it, then reopen it"),
    ),
    Reason.NO_PROCESS_RUNNING: (mark("start one: `funade serve`"),),
    Reason.TARGET_NOT_ANSWERING: (
        mark(
            "it is asked again until {until}; after that the environment is closed until somebody has looked"
        ),
        mark("it is asked again and again"),
    ),
    Reason.OWNER_SILENT: (mark("another process takes over by itself"),),
    Reason.PROGRAM_FAILED: (mark("its log tells why"),),
    Reason.PROGRAM_NOT_STARTED: (mark("correct the target in `funade.yaml`, then try again"),),
    Reason.TIMED_OUT: (mark("its log tells how far it came"),),
    Reason.ABANDONED: (mark("keep `funade serve` running, then try again"),),
    Reason.NOT_SEEN: (mark("look at it, then try again or roll back"),),
    Reason.EXPIRED: (mark("ask again if it is still wanted"),),
    Reason.EXECUTION_LOST: (mark("look at the environment before you try again"),),
    Reason.OUTCOME_UNKNOWN: (mark("look at the environment, then reopen it"),),
    Reason.GUARD_REFUSED: (mark("see whether another Funade deploys to the same place"),),
    Reason.PREPARATION_FAILED: (mark("`funade check` tells more; then try again"),),
}
