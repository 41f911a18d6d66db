"""The server restarts in the middle of a run: the run ends, and the same command continues it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.conftest import databases
from tests.execute.conftest import NEW, OLD
from tests.support.live import Heard, back_to, large, state, to_the_end
from tests.support.servers import own_server

from migplan.execute.ledger.ledger import FencedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import OwnServer

    from migplan.planfile.units import Unit


FORGETFUL = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
"""A crash takes seconds of commits along that the server has acknowledged."""


class Restarting(Heard):
    """Restarts the server when a certain unit begins."""

    def __init__(self, server: OwnServer, mode: str, number: int) -> None:
        super().__init__()
        self._server, self._mode, self._number = server, mode, number

    def unit(self, unit: Unit, title: str) -> None:
        super().unit(unit, title)
        if len(self.units) == self._number:
            self._server.restart(self._mode)


class InTheMiddle(Heard):
    """Restarts the server while the statement waits that builds or drops an index concurrently."""

    def __init__(self, server: OwnServer, mode: str, url: str, statement: str) -> None:
        super().__init__()
        self._server, self._mode, self._url, self._statement = server, mode, url, statement
        self.invalid = 0

    def unit(self, unit: Unit, title: str) -> None:
        super().unit(unit, title)
        if any(c.sql.startswith(self._statement) for c in unit.commands):
            held = psycopg.connect(self._url)
            held.execute("UPDATE item SET id = id WHERE id = 1")
            self.thread = threading.Thread(target=self._meddle, args=(held,))
            self.thread.start()

    def _meddle(self, held: psycopg.Connection) -> None:
        with psycopg.connect(self._url, autocommit=True) as db:
            while db.execute(WAITS, (f"{self._statement}%",)).fetchone() is None:
                time.sleep(0.02)
            self.invalid = len(db.execute(INVALID).fetchall())
        self._server.restart(self._mode)
        held.close()


WAITS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE %s AND wait_event_type = 'Lock'"
INVALID = "SELECT 1 FROM pg_index WHERE NOT indisvalid"


@pytest.mark.pg(18)
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_the_next_run_continues(pg_major: int, tmp_path: Path, mode: str) -> None:
    with own_server(pg_major, FORGETFUL) as server, databases(server.url) as make:
        migration = large(make, tmp_path, OLD, NEW)
        to_the_end(migration.folder, migration.live)
        wanted = state(migration.live)
        back_to(migration.folder, migration.live)
        for number in (1, 3):
            with pytest.raises(FencedError, match="operator's lock is gone"):
                to_the_end(migration.folder, migration.live, Restarting(server, mode, number))
        for statement, run in (("CREATE INDEX CONC", to_the_end), ("DROP INDEX CONC", back_to)):
            middle = InTheMiddle(server, mode, migration.live, statement)
            with pytest.raises(FencedError, match="operator's lock is gone"):
                run(migration.folder, migration.live, heard=middle)
            middle.thread.join()
            assert middle.invalid == 1
            to_the_end(migration.folder, migration.live)
            assert state(migration.live).schema == wanted.schema
