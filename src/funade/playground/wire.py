"""A WebSocket as uvicorn serves it, with everything that can go wrong below the messages."""

import socket
import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

LINGER_SECONDS = 600.0


class SocketProtocol(WebSocketsSansIOProtocol):
    """Says to the application what it is, as `wire` in its state."""

    answers_pings = True
    is_silent = False  #: half open: nothing comes through in either direction
    lingers = False
    was_fragmented = False  #: the message that was read last

    def handle_connect(self, event: Request) -> None:
        self.app_state = {**self.app_state, "wire": self}
        super().handle_connect(event)

    def data_received(self, data: bytes) -> None:
        if not self.is_silent:
            super().data_received(data)

    def handle_text(self, event: Frame) -> None:
        self.was_fragmented = not event.fin
        super().handle_text(event)

    def handle_ping(self) -> None:
        if self.answers_pings:
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the answer that the protocol has prepared

    def handle_close(self, event: Frame) -> None:
        if self.lingers and not self.close_sent and self.close_timer is None:
            # The one who asked to close is answered and then waits for an end that does not come.
            self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1000, "reason": ""})
            self.transport.write(b"".join(self.conn.data_to_send()))
            return
        super().handle_close(event)

    async def send(self, message: Any) -> None:
        if not self.is_silent:
            await super().send(message)

    def go_silent(self) -> None:
        """Leave the connection open and say nothing more, as after a NAT has forgotten it."""
        self.is_silent = True
        self.stop_keepalive()

    def stop_pinging(self) -> None:
        self.stop_keepalive()

    def abort(self) -> None:
        """Break the connection with a reset."""
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def wire_of(state: Any) -> SocketProtocol | None:
    """Return the protocol below a WebSocket, or None where another server serves it."""
    found = getattr(state, "wire", None)
    return found if isinstance(found, SocketProtocol) else None
