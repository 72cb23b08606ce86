"""What only Slack's door says: buttons, forms, our home, and what happens to messages there."""

from funade.texts.catalogue import mark

# Buttons
APPROVE = mark("Approve")
REJECT = mark("Reject")
CANCEL = mark("Cancel")
RETRY = mark("Retry")
ROLLBACK = mark("Roll back")
UNLOCK = mark("Unlock")
EXTEND = mark("1 h more")
DO_IT = mark("Do it now")
DEPLOY = mark("Deploy …")
REFRESH = mark("Refresh")
SURE = mark("Are you sure?")
NO = mark("No")
SURE_OF_CANCEL = mark("#{number} is told to stop; its place decides what that can still mean")

# What a pressed button answers
BUTTON_UNKNOWN = mark("this button is from before Funade's records began — say it in words, like `status`")
BUTTON_OVER = mark("this button was good until {until} — say it in words: `{command}`")
BUTTON_USED = mark("{by} has pressed this already, at {at}")
BUTTON_USED_BY_YOU = mark("you have pressed this already, at {at}")
BUTTON_NOT_YOURS = mark("this button is for somebody else")
BUTTON_OLD = mark(
    "#{number} is not what runs in `{environment}` any more — `{command}` asks for it all the same"
)
PLAN_CHANGED = mark(
    "the plan of #{number} is another than the one that this button is about — look at it again"
)

# What happens to messages
EDITED_AFTER = mark(
    "I acted on what this message said before; what it says now was not run — say it anew to run it"
)
EDITED_IN = mark("nothing was run: this message became a command when it was edited — `{command}`")
DELETED = mark(
    "your message is gone, and #{number}, which it asked for, goes on — `cancel {number}` stops it"
)
CANNOT_ASK = mark("Slack cannot be asked who you are, so nothing was done — try again in a minute")
ANSWER_LOST = mark(
    "Slack took no answer for too long, and what was asked for may have been done — `status` and `history` tell"
)
NOT_FOUND_OUT = mark("It could not be found out just now — close this and try again in a minute")
OUR_MISTAKE = mark("Funade made a mistake and nothing more was done; its own log has the details")

# Cards
OUTPUT = mark("The end of its output:")
PAGE = mark("The page of #{number}: its course and its whole output")

# What authors are told
THREAD_LIVE = mark("{names}: your changes are live in `{environment}` of `{application}`")
THREAD_UNSEEN = mark(
    "{names}: your changes were deployed to `{environment}` of `{application}`; nobody has seen them live"
)
THREAD_FAILED = mark(
    "{names}: the deployment of your changes to `{environment}` of `{application}` has failed: {why}"
)
THREAD_ROLLED_BACK = mark(
    "{names}: your changes were rolled back in `{environment}` of `{application}`, as {by} asked"
)
NOTICE_LIVE = mark("#{number}: your change is live in `{environment}` of `{application}`")
NOTICE_UNSEEN = mark(
    "#{number}: your change was deployed to `{environment}` of `{application}`; nobody has seen it live"
)
NOTICE_FAILED = mark(
    "#{number}: the deployment of your change to `{environment}` of `{application}` has failed: {why}"
)
NOTICE_ROLLED_BACK = mark(
    "#{number}: your change was rolled back in `{environment}` of `{application}`, as {by} asked"
)
NOTICES = mark("What became of your changes, in {number} deployments:")
NOTICES_MORE = mark("… and in {number} more deployments")
COMMITS_MORE = mark("… and {number} more commits of yours")

# How they want to hear it
HOME_TELL = mark("How you hear of your changes")
TELL_AS_TEAM = mark("As the team: {what}")
TELL_THREAD = mark("in the thread of the card")
TELL_DIRECT = mark("by a direct message")
TELL_DIGEST = mark("once a day")
TELL_NEVER = mark("not at all")
TELL_EMAILS = mark("Commits by {emails} count as yours.")
TELL_NO_EMAIL = mark(
    "Nobody knows which changes are yours: ask whoever runs Funade to add your `email` to `people`."
)
QUIET_TITLE = mark("Quiet hours")
QUIET_NONE = mark("no quiet hours")
QUIET_HOURS = mark("quiet {hours}")

# Reminders
REMIND_LOCK = mark(
    "You have kept others out of `{environment}` of `{application}` for {span}: {reason} — is that still needed?"
)
REMIND_LOCK_OF = mark(
    "{who} has kept others out of `{environment}` of `{application}` for {span}: {reason} — is that still needed?"
)
KEEP = mark("Keep for …")
KEEP_FOR = mark("Keep for {span}")
REMIND_START = mark("{asker}: #{number} has not started for {span}: {why}")
REMIND_END = mark(
    "{asker}: #{number} has been running for {span} and has not ended: {why} — `cancel {number}` stops it"
)
REMIND_NOTHING_KNOWN = mark("nothing more is known of it")
REMIND_APPROVAL = mark("{names}: #{number} waits for approval and expires at {until}")
REMIND_APPROVAL_MORE = mark("{names} and {more} more: #{number} waits for approval and expires at {until}")
REMIND_APPROVAL_NOBODY = mark(
    "#{number} waits for approval and expires at {until}; nobody is known who may still approve it"
)
BUTTON_LOCK_GONE = mark(
    "the lock that this button is about is gone from `{environment}` of `{application}`; nothing was changed"
)

# Forms
FORM_TITLE = mark("Deploy")
FORM_APPLICATION = mark("Application")
FORM_ENVIRONMENT = mark("Environment")
FORM_REF = mark("Branch, tag or commit")
FORM_REF_HINT = mark("type to search; left empty it is `{ref}`")
FORM_REASON = mark("Reason")
FORM_NEXT = mark("Show plan")
FORM_CONFIRM = mark("Deploy")
FORM_BACK = mark("Close")
FORM_LOADING = mark("One moment …")
FORM_CHOOSE = mark("choose one")
FORM_DONE = mark("Done")
FORM_REFUSED = mark("Not done")
PULL_REQUESTS = mark("Pull requests")
BRANCHES = mark("Branches")
TAGS = mark("Tags")
AS_TYPED = mark("As typed")

# The form to go back
BACK_TITLE = mark("Roll back")
BACK_FROM = mark("`{environment}` of `{application}`: #{number} {what} was put there last.")
BACK_TO = mark("Back to")
BACK_TO_HINT = mark("what was seen healthy there, newest first")
BACK_GOAL = mark("#{number} {what}, {at}")
BACK_GONE = mark("These commits go away:")

# Our home
HOME_TITLE = mark("What is live where")
HOME_WAITING = mark("Waiting for you")
HOME_MINE = mark("Yours")
HOME_LOCKS = mark("Locked")
HOME_NOTHING = mark("nothing")
HOME_STRANGER = mark("Funade does not know you: ask whoever runs it to add you to `people` in funade.yaml")
