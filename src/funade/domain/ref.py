"""What a person may type to name a commit, and what it means among the names that a repository has.

Pure: whoever asks the repository brings the candidates, this decides. Nothing here is ever shown to a shell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from funade.domain.errors import AmbiguousRef, UnknownRef
from funade.domain.revision import Revision

DEFAULT = "HEAD"  #: the remote's default branch, whatever it is called
BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
LONGEST = 240  #: a longer name fits into no file system

_HEX = re.compile(r"[0-9a-fA-F]{7,64}")
_SHA_LENGTHS = (40, 64)
# The rules of git-check-ref-format(1); `-` in front is ours, because programs take it for an option.
_FORBIDDEN = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]"
    r"|\.\.|@\{|//|^/|/$|\.$|^@$|^-"
    r"|(?:^|/)\.|\.lock(?:/|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A ref, read: full names it may stand for, and the beginning of a SHA that it may be."""

    text: str
    names: tuple[str, ...]
    sha: str | None = None

    @property
    def is_full_sha(self) -> bool:
        """Tell whether it names one commit by all its digits."""
        return self.sha is not None and len(self.sha) in _SHA_LENGTHS


def is_name(text: str) -> bool:
    """Tell whether a branch or tag can be called that."""
    return 0 < len(text) <= LONGEST and not _FORBIDDEN.search(text)


def parse_ref(text: str) -> Wanted:
    """Return what `text` may stand for, or raise UnknownRef when nothing can be called that."""
    if not is_name(text):
        raise UnknownRef(text)
    if text == DEFAULT:
        return Wanted(text=text, names=(DEFAULT,))
    if text.startswith("refs/"):
        # Other refs (pull requests, notes) hold what nobody with the right to push has taken in.
        if not any(text.startswith(one) and is_name(text.removeprefix(one)) for one in (BRANCHES, TAGS)):
            raise UnknownRef(text)
        return Wanted(text=text, names=(text,))
    sha = text.lower() if _HEX.fullmatch(text) else None
    return Wanted(text=text, names=(BRANCHES + text, TAGS + text), sha=sha)


def choose(wanted: Wanted, candidates: Mapping[str, Revision], near: tuple[str, ...] = ()) -> Revision:
    """Return the one commit that every candidate means; or raise UnknownRef with `near`, or AmbiguousRef.

    A branch whose name looks like a SHA is a candidate beside that commit: neither may shadow the other.
    """
    meant = set(candidates.values())
    if not meant:
        raise UnknownRef(wanted.text, near)
    if len(meant) > 1:
        raise AmbiguousRef(wanted.text, tuple(candidates))
    return meant.pop()
