"""Short words for where things stand: states, phases, standings, endings, step names."""

from funade.domain.deployment import Deployment, State
from funade.domain.plan import Step
from funade.domain.reason import Reason
from funade.domain.wire import Plain
from funade.texts.catalogue import Reader, mark
from funade.texts.plain import plain

STATES = {
    "awaiting_approval": mark("awaiting approval"),
    "queued": mark("queued"),
    "running": mark("running"),
    "succeeded": mark("succeeded"),
    "failed": mark("failed"),
    "cancelled": mark("cancelled"),
}
PHASES = {
    "waiting": mark("waiting"),
    "preparing": mark("preparing"),
    "starting": mark("starting"),
    "executing": mark("running"),
    "verifying": mark("verifying"),
    "done": mark("done"),
}
#: what a step does, the fullest wording first; a step that nobody worded is shown by its name and data
STEPS: dict[str, tuple[str, ...]] = {
    "checkout": (
        mark("check out `{revision}` of `{repository}`"),
        mark("check out `{revision}`"),
        mark("check out the revision"),
    ),
    "run": (mark("run `{argv}`"), mark("run the program")),
    "send": (
        mark("send the files of `{revision}` to `{path}` on `{hosts}`, where they are not yet"),
        mark("send the files"),
    ),
    "share": (mark("link the shared `{items}`"), mark("link what is shared")),
    "order": (
        mark("order `{revision}` of `{repository}` through the queue `{queue}`"),
        mark("order it through the queue"),
    ),
    "run_on": (mark("run `{argv}` on `{hosts}`"), mark("run the program")),
    "switch": (mark("make `{revision}` live on `{hosts}`"), mark("make it live")),
    "prune": (mark("keep `{keep}` releases on each host"), mark("remove old releases")),
    "verify": (
        mark("look until `{url}` answers `{equals}`"),
        mark("look until `{url}` answers"),
        mark("look until `{run}` answers `{equals}`"),
        mark("look until `{run}` succeeds"),
        mark("look whether it is live"),
    ),
}
STARTED = mark("started")
NOT_VERIFIED = mark("succeeded, not verified")


def state_word(state: State | str, reader: Reader) -> str:
    """Return a state's word; one that a newer release wrote is shown as it is."""
    return reader.word(STATES[state]) if state in STATES else plain(str(state))


def phase_word(phase: str, reader: Reader) -> str:
    """Return a phase's word; one that a newer release wrote is shown as it is."""
    return reader.word(PHASES[phase]) if phase in PHASES else plain(str(phase))


def standing_of(deployment: Deployment, reader: Reader) -> str:
    """Return where a deployment stands, in a word or two; a success that nobody saw says so."""
    if deployment.state is State.SUCCEEDED and not deployment.verified:
        return reader.word(NOT_VERIFIED)
    if deployment.because is not None and deployment.because.code is Reason.WAITS_AT_PLACE:
        # It was started; its program does not run for all that.
        return phase_word("starting", reader)
    if deployment.state in (State.RUNNING, State.QUEUED) and deployment.phase != "waiting":
        return phase_word(deployment.phase, reader)
    return state_word(deployment.state, reader)


def step_line(step: Step, reader: Reader) -> str:
    """Return what one step does."""
    values = {key: shown for key, value in step.data.items() if (shown := _value(value))}
    wording = reader.first_of(STEPS.get(step.name, ()), values)
    if wording is not None:
        return wording
    return " ".join([plain(step.name), *(f"{plain(key)}=`{value}`" for key, value in values.items())])


def _value(value: Plain) -> str:
    """Return a step's datum on one line: lists as a command line, full SHAs shortened."""
    if isinstance(value, list):
        return " ".join(_value(one) for one in value)
    if value is None or isinstance(value, dict):
        return ""
    return short_sha(plain(str(value)))


def short_sha(text: str) -> str:
    """Return a full SHA's first seven digits, anything else as it is."""
    is_sha = len(text) in (40, 64) and set(text) <= set("0123456789abcdef")
    return text[:7] if is_sha else text
