"""Takes secrets out of what a program writes, in every encoding in which they usually leak.

Streams: what may be the beginning of a secret is held back until the next bytes tell.
"""

import base64
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = b"***"

#: A shorter value turns up in any text by chance; masking it would shred the log and hide nothing.
SHORTEST = 4
#: Lines of a longer value (a private key) leak one by one; shorter ones (`-----`) are no secret.
SHORTEST_LINE = 8
#: So many equal bytes make patterns one family.
COMMON_BEGINNING = 6
#: Where `base64` and OpenSSL break their lines.
BASE64_LINES = (76, 64)


def can_be_masked(value: str) -> bool:
    """Tell whether `value` is long enough to be found in a text, and more than asterisks."""
    return len(value.encode(errors="surrogateescape")) >= SHORTEST and bool(value.strip("*"))


def patterns(values: Iterable[str]) -> tuple[bytes, ...]:
    """Return each value in every encoding in which it usually leaks, longest first; without those too short."""
    found: set[bytes] = set()
    for value in values:
        if not can_be_masked(value):
            continue
        found.update(_encodings(value))
        lines = value.splitlines()
        if len(lines) > 1:
            for line in lines:
                if len(line) >= SHORTEST_LINE:
                    found.update(_encodings(line))
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=lambda one: (-len(one), one)))


def _encodings(value: str) -> Iterator[bytes]:
    for text in {value, value.replace("\n", "\r\n"), value.replace("\r\n", "\n")}:
        raw = text.encode(errors="surrogateescape")
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield from _base64(raw)
        for spelled in _spellings(text, raw):
            yield spelled.encode(errors="surrogateescape")


def _spellings(text: str, raw: bytes) -> Iterator[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
        yield json.dumps(escaped, ensure_ascii=ascii_only)[1:-1]
    for quoted in (quote(raw), quote(raw, safe=""), quote_plus(raw)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda one: one[0].lower(), quoted)
    yield repr(text)[1:-1]
    yield repr(raw)[2:-1]
    yield shlex.quote(text).removeprefix("'").removesuffix("'")
    yield text.replace("'", "'\\''")
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text, flags=re.ASCII)
    yield text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield what the value contributes to any longer text's base64, for each of three alignments."""
    for shift, head in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(shift) + raw)
        # A last group that is not full shares its last sign with whatever follows the value.
        tail = (0, 3, 2)[(shift + len(raw)) % 3]
        core = whole[head : len(whole) - tail]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")
    whole = base64.b64encode(raw).rstrip(b"=")
    for width in BASE64_LINES:
        if len(whole) > width:
            for start in range(0, len(whole), width):
                line = whole[start : start + width]
                # The last sign of the last line depends on what follows the value.
                yield line if start + width < len(whole) else line[:-1]


def _families(patterns: Iterable[bytes]) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
    """Return patterns by their common beginning: spellings of one value differ late; one search finds many.

    Members of a family stand longest first.
    """
    families: dict[bytes, list[bytes]] = {}
    for pattern in sorted(set(patterns), key=len, reverse=True):
        families.setdefault(pattern[:COMMON_BEGINNING], []).append(pattern)
    return tuple((_common_beginning(members), tuple(members)) for members in families.values())


def _common_beginning(members: list[bytes]) -> bytes:
    first, last = min(members), max(members)
    differing = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(differing, min(len(first), len(last)))]


class Masker:
    """Replaces every pattern in a stream by `***`; the result does not depend on how the stream is cut.

    Matches that overlap become one mask together, so that no part of either is left.
    """

    def __init__(self, patterns: Iterable[bytes]) -> None:
        self._patterns = tuple(one for one in patterns if one)
        self._families = _families(self._patterns)
        self._held = b""
        self._covered = 0  # so many bytes of what is held belong to a mask that was given out

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return what is certain by now."""
        if not self._patterns:
            return chunk
        seen = self._held + chunk
        return self._give_out(seen, len(seen) - self._may_begin(seen))

    @property
    def is_clear(self) -> bool:
        """Tell whether all that was fed is given out: another masker could go on from here."""
        return not self._held and not self._covered

    def flush(self) -> bytes:
        """Return the rest; the stream is over."""
        return self._give_out(self._held, len(self._held))

    def _give_out(self, seen: bytes, end: int) -> bytes:
        out = []
        at = covered = min(self._covered, end)
        beyond = self._covered - covered
        for start, stop in self._spans(seen):
            if start >= end:
                break
            if start >= at and not (start < self._covered):
                out += [seen[at:start], MASK]
            at = max(at, min(stop, end))
            beyond = max(beyond, stop - end)
        out.append(seen[at:end])
        self._held, self._covered = seen[end:], max(beyond, 0)
        return b"".join(out)

    def _spans(self, seen: bytes) -> list[tuple[int, int]]:
        """Return where patterns stand, overlapping ones merged, in order."""
        found = []
        for beginning, members in self._families:
            start = seen.find(beginning)
            while start >= 0:
                for member in members:
                    if seen.startswith(member, start):
                        found.append((start, start + len(member)))
                        break
                start = seen.find(beginning, start + 1)
        if len(found) < 2:
            return found
        found.sort()
        merged = [found[0]]
        for start, stop in found[1:]:
            if start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        return merged

    def _may_begin(self, seen: bytes) -> int:
        """Return how many of the last bytes may be the beginning of a pattern that goes on."""
        longest = 0
        for pattern in self._patterns:
            tail = seen[max(0, len(seen) - len(pattern) + 1) :]
            start = tail.find(pattern[:1])
            while start >= 0 and len(tail) - start > longest:
                if pattern.startswith(tail[start:]):
                    longest = len(tail) - start
                    break
                start = tail.find(pattern[:1], start + 1)
        return longest


def mask(text: str, patterns: Iterable[bytes]) -> str:
    """Return a whole text without its secrets."""
    masker = Masker(patterns)
    raw = text.encode(errors="surrogateescape")
    return (masker.feed(raw) + masker.flush()).decode(errors="surrogateescape")
