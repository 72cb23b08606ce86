"""One attempt's log, of many hosts: each line with its host's name, each byte of theirs once.

A line of the index is written before the bytes that it announces; whoever comes after a crash, or at the same time,
knows by it what is there. Only whole lines are taken, until a host's stage is over.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from funade.domain import masking
from funade.failpoints import effect

LONGEST_LINE = 1 << 16


class HostsLog:
    """The log of one execution; `masks` are the spellings of what must not be in it."""

    def __init__(self, data: Path, deployment: str, attempt: int, masks: tuple[bytes, ...] = ()) -> None:
        name = quote(deployment, safe="").replace(".", "%2E")
        self._folder = data / "attempts" / name / str(attempt)
        self._masks = masks

    def taken(self, host: str) -> int:
        """Return how many of a host's bytes are in the log."""
        return self._read_index().get(host, 0)

    def take(self, host: str, start: int, data: bytes, *, last: bool = False) -> int:
        """Add a host's bytes that begin at its byte `start`, as far as they are whole lines; return what is taken."""
        with self._locked() as (log, index):
            taken = self._mend(log, index).get(host, 0)
            fresh = data[max(0, taken - start) :] if start <= taken else b""
            end = len(fresh) if last else fresh.rfind(b"\n") + 1
            if end == 0 and len(fresh) > LONGEST_LINE:
                end = len(fresh)
            fresh = fresh[:end]
            if not fresh:
                return taken
            said = self._render(host, fresh)
            entry = {"host": host, "taken": taken + len(fresh), "end": os.fstat(log).st_size + len(said)}
            with effect("ssh.announce_output"):
                os.write(index, (json.dumps(entry) + "\n").encode())
            with effect("ssh.write_output"):
                _write(log, said)
            return taken + len(fresh)

    def _render(self, host: str, data: bytes) -> bytes:
        masker = masking.Masker(self._masks)
        lines = (masker.feed(data) + masker.flush()).splitlines()
        prefix = host.encode() + b" | "
        return b"".join(prefix + line + b"\n" for line in lines)

    @contextmanager
    def _locked(self) -> Iterator[tuple[int, int]]:
        with effect("ssh.open_log"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            log = os.open(self._folder / "output.log", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            index = os.open(self._folder / "hosts.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(index, fcntl.LOCK_EX)
            yield log, index
        finally:
            os.close(log)
            os.close(index)

    def _mend(self, log: int, index: int) -> dict[str, int]:
        """Take back an entry whose bytes did not all get into the log; return what each host has in it."""
        text = os.pread(index, os.fstat(index).st_size, 0)
        whole = text[: text.rfind(b"\n") + 1]
        entries = [json.loads(line) for line in whole.splitlines()]
        size = os.fstat(log).st_size
        if entries and entries[-1]["end"] != size:
            before = entries[-2]["end"] if len(entries) > 1 else 0
            with effect("ssh.mend_log"):
                os.ftruncate(log, before)
            whole = whole[: whole.rfind(b"\n", 0, -1) + 1]
            entries.pop()
        if len(whole) != len(text):
            with effect("ssh.mend_index"):
                os.ftruncate(index, len(whole))
        return {one["host"]: int(one["taken"]) for one in entries}

    def _read_index(self) -> dict[str, int]:
        if not (self._folder / "hosts.jsonl").exists():
            return {}
        with self._locked() as (log, index):
            return self._mend(log, index)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
