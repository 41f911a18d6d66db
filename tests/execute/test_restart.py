"""The server restarts in the middle of a run: the run ends, and the same command continues it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conftest import databases
from tests.execute.conftest import NEW, OLD
from tests.support.live import Heard, back_to, large, state, to_the_end
from tests.support.servers import own_server

from migplan.execute.ledger import FencedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import OwnServer


FORGETFUL = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
"""A crash takes seconds of commits along that the server has acknowledged."""


class Restarting(Heard):
    """Restarts the server when a certain unit begins."""

    def __init__(self, server: OwnServer, mode: str, number: int) -> None:
        super().__init__()
        self._server, self._mode, self._number = server, mode, number

    def unit(self, unit: object, title: str) -> None:
        self.units.append(title)
        if len(self.units) == self._number:
            self._server.restart(self._mode)


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
        to_the_end(migration.folder, migration.live)
        assert state(migration.live).schema == wanted.schema
