"""Git repositories: mirrors kept on this machine, refs resolved, commits listed, revisions checked out."""

from funade.sources.git_sources import GitSources
from funade.sources.ref_index import RefIndex

__all__ = ["GitSources", "RefIndex"]
