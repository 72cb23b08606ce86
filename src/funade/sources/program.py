"""The git program: argument lists only, an environment made from nothing, an end when it falls silent.

Nothing decides by git's words; they are kept, masked, to be shown to people.
"""

import asyncio
import os
import re
import signal
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from funade.domain.errors import SourceError
from funade.failpoints import effect
from funade.sources.address import without_credentials

OLDEST = (2, 34)  #: the oldest git that knows all we ask of it
TIME_TO_TIDY_UP = 2.0  #: seconds between asking git to stop and stopping it
LOCAL_PATIENCE = 900.0  #: seconds; a disk may be slow, a command that talks to nobody is never dead
KEPT_WORDS = 8192  #: bytes of what git said on standard error; its last words say why

#: what git may know of the environment that Funade runs in
PASSED_ON = (
    "PATH",
    "TMPDIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    *("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "http_proxy", "https_proxy", "no_proxy"),
)

#: what no configuration file may change, for git and for every program that git starts
SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsync": "committed,loose-object",
    "credential.helper": "",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "45",
    "maintenance.auto": "false",
    "repack.writeBitmaps": "false",
}

_PROGRESS = re.compile(r"\d+% \(\d+/\d+\)|^(?:remote: )?[A-Z][a-z]+ing objects|, done\.?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one run of git is let in: which protocol, what its question programs need, what to mask."""

    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()

    @property
    def reaches_out(self) -> bool:
        """Tell whether git may talk to a remote at all."""
        return "GIT_ALLOW_PROTOCOL" in self.environment

    def masked(self, text: str) -> str:
        """Return `text` without any secret, in the shapes in which git and curl would write one."""
        for value in self.values:
            for shape in (value, quote(value, safe=""), b64encode(value.encode()).decode()):
                text = text.replace(shape, "***")
        return without_credentials(text)


NOBODY = Access()  #: for what needs no network: no protocol is allowed at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run of git ended; `words` are its last ones, masked, for people only."""

    exit_code: int
    output: bytes
    words: str
    silent: bool = False  #: it was ended because nothing was heard of it for too long

    @property
    def well(self) -> bool:
        """Tell whether git did what it was told."""
        return self.exit_code == 0 and not self.silent

    @property
    def text(self) -> str:
        """Return the output as text; bytes that are no UTF-8 become signs of replacement."""
        return self.output.decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        """Return the lines of `text`; only a line feed ends one, for names may hold what else Unicode calls an end."""
        return self.text.removesuffix("\n").split("\n") if self.output else []


class Git:
    """Runs git; one per GitSources. `patience` is how long a remote may be silent, in seconds."""

    def __init__(self, patience: float) -> None:
        self.patience = patience

    async def run(
        self, *arguments: str, access: Access = NOBODY, asked: str = "", keep: Sequence[int] = ()
    ) -> Outcome:
        """Run git to its end, `asked` on its standard input; cancelled, it ends git and whatever git started.

        `keep` are file descriptors that git inherits: a lock held by one is held as long as git lives.
        """
        patience = self.patience if access.reaches_out else LOCAL_PATIENCE
        try:
            with effect("sources.run_git"):
                process = await asyncio.create_subprocess_exec(
                    "git",
                    *arguments,
                    env=environment(access),
                    stdin=asyncio.subprocess.PIPE if asked else asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    start_new_session=True,
                    pass_fds=keep,
                )
        except FileNotFoundError as error:
            problem = "git is not on PATH — install it (Debian: `apt-get install git`)"
            raise SourceError(problem) from error
        except OSError as error:
            problem = f"git cannot be started: {error.strerror} — free some memory, processes or disk"
            raise SourceError(problem) from error
        return await _hear(process, access, asked, patience)


async def _hear(process: asyncio.subprocess.Process, access: Access, asked: str, patience: float) -> Outcome:
    loop = asyncio.get_running_loop()
    output, words = bytearray(), bytearray()
    silent = False
    try:
        async with asyncio.timeout(patience) as limit:

            def heard() -> None:
                limit.reschedule(loop.time() + patience)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_collect(process.stdout, output, heard, keep=None))
                tasks.create_task(_collect(process.stderr, words, heard, keep=KEPT_WORDS))
                tasks.create_task(_ask(process.stdin, asked))
            await process.wait()
    except TimeoutError:
        silent = True
    finally:
        await _end(process)
    return Outcome(
        exit_code=process.returncode if process.returncode is not None else -1,
        output=bytes(output),
        words=_last_words(access.masked(words.decode(errors="replace"))),
        silent=silent,
    )


async def _collect(
    stream: asyncio.StreamReader | None, into: bytearray, heard: Callable[[], None], keep: int | None
) -> None:
    while stream is not None and (chunk := await stream.read(65536)):
        heard()
        into += chunk
        if keep is not None and len(into) > 2 * keep:
            del into[:-keep]


async def _ask(stream: asyncio.StreamWriter | None, asked: str) -> None:
    if stream is None:
        return
    # Git may be gone before it has heard all; its exit code tells.
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(asked.encode())
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    try:
        # Asked kindly, git takes its lock files and half packs with it.
        _signal_group(process, signal.SIGTERM)
        async with asyncio.timeout(TIME_TO_TIDY_UP):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            _signal_group(process, signal.SIGKILL)
    await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError), effect("sources.end_git"):
        os.killpg(process.pid, number)


def environment(access: Access) -> dict[str, str]:
    """Return all that git finds around it; nobody's configuration, keys or habits among it."""
    settings = {**SETTINGS, **access.settings}
    numbered = {}
    for number, (key, value) in enumerate(settings.items()):
        numbered[f"GIT_CONFIG_KEY_{number}"] = key
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "HOME": "/dev/null",  # curl would look for ~/.netrc, git for ~/.config/git/attributes
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **numbered,
        **access.environment,
    }


def _last_words(text: str) -> str:
    lines = (line.rpartition("\r")[2].strip() for line in text.splitlines())
    return "; ".join([line for line in lines if line and not _PROGRESS.search(line)][-5:])
