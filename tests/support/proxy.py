"""A proxy on loopback between migplan and a server, whose connections break when a test says so."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import urlsplit


class Fate(Enum):
    """What becomes of a message of the client and its connection."""

    ARRIVES = "arrives"
    IS_LOST = "is lost, and the connection with it"
    ARRIVES_LAST = "arrives, and the connection breaks before the answer"
    HANGS = "is lost, and nothing arrives any more in either direction, while both ends stay open"


_KEY: Final = re.compile(rb"K\0\0\0\x0c.{4}(?=.{4}Z\0\0\0\x05)", re.S)
"""The process id in BackendKeyData, which ReadyForQuery follows."""
_OWN: Final = b"K\0\0\0\x0c\0\0\0\x01"
_NAMING: Final = re.compile(rb"set_config\('application_name', '(migplan [^']+)'")


@dataclass
class Line:
    """One connection through the proxy; ``name`` is what its client calls itself, once it does."""

    client: socket.socket
    server: socket.socket
    name: str = ""
    fate: Fate = Fate.ARRIVES
    pumps: int = 2

    def cut(self) -> None:
        """End it on both sides."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pump(self, work: Callable[[Line], None]) -> None:
        """Carry messages in one direction, until one of the ends is closed; the last of two closes both."""
        with contextlib.suppress(OSError):
            work(self)
        self.cut()
        self.pumps -= 1
        if not self.pumps:
            self.client.close()
            self.server.close()


@dataclass
class Proxy:
    """``url`` leads through it. ``decide`` is asked about each message before it goes on to the server.
    One that ``pools`` says numbers of its own for the server's processes, as poolers do."""

    url: str
    lines: list[Line] = field(default_factory=list[Line])
    pools: bool = False
    decide: Callable[[Line, bytes], Fate] = lambda line, message: Fate.ARRIVES

    def cut(self, besides: Line | None = None) -> None:
        """End all connections, or all but one: the network is gone."""
        for line in self.lines:
            if line is not besides:
                line.cut()

    def forwards(self, line: Line) -> None:
        """The client's messages, until what is decided of one is the end of it."""
        while message := line.client.recv(1 << 20):
            line.name = _named(message) or line.name
            if line.fate is Fate.ARRIVES:
                line.fate = self.decide(line, message)
            if line.fate is Fate.IS_LOST:
                break
            if line.fate is not Fate.HANGS:
                line.server.sendall(message)

    def backwards(self, line: Line) -> None:
        """The server's answers."""
        while answer := line.server.recv(1 << 20):
            if line.fate is Fate.ARRIVES_LAST:
                break
            if line.fate is Fate.ARRIVES:
                line.client.sendall(_KEY.sub(_OWN, answer) if self.pools else answer)


def _named(message: bytes) -> str | None:
    found = _NAMING.search(message)
    return found[1].decode() if found else None


@contextlib.contextmanager
def proxy(url: str) -> Generator[Proxy]:
    """A proxy before the server of that URL."""
    place = urlsplit(url)
    assert place.hostname
    assert place.port
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        found = Proxy(url.replace(f":{place.port}/", f":{port}/"))
        threading.Thread(target=_accept, args=(listening, found, (place.hostname, place.port)), daemon=True).start()
        try:
            yield found
        finally:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            found.cut()


def _accept(listening: socket.socket, found: Proxy, address: tuple[str, int]) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listening.accept()
            line = Line(client, socket.create_connection(address))
            found.lines.append(line)
            for work in (found.forwards, found.backwards):
                threading.Thread(target=line.pump, args=(work,), daemon=True).start()
