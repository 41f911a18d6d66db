"""Checks and foreign keys of large tables that are dropped and made again: existing rows are read afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support.migrations import proved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
ROWS = " INSERT INTO p SELECT g FROM generate_series(1, 50) g; INSERT INTO c SELECT g, g FROM generate_series(1, 50) g; ANALYZE;"
PARENT = "CREATE TABLE p (id int PRIMARY KEY);"


class Row(NamedTuple):
    """Two declarations, and the constraint that is made again between them."""

    old: str
    new: str
    constraint: str


CHANGES = {
    "foreign key with another action": Row(
        PARENT + "CREATE TABLE c (id int, p int CONSTRAINT f REFERENCES p);",
        PARENT + "CREATE TABLE c (id int, p int CONSTRAINT f REFERENCES p ON DELETE CASCADE);",
        "public.c.f",
    ),
    "check with another condition": Row(
        PARENT + "CREATE TABLE c (id int, p int CONSTRAINT f CHECK (p > 0)); COMMENT ON CONSTRAINT f ON c IS 'why';",
        PARENT + "CREATE TABLE c (id int, p int CONSTRAINT f CHECK (p > -1)); COMMENT ON CONSTRAINT f ON c IS 'why';",
        "public.c.f",
    ),
    "check by a function that is replaced": Row(
        "CREATE FUNCTION ok(a int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';"
        + PARENT
        + "CREATE TABLE c (id int, p int CONSTRAINT f CHECK (ok(p)));",
        "CREATE FUNCTION ok(b int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';"
        + PARENT
        + "CREATE TABLE c (id int, p int CONSTRAINT f CHECK (ok(p)));",
        "public.c.f",
    ),
}


@pytest.mark.parametrize("row", CHANGES.values(), ids=list(CHANGES))
def test_existing_rows_are_read_in_a_transaction_of_its_own(make_db: MakeDb, tmp_path: Path, row: Row) -> None:
    found = proved(make_db, tmp_path, row.old + ROWS, row.new, config=LARGE)
    steps = {s.id: (s.lock, s.scan) for s in found.plan.steps}
    assert not steps[f"create:constraint:{row.constraint}"][1]
    assert steps[f"validate:constraint:{row.constraint}"] == ("SHARE UPDATE EXCLUSIVE", True)
    apart = {s.id: s.transaction for s in found.plan.steps if s.object == f"constraint {row.constraint}"}
    assert apart[f"create:constraint:{row.constraint}"] != apart[f"validate:constraint:{row.constraint}"]
    assert [f.rule for f in found.plan.findings if f.rule == "long-lock"] == []
    found.both_ways()


def test_a_small_table_is_read_at_once(make_db: MakeDb, tmp_path: Path) -> None:
    row = CHANGES["check with another condition"]
    found = proved(make_db, tmp_path, row.old + ROWS, row.new)
    assert "validate:constraint:public.c.f" not in {s.id for s in found.plan.steps}
    found.both_ways()
