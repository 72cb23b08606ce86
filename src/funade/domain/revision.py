"""What a person typed (a ref) and what it means for good (a revision)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

#: One exact commit: 40 hex digits (64 in a SHA-256 repository), lower case.
Revision = NewType("Revision", str)

_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def parse_revision(text: str) -> Revision:
    """Return `text` as a revision, or raise ValueError unless it is a full SHA."""
    if not _REVISION.fullmatch(text):
        msg = f"`{text}` is not a full SHA"
        raise ValueError(msg)
    return Revision(text)


def short(revision: str) -> str:
    """Return the first seven digits, for people's eyes only."""
    return revision[:7]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as people see it; the time is the author's claim and decides nothing."""

    revision: Revision
    subject: str
    author: str
    email: str
    authored_at: datetime
    co_authors: tuple[str, ...] = ()
    co_author_emails: tuple[str, ...] = ()

    @property
    def emails(self) -> tuple[str, ...]:
        """Return the addresses of all who wrote it."""
        return (self.email, *self.co_author_emails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What lies between the live revision and the wanted one.

    `commits` are new at the wanted one, newest first, at most as many as were asked for; `total` counts all.
    `dropped` counts commits that are live and not in the wanted revision: more than none means a step back or aside.
    """

    base: Revision | None
    head: Revision
    commits: tuple[Commit, ...] = ()
    total: int = 0
    dropped: int = 0

    @property
    def authors(self) -> tuple[str, ...]:
        """Return who wrote these commits, co-authors included, each once, in order of first appearance."""
        seen: dict[str, None] = {}
        for commit in self.commits:
            seen.setdefault(commit.author)
            for one in commit.co_authors:
                seen.setdefault(one)
        return tuple(seen)
