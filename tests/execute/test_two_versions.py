"""Both versions of an application write at full speed while ``migplan apply`` and ``rollback`` run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.applications import Session, Version, lost_writes, statements
from tests.support.live import back_to, order, to_the_end
from tests.support.migrations import proved

from migplan.execute.apply import apply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TABLE item (id int PRIMARY KEY, amount int NOT NULL DEFAULT 5 CHECK (amount >= 0), note text);
CREATE INDEX item_amount ON item (amount);
INSERT INTO item SELECT g, g FROM generate_series(100000, 115000) g;
ANALYZE;
"""
NEW = """
CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from amount
  quantity bigint NOT NULL DEFAULT 5 CHECK (quantity >= 0),
  note text
);
CREATE INDEX item_amount ON item (quantity);
"""
LOCK_TIMEOUT = 2.0
LARGE = "[planning]\nsmall_table_rows = 0\nbatch_rows = 1000\n"
BEFORE = Version("old", **statements("item", "id", "amount", "::int"))
AFTER = Version("new", **statements("item", "id", "quantity", "::int"))


@pytest.mark.pg(18)
def test_no_error_and_no_lost_write(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD, NEW, config=LARGE)
    old = [Session(found.live, BEFORE, 100 * n) for n in (1, 2)]
    new = [Session(found.live, AFTER, 100 * n) for n in (3, 4)]
    for session in old:
        session.start()
    apply(found.folder, order(found.live))
    for session in new:
        session.start()
    for session in old:
        session.stop()
    to_the_end(found.folder, found.live)
    for session in new:
        session.stop()
    _expect_whole(found.live, AFTER, old + new)
    back = [Session(found.live, AFTER, 1000 + 100 * n) for n in (1, 2)]
    older = [Session(found.live, BEFORE, 1000 + 100 * n) for n in (3, 4)]
    for session in back:
        session.start()
    back_to(found.folder, found.live, "w0")
    for session in older:
        session.start()
    for session in back:
        session.stop()
    back_to(found.folder, found.live)
    for session in older:
        session.stop()
    _expect_whole(found.live, BEFORE, back + older)


def _expect_whole(url: str, version: Version, sessions: list[Session]) -> None:
    assert [s.errors for s in sessions] == [[] for _ in sessions]
    assert all(s.rounds for s in sessions)
    assert max(s.stall for s in sessions) < LOCK_TIMEOUT + 0.5
    assert lost_writes(url, version.read, sessions) == []
