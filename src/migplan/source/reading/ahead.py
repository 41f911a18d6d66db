"""Reading the live side while the declared one is read and modules are imported: the server has most of the work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Final, TypeVar

from migplan.core.model import Catalog
from migplan.kinds.registry import kinds
from migplan.source.connect import Connection, backend_pid, connect
from migplan.source.reading.introspect import Scope
from migplan.source.reading.live import introspect_live
from migplan.source.reading.remembered import Memory

T = TypeVar("T")
_SWITCH: Final = 0.0005
"""Seconds after which one thread gives way to the other. By default it is ten times as much, and each time that the
server has sent something the reading would wait for that long."""


class LiveReading:
    """The reading of ``scope`` on a connection of its own, begun at once; what it meets is raised by :meth:`result`.

    With ``remembering`` what was read before counts as read where the database is as it was then.
    """

    def __init__(self, url: str, scope: Scope, *, remembering: bool = False) -> None:
        self.scope = scope
        self._url = url
        self._memory = Memory() if remembering else None
        self._found: Future[tuple[Connection, Catalog]] = Future()
        self._backend: Future[int | None] = Future()
        kinds()  # their modules are imported here, once: two threads would wait for each other
        sys.setswitchinterval(_SWITCH)
        Thread(target=self._read, name="live", daemon=True).start()

    def result(self) -> tuple[Connection, Catalog]:
        """The connection, idle, and the catalog; raises like ``connect`` and ``introspect_live``."""
        return self._found.result()

    def then(self, work: Callable[[Catalog], T]) -> Future[T]:
        """What is made of the catalog as soon as it is there, by the reading's own thread."""
        made: Future[T] = Future()

        def go_on(found: Future[tuple[Connection, Catalog]]) -> None:
            try:
                made.set_result(work(found.result()[1]))
            except BaseException as error:
                made.set_exception(error)

        self._found.add_done_callback(go_on)
        return made

    def backend(self) -> int | None:
        """The process id of its session on the server, None where there is none."""
        return self._backend.result()

    def remember(self) -> None:
        """Keep what was read for the next command; after the output, for a large schema takes a while."""
        if self._memory is not None:
            self._memory.keep()

    def let_go(self) -> None:
        """Nobody asks for the result: the connection is closed as soon as the reading has ended."""
        self._found.add_done_callback(_close)

    def _read(self) -> None:
        try:
            connection = connect(self._url)
            self._backend.set_result(backend_pid(connection))
            try:
                self._found.set_result((connection, self._catalog(connection)))
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            if not self._backend.done():
                self._backend.set_result(None)
            self._found.set_exception(error)

    def _catalog(self, connection: Connection) -> Catalog:
        if self._memory is None:
            return introspect_live(connection, self.scope)
        return self._memory.of(connection, self.scope)


def _close(found: Future[tuple[Connection, Catalog]]) -> None:
    if found.exception() is None:
        connection, _ = found.result()
        connection.close()


class LiveReadings:
    """Readings of one database of which one is wanted; each is begun as soon as somebody has an idea of the scope."""

    def __init__(self, url: str, *, remembering: bool) -> None:
        self._url = url
        self._remembering = remembering
        self._begun: list[LiveReading] = []

    def __enter__(self) -> LiveReadings:
        return self

    def __exit__(self, *_: object) -> None:
        for reading in self._begun:
            reading.let_go()

    def begin(self, scope: Scope) -> None:
        """Read that scope, most likely the one that will be asked for."""
        self._begun.append(LiveReading(self._url, scope, remembering=self._remembering))

    def of(self, scope: Scope) -> LiveReading:
        """The reading of that scope, which is the caller's from now on."""
        if all(reading.scope != scope for reading in self._begun):
            self.begin(scope)
        wanted = next(reading for reading in self._begun if reading.scope == scope)
        self._begun.remove(wanted)
        return wanted
