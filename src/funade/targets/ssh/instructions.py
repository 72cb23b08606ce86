"""What hosts are told for one execution: operations with their fields, secrets among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from funade.domain import masking
from funade.domain.application import parse_reference
from funade.domain.errors import SecretError
from funade.domain.orders import Execution
from funade.domain.release import Release
from funade.targets.ssh.config import Hook, Settings
from funade.targets.ssh.hosts import Host
from funade.targets.ssh.plan import argv, made_of, path_of, runs_on, variables
from funade.targets.ssh.request import Request, hook_fields, list_of
from funade.usecases.ports import Secrets

#: What stands in sed's regular expressions for something else than itself.
_SPECIAL = b"\\/.*[]^$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """Everything that hosts are told of one execution; `store` is whose environment this is."""

    settings: Settings
    release: Release
    execution: Execution
    store: str
    digest: str = "-"

    def look(self, *, patience_seconds: float = 0, start: int = 0) -> Request:
        """Return the question how far it is; asked with patience, once no stage runs. Output comes from `start` on."""
        return self._request("look", str(round(patience_seconds * 100)), str(start))

    def intend(self, host: Host, remaining_seconds: int) -> Request:
        return self._request("intend", str(remaining_seconds), made_of(self.settings, self.release, host))

    def send(self) -> Request:
        return self._request("send")

    def prepare(self, host: Host, secrets: Mapping[str, str], *, may_be_late: bool) -> Request:
        """Return the order to make the release directory and run what comes before the switch."""
        return self._request(
            "prepare",
            *self._stage(secrets),
            "may" if may_be_late else "no",
            made_of(self.settings, self.release, host),
            self.release.revision,
            self.release_name(),
            *list_of(self.settings.shared),
            *self._hooks(self.settings.hooks.before, host, secrets),
        )

    def publish(self, host: Host, secrets: Mapping[str, str]) -> Request:
        """Return the order to switch and run what comes after the switch."""
        return self._request(
            "publish",
            *self._stage(secrets),
            str(self.settings.keep),
            *self._hooks(self.settings.hooks.after, host, secrets),
        )

    def cancel(self, why: str) -> Request:
        return self._request("cancel", why)

    def sent(self, coming: str) -> Request:
        return self._request("sent", coming)

    def follow(self, start: int) -> Request:
        """Return the request for the output from a byte on, until no stage runs any more."""
        return self._request("follow", str(start), "over")

    def output(self, start: int) -> Request:
        """Return the request for what there is of the output from a byte on."""
        return self._request("follow", str(start), "now")

    def check(self) -> Request:
        return self._request("check")

    def release_name(self) -> str:
        """Return the name of a new release directory: when its turn came, and whose it is."""
        # A fence is the time at which it was given, unless something later was seen.
        began = datetime.fromtimestamp(min(self.execution.fence / 1000, 253402300799), UTC)
        return f"{began:%Y%m%d%H%M%S}-{self.execution.deployment}.{self.execution.attempt}"

    def _request(self, operation: str, *fields: str) -> Request:
        it = self.execution
        return Request(
            operation=operation,
            fields=(
                path_of(self.settings, it.application, it.environment),
                f"{it.application}/{it.environment}",
                self.store,
                it.deployment,
                str(it.attempt),
                str(it.fence),
                self.digest,
                *fields,
            ),
        )

    def _stage(self, secrets: Mapping[str, str]) -> tuple[str, ...]:
        return (
            str(max(1, round(self.settings.kill_grace))),
            str(max(1, round(self.settings.time_limit))),
            mask_script(masking.patterns(secrets.values())),
        )

    def _hooks(self, hooks: tuple[Hook, ...], host: Host, secrets: Mapping[str, str]) -> tuple[str, ...]:
        mine = [hook for hook in hooks if runs_on(hook, host, self.settings)]
        environment = variables(self.settings, self.release) | dict(secrets) | self._ours(host)
        fields = [
            field
            for hook in mine
            for field in hook_fields(
                " ".join(argv(hook, self.release)), [*environment.items()], argv(hook, self.release)
            )
        ]
        return (str(len(mine)), *fields)

    def _ours(self, host: Host) -> dict[str, str]:
        it = self.execution
        return {
            "FUNADE_APPLICATION": it.application,
            "FUNADE_ATTEMPT": str(it.attempt),
            "FUNADE_DEPLOYMENT": it.deployment,
            "FUNADE_ENVIRONMENT": it.environment,
            "FUNADE_FENCE": str(it.fence),
            "FUNADE_HOST": str(host),
            "FUNADE_REVISION": self.release.revision,
        }


def mask_script(patterns: tuple[bytes, ...]) -> str:
    """Return sed's program that replaces each pattern by `***`, line by line."""
    lines = []
    for pattern in patterns:
        if b"\n" not in pattern:
            escaped = b"".join(
                b"\\" + bytes((sign,)) if sign in _SPECIAL else bytes((sign,)) for sign in pattern
            )
            lines.append(b"s/" + escaped + b"/***/g")
    return b"\n".join(lines).decode(errors="surrogateescape")


def reveal(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Return the secret variables; or raise SecretError, also for a value that the log could not be cleaned of."""
    revealed = {}
    for name, reference in settings.secrets.items():
        value = secrets.reveal(parse_reference(reference))
        if not masking.can_be_masked(value):
            message = (
                f"the value of `{reference}` is shorter than {masking.SHORTEST} bytes and could not be masked in"
                " the log: use a longer one, or give it under `environment` if it is no secret"
            )
            raise SecretError(message)
        if "\0" in value:
            message = f"the value of `{reference}` holds a NUL, which no variable can"
            raise SecretError(message)
        revealed[name] = value
    return revealed
