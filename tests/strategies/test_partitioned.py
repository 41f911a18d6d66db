"""Columns of large partitioned tables: kept in step by the parent's trigger, filled and indexed partition by partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import proved, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

pytestmark = pytest.mark.everywhere

LARGE = "[planning]\nsmall_table_rows = 0\n"
OLD = """
CREATE TABLE item (id int PRIMARY KEY, amount int NOT NULL DEFAULT 5 CHECK (amount >= 0)) PARTITION BY RANGE (id);
CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (500);
CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (500) TO (101000);
CREATE TABLE item_3 PARTITION OF item FOR VALUES FROM (101000) TO (10000000) PARTITION BY RANGE (id);
CREATE TABLE item_3a PARTITION OF item_3 DEFAULT;
CREATE INDEX item_amount ON item (amount);
CREATE UNIQUE INDEX item_both ON item (id, amount);
CREATE VIEW amounts AS SELECT id, amount FROM item;
"""
KEYLESS = OLD.replace("id int PRIMARY KEY", "id int NOT NULL").replace("CREATE UNIQUE INDEX", "CREATE INDEX")
ROWS = "INSERT INTO item SELECT g, g FROM generate_series(100000, 103000) g;"


def _renamed(declared: str) -> str:
    return (
        declared.replace(" amount int", "\n  -- migplan: renamed-from amount\n  quantity int")
        .replace("amount >=", "quantity >=")
        .replace("(amount)", "(quantity)")
        .replace("(id, amount)", "(id, quantity)")
        .replace("id, amount", "id, quantity AS amount")
    )


@pytest.mark.parametrize("config", [pytest.param(LARGE, id="large"), pytest.param("", id="small")])
@pytest.mark.parametrize("old", [pytest.param(OLD, id="key"), pytest.param(KEYLESS, id="no-key")])
def test_a_column_is_renamed_both_ways(make_db: MakeDb, tmp_path: Path, old: str, config: str) -> None:
    found = proved(make_db, tmp_path, old + ROWS, _renamed(old), config=config)

    def between(window: int) -> None:
        if window == 0:
            run(
                found.live, "INSERT INTO item (id, amount) VALUES (1, 1); INSERT INTO item (id, quantity) VALUES (2, 2)"
            )
            run(found.live, "UPDATE item SET amount = 3 WHERE id = 100001")
            run(found.live, "UPDATE item SET quantity = 4 WHERE id = 102001")
            assert run(found.live, "SELECT count(*) FROM item WHERE quantity IS DISTINCT FROM amount") == [(0,)]

    found.both_ways(between)


def test_a_table_without_key_is_split_by_its_pages(make_db: MakeDb, tmp_path: Path) -> None:
    declared = KEYLESS.replace("amount >= 0)", "amount >= 0),\n  -- migplan: using amount / 2\n  half int NOT NULL")
    found = proved(make_db, tmp_path, KEYLESS + ROWS, declared, config=LARGE)
    found.run(0)
    assert run(found.live, "SELECT count(*) FROM item WHERE half IS DISTINCT FROM amount / 2") == [(0,)]
    found.run(1)
    assert found.second() == ([], [])
