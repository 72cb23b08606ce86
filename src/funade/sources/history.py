"""What lies between two revisions, told by the mirror alone.

Commits are counted by what they change: one that was rebased or picked onto the other side is on both sides,
so it is neither new nor dropped. A merge counts as a commit of its own: it may hold changes of its own.
"""

from datetime import UTC, datetime

from funade.domain.revision import Changes, Commit, Revision, parse_revision
from funade.sources.mirror import Mirror

COMPARED_AT_MOST = 1000  #: commits on one side; comparing what each of more changes would take long
LONGEST_PERSON = 1000  #: characters of a name with its address; what is longer names nobody

_FIELDS = "%m%H%n%at%n%an%n%ae%n%s%n%(trailers:key=Co-authored-by,valueonly,unfold)"


async def list_changes(mirror: Mirror, base: Revision | None, head: Revision, limit: int) -> Changes:
    """Return the changes between two revisions that the mirror holds."""
    if base is None:
        commits = await _log(mirror, limit, head)
        total = len(commits) if len(commits) < limit else int(await _count(mirror, head))
        return Changes(base=None, head=head, commits=commits, total=total)
    if base == head:
        return Changes(base=base, head=head, commits=(), total=0)
    between = f"{base}...{head}"
    # Most often one side is short and the other one empty: then one question tells it all.
    few = await _log_sides(mirror, limit + 1, between)
    left, right = (tuple(commit for side, commit in few if side == one) for one in "<>")
    if len(few) <= limit and not (left and right):
        return Changes(base=base, head=head, commits=right, total=len(right), dropped=len(left))
    return await _compare(mirror, base, head, limit)


async def _compare(mirror: Mirror, base: Revision, head: Revision, limit: int) -> Changes:
    between = f"{base}...{head}"
    compared = []
    sides = (await _count(mirror, "--left-right", between)).split()
    if "0" not in sides and max(map(int, sides)) <= COMPARED_AT_MOST:
        compared = ["--cherry-pick"]
        sides = (await _count(mirror, "--left-right", *compared, between)).split()
    dropped, total = map(int, sides)
    commits = await _log(mirror, limit, "--right-only", *compared, between) if total else ()
    return Changes(base=base, head=head, commits=commits, total=total, dropped=dropped)


async def is_ancestor(mirror: Mirror, head: Revision, ancestor: Revision) -> bool:
    """Tell whether `head` leads back to `ancestor`; all of a head's history is in the mirror."""
    outcome = await mirror.run("merge-base", "--is-ancestor", ancestor, head)
    if outcome.exit_code in (0, 1):
        return outcome.well
    if await mirror.look_up(ancestor) == [None]:
        return False
    raise mirror.broken(outcome)


async def _count(mirror: Mirror, *which: str) -> str:
    outcome = await mirror.run("rev-list", "--count", *which, "--")
    if not outcome.well:
        raise mirror.broken(outcome)
    return outcome.text.strip()


async def _log(mirror: Mirror, limit: int, *which: str) -> tuple[Commit, ...]:
    return tuple(commit for _, commit in await _log_sides(mirror, limit, *which))


async def _log_sides(mirror: Mirror, limit: int, *which: str) -> list[tuple[str, Commit]]:
    """Return commits, each with the side of `...` that it is on: `<` or `>`."""
    # Dates are claims: a child comes before its parents whatever they say.
    outcome = await mirror.run(
        "log", "-z", f"--format={_FIELDS}", "--encoding=UTF-8", "--no-color", "--no-notes",
        "--no-show-signature", "--no-mailmap", "--date-order", f"--max-count={max(limit, 0)}", *which, "--",
    )  # fmt: skip
    if not outcome.well:
        raise mirror.broken(outcome)
    return [(one[0], _read_commit(one[1:])) for one in outcome.text.split("\0") if one]


def _read_commit(raw: str) -> Commit:
    sha, seconds, author, email, subject, *trailers = raw.split("\n")
    people = [_read_person(one) for one in trailers]
    co_authors = dict.fromkeys(name for name, _ in people)
    addresses = dict.fromkeys(address for _, address in people)
    return Commit(
        revision=parse_revision(sha),
        subject=subject,
        author=author,
        email=email,
        authored_at=_read_time(seconds),
        co_authors=tuple(one for one in co_authors if one),
        co_author_emails=tuple(one for one in addresses if one),
    )


def _read_person(raw: str) -> tuple[str, str]:
    """Return the name and the address in `Name <address>`, each empty where there is none."""
    # No pattern: anybody can write millions of blanks into a commit, and one would try each of them.
    text = raw.strip()
    if len(text) > LONGEST_PERSON:
        return "", ""
    name, opened, address = text.rpartition("<")
    if opened and address.endswith(">") and ">" not in address[:-1]:
        return name.strip(), address[:-1].strip()
    return text, ""


def _read_time(seconds: str) -> datetime:
    # Anybody can write any number into a commit.
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
