"""What can be done about each reason: English here, other languages in the catalogues."""

from funade.domain.reason import Reason
from funade.texts.catalogue import mark

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
    Reason.NOTHING_TO_RETRY: (
        mark("to deploy the same again: `deploy {application} {environment} {ref}`"),
        mark("to deploy the same again, ask for it anew"),
    ),
    Reason.NOT_ENDED: (mark("wait for its end, or `cancel {number}`"),),
    Reason.NOTHING_VERIFIED: (
        mark("deploy what you trust: `deploy {application} {environment} REF`"),
        mark("deploy what you trust"),
    ),
    Reason.DIGEST_CHANGED: (mark("look at the plan again, then ask again"),),
    Reason.CONFIGURATION_BROKEN: (mark("`funade check` shows where"),),
    Reason.CHANNEL_NOT_PERMITTED: (mark("say it there"),),
    Reason.OUTSIDER: (mark("ask somebody who belongs to it"),),
    Reason.REASON_WANTED: (mark("say why: `{asked} --reason …`"), mark("say why: `--reason …`")),
    Reason.REF_MOVED: (
        mark("`approve {number} {requested}` means what was asked for; to have the new commit, ask anew"),
        mark("name the commit that you approve, or ask anew"),
    ),
    Reason.OWN_DEPLOYMENT: (mark("ask somebody else who may approve: `rights` shows who"),),
    Reason.ALREADY_APPROVED: (mark("`why {number}` shows what is still missing"),),
    Reason.LOCKED_BY_ANOTHER: (
        mark("ask {by}, or open it all the same: `unlock {application} {environment} --force --reason …`"),
        mark("ask them first"),
    ),
    Reason.ALREADY_PAUSED: (mark("`resume all` lets it go on"),),
    Reason.NOTHING_TO_OVERRIDE: (mark("`why {number}` shows how it stands"), mark("look how it stands")),
    Reason.REQUEST_REUSED: (mark("send what is new with a new id"),),
    Reason.TEXT_TOO_LONG: (mark("say it shorter"),),
    Reason.TEXT_UNREADABLE: (mark("write it in UTF-8"),),
    Reason.STORE_UNAVAILABLE: (mark("nothing was accepted; ask again once it is back"),),
    Reason.INTERNAL: (mark("its log tells more; please report it"),),
    Reason.AWAITING_APPROVAL: (
        mark("somebody who may says `approve {number}`"),
        mark("ask somebody who may"),
    ),
    Reason.PAUSED: (mark("ask {by}; `resume all` lets it go on"), mark("`resume all` lets it go on")),
    Reason.LOCKED: (
        mark("ask {by}, or open it all the same: `unlock {application} {environment} --force --reason …`"),
        mark("ask whoever locked it"),
    ),
    Reason.FROZEN: (mark("wait for its end; whoever may override can go ahead with a reason"),),
    Reason.ASKER_LOST_RIGHT: (mark("somebody who has it may ask for the same"),),
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
        # Only of what has not begun it is said until when.
        mark("it is asked again until {until}; then the deployment ends, and nothing of it has begun"),
        mark("it is asked again; after ten minutes the environment is closed until somebody has looked"),
    ),
    Reason.WAITS_AT_PLACE: (
        mark("it begins by itself once that is over; where it takes too long, its place gives it up"),
    ),
    Reason.OWNER_SILENT: (mark("another process takes over by itself"),),
    Reason.MACHINE_SILENT: (mark("start Funade there again: only that machine knows how it goes"),),
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
