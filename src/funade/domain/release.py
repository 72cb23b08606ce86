"""A release: what is put somewhere; immutable, may be deployed many times."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A revision, its images and the rendered configuration, secrets by reference; whoever executes uses this alone."""

    application: str
    environment: str
    revision: Revision
    repository: Repository
    target: TargetConfiguration
    verify: Verification | None = None
    images: Mapping[str, str] = field(default_factory=dict)
