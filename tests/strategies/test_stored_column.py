"""A stored generated column would rewrite a large table, which is built a second time where it has a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import read
from tests.support.plans import CAREFUL
from tests.support.windows import Shape, plan, there_and_back

from migplan.core.ids import ObjectId
from migplan.planning.plan import draft

if TYPE_CHECKING:
    from tests.conftest import MakeDb

BEFORE = "CREATE TABLE t (id int PRIMARY KEY, a int);"
AFTER = "CREATE TABLE t (id int PRIMARY KEY, a int, c int GENERATED ALWAYS AS (a + 1) {});"
ROWS = "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;"
ALLOWED = (ObjectId("column", ("public", "t", "c")), "allow", 'rewrite "at night"')


def test_blocked_on_a_large_table_without_a_key(make_db: MakeDb) -> None:
    before, after = (sql.replace(" PRIMARY KEY", "") for sql in (BEFORE + ROWS, AFTER.format("STORED")))
    found = draft(read(make_db(before)), read(make_db(after)), settings=CAREFUL)
    stored, rebuilt = sorted(found.blocked)
    assert stored.startswith("column public.t.c is a stored generated column of a large table")
    assert "it has no key whose columns both its forms have" in rebuilt


def test_allowed_by_a_directive(make_db: MakeDb) -> None:
    found = plan(make_db, BEFORE, AFTER.format("STORED"), rows=ROWS, directives=[ALLOWED])
    assert found.shapes == [Shape("0 expand", "create:t.c", "ACCESS EXCLUSIVE")]
    assert found.step("create:t.c").rewrite
    there_and_back(found)


def test_empty_table_has_nothing_to_rewrite(make_db: MakeDb) -> None:
    there_and_back(plan(make_db, BEFORE, AFTER.format("STORED")))


@pytest.mark.pg(min=18)
def test_virtual_column_costs_nothing(make_db: MakeDb) -> None:
    found = plan(make_db, BEFORE, AFTER.format("VIRTUAL"), rows=ROWS)
    assert not found.step("create:t.c").rewrite
    there_and_back(found)


@pytest.mark.pg(18)
def test_a_column_that_is_there_and_gets_stored_rewrites_no_large_table(make_db: MakeDb) -> None:
    """Nobody may write it from then on: of a plain one the application hears that."""
    live = "CREATE TABLE t (id int PRIMARY KEY, a int, c int{});" + ROWS.replace("INTO t ", "INTO t (id, a) ")
    contracts: list[list[str]] = []
    for before in (" GENERATED ALWAYS AS (a + 1) VIRTUAL", ""):
        found = draft(read(make_db(live.format(before))), read(make_db(AFTER.format("STORED"))), settings=CAREFUL)
        assert not [s.id for s in found.steps if s.rewrite]
        assert "swap:table:public.t" in {s.id for s in found.steps}
        contracts.append(sorted({e.contract for e in found.edges if e.contract}))
    assert contracts == [[], ["gives column public.t.c no value, for it is computed"]]
