"""What was read of a live database, kept until anything in its catalogs changes: for commands that only look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from migplan.core.model import Catalog
from migplan.source import cache
from migplan.source.connect import Connection
from migplan.source.reading.catalog_state import catalog_state
from migplan.source.reading.introspect import Scope, clear_errors, estimated_sizes, snapshot
from migplan.source.reading.live import introspect_live, transactions


class Memory:
    """The last reading of one database and scope by one role, and the state of the catalogs that it was read from."""

    def __init__(self) -> None:
        self._name = ""
        self._state = ""
        self._seen: list[tuple[Any, ...]] | None = None
        self._fresh: Catalog | None = None

    def of(self, connection: Connection, scope: Scope) -> Catalog:
        """The catalog, out of the memory where the database is as it was; raises like ``introspect_live``."""
        self._name = _name(connection, scope)
        known = cache.read_head(self._name, str)
        if known is not None:
            with clear_errors(connection), snapshot(connection):
                self._note_state(connection)
                if self._state == known and (found := cache.read(self._name, Catalog)) is not None:
                    return replace(found, sizes=estimated_sizes(connection, found))
        self._fresh = introspect_live(connection, scope, meanwhile=self._note_state)
        return self._fresh

    def keep(self) -> None:
        """Write down what had to be read."""
        if self._fresh is not None:
            cache.write(self._name, replace(self._fresh, sizes={}), head=self._state)

    def _note_state(self, connection: Connection) -> None:
        """The state as the connection's snapshot sees it, which may be the same one as at the last call."""
        seen = transactions(connection)
        if seen != self._seen:
            self._state, self._seen = catalog_state(connection), seen


def _name(connection: Connection, scope: Scope) -> str:
    info = connection.info
    schemas = None if scope.schemas is None else sorted(scope.schemas)
    place = (info.host, info.hostaddr, info.port, info.dbname, info.user, info.server_version)
    return cache.key("live", place, schemas, sorted(scope.without))
