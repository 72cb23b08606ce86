"""All objects of a kind at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Objects, and the version of the collection from which a watch goes on without a gap."""

    objects: Sequence[dict[str, Any]]
    version: str
