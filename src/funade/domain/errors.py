"""Failures of the outside world and of the set-up; a refusal is no error but a value (`reason.Refused`).

FunadeError
  ConfigError              funade.yaml or the environment is wrong: names file, line, key, remedy
    ConfigErrors           several of them at once
  StoreError               the store cannot be used now: full disk, read-only file, newer schema
    StoreUnreachable       its server does not answer: worth another try
    UnreadableRecord       one record in it cannot be read: only what that record is about stops
  SourceError              a repository cannot be read
    UnknownRef             the repository has no such branch, tag or commit
    AmbiguousRef           a short SHA or a name that means several commits
  SecretError              a secret's reference leads nowhere
  TargetError              the place where we deploy
    TemporaryTargetError   worth another try after `retry_after`
    PermanentTargetError   ends the deployment
    GuardRefused           the place says no: an older fence, another store, an attempt it has seen
  QueueError               a queue between networks
    TemporaryQueueError    worth another try after `retry_after`
    PermanentQueueError    waits for a person: no such queue, no right, no key
  RegistryError            a registry of images gives us no way in
  FencedOut                this process no longer looks after that deployment: it must stop
  VendorUnavailable        GitHub, Slack, a registry is down or limits us
"""

from collections.abc import Sequence
from datetime import timedelta


class FunadeError(Exception):
    """Something outside our code is wrong; the text says what, why and what to do."""


class ConfigError(FunadeError):
    """The configuration cannot be used as it is."""

    def __init__(self, path: str, line: int | None, key: str, problem: str, remedy: str = "") -> None:
        self.path, self.line, self.key, self.problem, self.remedy = path, line, key, problem, remedy
        place = path if line is None else f"{path}:{line}"
        where = f"{place}: `{key}`" if key else place
        super().__init__(f"{where}: {problem}" + (f" — {remedy}" if remedy else ""))


class ConfigErrors(ConfigError):
    """Everything that is wrong with one configuration, in the order of its lines; the text has a line for each."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        first = problems[0]
        super().__init__(first.path, first.line, first.key, first.problem, first.remedy)
        self.problems = tuple(problems)
        self.args = ("\n".join(str(one) for one in problems),)


class StoreError(FunadeError):
    """The store cannot be read or written now."""


class StoreUnreachable(StoreError):
    """The store's server does not answer, or is not ready; everything waits and goes on once it is."""


class UnreadableRecord(StoreError):
    """One record cannot be read; everything but what it is about goes on."""


class SourceError(FunadeError):
    """A repository cannot be read."""


class UnknownRef(SourceError):
    """No branch, tag or commit of that name; `near` are the names that look like it."""

    def __init__(self, ref: str, near: tuple[str, ...] = ()) -> None:
        self.ref, self.near = ref, near
        super().__init__(f"`{ref}` is no branch, tag or commit of this repository")


class AmbiguousRef(SourceError):
    """A name that means more than one commit; `candidates` are what it may mean."""

    def __init__(self, ref: str, candidates: tuple[str, ...]) -> None:
        self.ref, self.candidates = ref, candidates
        super().__init__(f"`{ref}` means more than one commit: {', '.join(candidates)}")


class SecretError(FunadeError):
    """A secret's reference leads nowhere; the text names the reference, never the value."""


class TargetError(FunadeError):
    """The place where we deploy did not do what was asked."""


class TemporaryTargetError(TargetError):
    """Worth another try after `retry_after`."""

    def __init__(self, message: str, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class PermanentTargetError(TargetError):
    """Trying again would not help; ends the deployment."""


class GuardRefused(TargetError):
    """The place says no: it has seen a higher fence, belongs to another store, or knows this attempt."""


class QueueError(FunadeError):
    """A queue between networks did not do what was asked."""


class TemporaryQueueError(QueueError):
    """Worth another try after `retry_after`; what was asked may have been done."""

    def __init__(self, message: str, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class PermanentQueueError(QueueError):
    """Trying again would not help until a person has set something right."""


class RegistryError(FunadeError):
    """A registry of images cannot be used, or its name is none."""


class FencedOut(FunadeError):
    """Another process looks after this deployment now; the one that meets this stops at once."""


class VendorUnavailable(FunadeError):
    """A vendor is down or limits us; worth another try after `retry_after`."""

    def __init__(self, vendor: str, message: str, retry_after: timedelta) -> None:
        self.vendor, self.retry_after = vendor, retry_after
        super().__init__(f"{vendor}: {message}")
