"""funade.yaml: found, read completely, refused with everything that is wrong, and watched while it changes.

The kinds of target come from the caller: this room knows no place to deploy to.
"""

from funade.domain.errors import ConfigErrors
from funade.settings.finding import find
from funade.settings.kinds import Kind, Kinds
from funade.settings.loading import load, read, schema
from funade.settings.watch import WatchedConfiguration

__all__ = ["ConfigErrors", "Kind", "Kinds", "WatchedConfiguration", "find", "load", "read", "schema"]
