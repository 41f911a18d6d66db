"""Rows that come into a table after its plan was made, when it had none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.migrations import proved, psql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb


@pytest.mark.pg(14, 18)
@pytest.mark.parametrize("config", ["", "[planning]\nsmall_table_rows = 0\n"], ids=["small", "large"])
def test_they_go_over_to_a_table_that_is_made_anew_and_back(make_db: MakeDb, tmp_path: Path, config: str) -> None:
    old = "CREATE TABLE item (id int PRIMARY KEY, note text); CREATE VIEW items AS SELECT id FROM item;"
    new = old.replace("note text)", "note text) PARTITION BY RANGE (id)")
    new += "CREATE TABLE item_rest PARTITION OF item DEFAULT;"
    found = proved(make_db, tmp_path, old, new, config=config)
    psql(found.live, "INSERT INTO item VALUES (1, 'before')")
    found.run(0)
    psql(found.live, "INSERT INTO item VALUES (2, 'after')")
    rows = "SELECT array_agg(note ORDER BY id) FROM item"
    with psycopg.connect(found.live, autocommit=True) as db:
        assert db.execute(rows.encode()).fetchone() == (["before", "after"],)
        for phase in reversed(found.phases):
            psql(found.live, found.folder.files[phase.down])
        assert db.execute(rows.encode()).fetchone() == (["before", "after"],)
