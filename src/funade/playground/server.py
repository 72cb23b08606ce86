"""A workspace on a port: `async with Playground() as playground:`."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from types import TracebackType
from typing import Any, Self

import uvicorn

from funade.playground.clock import Clock
from funade.playground.control import perform
from funade.playground.errors import Json, Misused
from funade.playground.manifest import Contents
from funade.playground.nouns import App
from funade.playground.site import site
from funade.playground.stage import Stage
from funade.playground.wire import SocketProtocol
from funade.playground.workspace import Workspace

PING_SECONDS, SILENCE_SECONDS = 5.0, 60.0
GRACE_SECONDS = 1


class Playground:
    """A local workspace like Slack, served while it is entered.

    Each of `apps` is a Slack manifest, or a mapping with `manifest`, `bot_token`, `app_token`, `signing_secret`.
    `api_url` is what a client takes as its base; `app` is the first app, with its tokens and its secret; every
    control of `/_control` is a method: `await playground.say(person="ada", channel="#general", text="Hello")`.
    """

    def __init__(  # noqa: PLR0913 - each may be left out
        self,
        *apps: Mapping[str, Any],
        contents: Contents | None = None,
        frozen: bool = False,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        self.clock = Clock(frozen=frozen)
        self.workspace = Workspace(contents or Contents(), self.clock, seed=seed)
        self.stage = Stage(self.workspace)
        for app in apps or ({},):
            self.workspace.install(**_installation(app))
        self._host, self._port = host, port
        names = {*allowed_hosts, *([host] if host not in ("0.0.0.0", "::") else [])}  # noqa: S104 - compared only
        self._server = _Server(
            uvicorn.Config(
                site(self.stage, names),
                ws=SocketProtocol,
                ws_ping_interval=PING_SECONDS,
                ws_ping_timeout=SILENCE_SECONDS,
                ws_per_message_deflate=False,
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return self.workspace.address

    @property
    def api_url(self) -> str:
        return f"{self.address}/api/"

    @property
    def app(self) -> App:
        return next(iter(self.workspace.apps.values()))

    async def __aenter__(self) -> Self:
        """Listen, or raise Misused when the port is taken."""
        try:
            listener = socket.create_server((self._host, self._port), family=_family(self._host))
            # asyncio does so for sockets that were made as TCP's by name alone: answers would wait 40 ms for a sign.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            message = f"cannot listen at {self._host}, port {self._port}: {error.strerror}"
            raise Misused(message) from error
        name = f"[{self._host}]" if ":" in self._host else self._host
        self.workspace.address = f"http://{name}:{listener.getsockname()[1]}"
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.began.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every socket and stream, and stop listening."""
        await self.stage.close()
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        self._server.hang_up()

    async def control(self, name: str, /, **arguments: Any) -> Json:
        """Do what `/_control/NAME` does, or raise Misused."""
        return await perform(self.stage, name, arguments)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def act(**arguments: Any) -> Any:
            return self.control(name, **arguments)

        return act


def introduction(playground: Playground) -> Sequence[str]:
    """Return where the workspace is, and what each app needs to know."""
    lines = [f"A workspace like Slack: {playground.address}", ""]
    for app in playground.workspace.apps.values():
        lines += [
            f"{app.name} ({app.id})",
            f"  SLACK_API_URL={playground.api_url}",
            f"  SLACK_BOT_TOKEN={app.bot_token}",
            f"  SLACK_APP_TOKEN={app.app_token}",
            f"  SLACK_SIGNING_SECRET={app.signing_secret}",
            "",
        ]
    return lines


def _installation(app: Mapping[str, Any]) -> dict[str, Any]:
    if "display_information" in app:
        return {"manifest": app}
    known = {"manifest", "bot_token", "app_token", "signing_secret"}
    if unknown := set(app) - known:
        message = f"an app has no `{sorted(unknown)[0]}`; there are {', '.join(sorted(known))}"
        raise Misused(message)
    return dict(app)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = asyncio.Event()

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()

    def hang_up(self) -> None:
        """Drop whoever did not leave in time."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
