"""Make a release of a ref: resolve it once, render the configuration, plan, and look at what it would change."""

from dataclasses import dataclass

from funade.domain.application import Application, Environment
from funade.domain.deployment import Preview
from funade.domain.errors import AmbiguousRef, PermanentTargetError, SecretError, SourceError, UnknownRef
from funade.domain.plan import Plan, digest
from funade.domain.reason import Because, Reason, because
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.domain.wire import Plain
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Sources, Targets

#: How many commits a preview names; `Changes.total` counts the rest.
COMMITS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A release with its plan, and what was seen around it."""

    ref: str
    release: Release
    plan: Plan
    digest: str
    preview: Preview


async def resolve(sources: Sources, application: Application, ref: str) -> Revision | Because:
    """Return the one commit that `ref` means now, or why there is none."""
    try:
        return await sources.resolve(application.repository, ref)
    except UnknownRef as error:
        return because(Reason.UNKNOWN_REF, application=application.name, ref=ref, near=list(error.near))
    except AmbiguousRef as error:
        candidates: list[Plain] = list(error.candidates)
        return because(Reason.AMBIGUOUS_REF, application=application.name, ref=ref, candidates=candidates)
    except (SourceError, SecretError) as error:
        return because(Reason.SOURCE_UNREACHABLE, application=application.name, problem=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleRelease:
    """From a ref to a release; the ref is resolved here, once, and never again."""

    ledger: Ledger
    sources: Sources
    targets: Targets

    async def __call__(
        self, application: Application, environment: Environment, ref: str | None
    ) -> Assembled | Because:
        """Return the release that `ref` means now with its plan, or why there is none."""
        name = ref or environment.default_ref or application.default_ref
        revision = await resolve(self.sources, application, name)
        if isinstance(revision, Because):
            return revision
        release = Release(
            application=application.name,
            environment=environment.name,
            revision=revision,
            repository=application.repository,
            target=environment.target,
            verify=environment.verify,
        )
        return await self.plan(release, name)

    async def plan(self, release: Release, ref: str) -> Assembled | Because:
        """Return `release` planned and compared with what is live now, or why it cannot be."""
        try:
            plan = self.targets.open(release).plan(release)
        except PermanentTargetError as error:
            return because(
                Reason.TARGET_UNREACHABLE,
                application=release.application,
                environment=release.environment,
                problem=str(error),
            )
        berth = await self.ledger.read(lambda look: look.berth(release.application, release.environment))
        try:
            changes = await self.sources.changes(
                release.repository, berth.live, release.revision, COMMITS_SHOWN
            )
        except (SourceError, SecretError) as error:
            return because(Reason.SOURCE_UNREACHABLE, application=release.application, problem=str(error))
        preview = Preview(live=berth.live, live_number=berth.live_number, changes=changes)
        return Assembled(ref=ref, release=release, plan=plan, digest=digest(release, plan), preview=preview)
