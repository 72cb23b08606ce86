"""Socket Mode: tickets, connections, envelopes and their acknowledgements."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from funade.playground.clock import Timer
from funade.playground.errors import Json, Misused
from funade.playground.nouns import App
from funade.playground.wire import SocketProtocol, wire_of
from funade.playground.workspace import Workspace

WARNING_SECONDS = 10.0
CUTS = ("abort", "close", "half_open", "no_pong", "no_ping")


class NotAnswered(Exception):
    """The app did not answer in time, or not at all; the person who asked sees `error`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(eq=False, slots=True)
class Socket:
    """One open connection of an app."""

    id: str
    app: App
    websocket: WebSocket
    wire: SocketProtocol | None
    sending: asyncio.Queue[str | bytes | None] = field(default_factory=asyncio.Queue)
    timers: list[Timer] = field(default_factory=list)
    closes: bool = False


class SocketMode:
    """Every app's sockets."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._tickets: dict[str, tuple[App, bool, float]] = {}
        self._sockets: list[Socket] = []
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}

    def open(self, app: App) -> str:
        """Return an address that opens one socket."""
        ticket = self._workspace.new_uuid()
        until = self._workspace.clock.now() + self._workspace.switches.ticket_seconds
        self._tickets[ticket] = (app, False, until)
        query = urlencode({"ticket": ticket, "app_id": app.id})
        return f"{self._workspace.address.replace('http', 'ws', 1)}/link/?{query}"

    def sockets(self, app: App) -> list[Socket]:
        return [one for one in self._sockets if one.app is app]

    async def __call__(self, websocket: WebSocket) -> None:
        """Carry one socket from its ticket to its end."""
        if refusal := self._refusal(websocket):
            await websocket.send_denial_response(refusal)
            return
        app, _, _ = self._tickets.pop(websocket.query_params["ticket"])
        await websocket.accept()
        socket = Socket(self._workspace.new_id("", 8), app, websocket, wire_of(websocket.state))
        if socket.wire is not None:
            socket.wire.lingers = self._workspace.switches.lingering_close
        writing = asyncio.create_task(self._write(socket))
        try:
            self._greet(socket, is_debugged=websocket.query_params.get("debug_reconnects") == "true")
            await self._read(socket)
        finally:
            self._forget(socket)
            writing.cancel()

    def _refusal(self, websocket: WebSocket) -> PlainTextResponse | None:
        if status := self._workspace.switches.upgrade_status:
            return PlainTextResponse("", status)
        found = self._tickets.get(websocket.query_params.get("ticket", ""))
        if found is None or found[2] < self._workspace.clock.now():
            return PlainTextResponse("ticket_used", 404)
        return None

    def _greet(self, socket: Socket, *, is_debugged: bool) -> None:
        switches = self._workspace.switches
        too_many = len(self.sockets(socket.app)) >= switches.connections
        self._sockets.append(socket)
        seconds = switches.debug_connection_seconds if is_debugged else switches.connection_seconds
        hello = {
            "type": "hello",
            "num_connections": len(self.sockets(socket.app)),
            "debug_info": {
                "host": "applink-playground",
                "build_number": 1,
                "approximate_connection_time": int(seconds),
            },
            "connection_info": {"app_id": socket.app.id},
        }
        if not (too_many and switches.too_many_before_hello):
            self._send(socket, hello)
        if too_many:
            self._say_disconnect(socket, "too_many_websockets")
            self._close(socket)
            return
        clock = self._workspace.clock
        if switches.disconnect_warning:
            warn = max(0.0, seconds - WARNING_SECONDS)
            socket.timers.append(clock.after(warn, lambda: self._say_disconnect(socket, "warning")))
        socket.timers.append(clock.after(seconds, lambda: self._refresh(socket, "refresh_requested")))
        self._workspace.journal.tell("connections", {"app": socket.app.id})

    # What comes from the app

    async def _read(self, socket: Socket) -> None:
        while True:
            try:
                message = await socket.websocket.receive()
            except WebSocketDisconnect:
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is not None:
                self._acknowledge(socket, text)

    def _acknowledge(self, socket: Socket, text: str) -> None:
        switches = self._workspace.switches
        body, note, waiting = _parse(text), "", None
        if body is None:
            note = "ignored: not a JSON object"
        elif len(text.encode()) >= switches.ack_bytes:
            note = f"dropped: Slack ignores acknowledgements of {switches.ack_bytes} bytes and more"
        elif socket.wire is not None and socket.wire.was_fragmented and switches.drops_fragmented_acks:
            note = "dropped: Slack ignores acknowledgements in several frames"
        elif switches.dropped_acks > 0:
            switches.dropped_acks -= 1
            note = "dropped: as it was told to"
        else:
            waiting = self._waiting.get(str(body.get("envelope_id")))
            if waiting is None or waiting.done():
                note = "ignored: late, twice or unknown"
        self._frame(socket, "from app", "ack", body if body is not None else text, note)
        if not note and waiting is not None and body is not None:
            payload = body.get("payload")
            # Node sends an empty object where it means nothing.
            waiting.set_result(payload if isinstance(payload, dict) and payload else None)

    # What goes to the app

    async def ask(  # noqa: PLR0913 - an envelope has so many parts
        self,
        app: App,
        kind: str,
        payload: Json,
        *,
        envelope_id: str = "",
        accepts: bool = True,
        attempt: int = -1,
    ) -> Json | None:
        """Return the payload of the acknowledgement, or raise NotAnswered."""
        socket = self._choose(app)
        if socket is None:
            raise NotAnswered("dispatch_failed")
        envelope_id = envelope_id or self._workspace.new_uuid()
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts,
        }
        if attempt >= 0:
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        self._make_noise(socket)
        self._send(socket, envelope)
        try:
            return await self._workspace.clock.within(self._workspace.switches.ack_seconds, waiting)
        except TimeoutError:
            raise NotAnswered("operation_timeout") from None
        finally:
            if self._waiting.get(envelope_id) is waiting:
                del self._waiting[envelope_id]

    def disconnect(self, app: App, reason: str) -> None:
        """Say `disconnect` on every socket of the app, as Slack does."""
        if reason == "link_disabled":
            app.socket_mode = False
        for socket in self.sockets(app):
            if reason == "warning":
                self._say_disconnect(socket, reason)
            else:
                self._refresh(socket, reason)

    def cut(self, app: App, how: str) -> None:
        """Break every socket of the app below its messages, or raise Misused."""
        if how not in CUTS:
            message = f"a connection can be cut by {', '.join(CUTS)}, not by `{how}`"
            raise Misused(message)
        for socket in self.sockets(app):
            if how == "close":
                self._close(socket)
            elif socket.wire is not None:
                match how:
                    case "abort":
                        socket.wire.abort()
                    case "half_open":
                        socket.wire.go_silent()
                        self._sockets.remove(socket)
                    case "no_pong":
                        socket.wire.answers_pings = False
                    case _:
                        socket.wire.stop_pinging()

    def close(self) -> None:
        """Close every socket."""
        for socket in list(self._sockets):
            self._close(socket)

    def _choose(self, app: App) -> Socket | None:
        ready = [one for one in self.sockets(app) if not one.closes]
        return self._workspace.random.choice(ready) if ready else None

    def _make_noise(self, socket: Socket) -> None:
        if self._workspace.switches.empty_frames:
            socket.sending.put_nowait("")
        if self._workspace.switches.binary_frames:
            socket.sending.put_nowait(b"\x00\x01")

    def _send(self, socket: Socket, body: Json) -> None:
        self._frame(socket, "to app", str(body["type"]), body)
        socket.sending.put_nowait(json.dumps(body, ensure_ascii=True, separators=(",", ":")))

    def _say_disconnect(self, socket: Socket, reason: str) -> None:
        self._send(
            socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-playground"}}
        )

    def _refresh(self, socket: Socket, reason: str) -> None:
        self._say_disconnect(socket, reason)
        grace = self._workspace.switches.refresh_grace_seconds
        socket.timers.append(self._workspace.clock.after(grace, lambda: self._close(socket)))

    def _close(self, socket: Socket) -> None:
        socket.closes = True
        socket.sending.put_nowait(None)

    async def _write(self, socket: Socket) -> None:
        while (frame := await socket.sending.get()) is not None:
            try:
                if isinstance(frame, str):
                    await socket.websocket.send_text(frame)
                else:
                    await socket.websocket.send_bytes(frame)
            except (WebSocketDisconnect, RuntimeError):  # it has gone meanwhile
                return
        try:
            await socket.websocket.close(1000)
        except (WebSocketDisconnect, RuntimeError):
            return

    def _forget(self, socket: Socket) -> None:
        for timer in socket.timers:
            timer.cancel()
        if socket in self._sockets:
            self._sockets.remove(socket)
        self._workspace.journal.tell("connections", {"app": socket.app.id})

    def _frame(self, socket: Socket, direction: str, name: str, body: object, note: str = "") -> None:
        self._workspace.journal.frame(
            "socket",
            "to app" if direction == "to app" else "from app",
            name,
            body,
            app=socket.app.id,
            note=note,
            connection=socket.id,
        )


def _parse(text: str) -> Json | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
