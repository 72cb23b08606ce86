"""A line to the database that can be cut: connections stand, and nothing comes through any more."""

import socket
import threading
from contextlib import suppress

from tests.postgres import free_port


class Line:
    """Forwards a port of loopback to another, until it is told not to."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through, in no direction; nobody is told."""
        self._flows.clear()

    def mend(self, target: int | None = None) -> None:
        """Let everything through again; new connections go to `target` from now on."""
        self._target = target or self._target
        self._flows.set()

    def close(self) -> None:
        """Take no more connections."""
        self._closed = True
        self._listener.close()
        self._flows.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closed:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flows.wait()
        with suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._target))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()
            return
        client.close()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                self._flows.wait()
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
