"""Reading the live side while the declared one is read and modules are imported: the server has most of the work."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from threading import Thread
from typing import Final

from migplan.core.model import Catalog
from migplan.kinds.registry import kinds
from migplan.source.connect import Connection, connect
from migplan.source.introspect import Scope
from migplan.source.live import introspect_live

_SWITCH: Final = 0.0005
"""Seconds after which one thread gives way to the other. By default it is ten times as much, and each time that the
server has sent something the reading would wait for that long."""


class LiveReading:
    """The reading of ``scope`` on a connection of its own, begun at once; what it meets is raised by :meth:`result`."""

    def __init__(self, url: str, scope: Scope) -> None:
        self.scope = scope
        self._url = url
        self._found: Future[tuple[Connection, Catalog]] = Future()
        kinds()  # their modules are imported here, once: two threads would wait for each other
        sys.setswitchinterval(_SWITCH)
        Thread(target=self._read, name="live", daemon=True).start()

    def result(self) -> tuple[Connection, Catalog]:
        """The connection, idle, and the catalog; raises like ``connect`` and ``introspect_live``."""
        return self._found.result()

    def _read(self) -> None:
        try:
            connection = connect(self._url)
            try:
                self._found.set_result((connection, introspect_live(connection, self.scope)))
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            self._found.set_exception(error)
