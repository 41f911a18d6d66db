"""A way back that needs what the plan took away says so, where PostgreSQL would only name a constraint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.plans import CAREFUL
from tests.support.windows import plan, psql, query, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

OFFLINE = replace(CAREFUL, offline=True)
KEYED = "CREATE TABLE t (id int PRIMARY KEY);"
ROWS = "INSERT INTO t SELECT generate_series(1, 3);"

LOST = {
    "NOT NULL": (
        "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL);",
        KEYED,
        "INSERT INTO t SELECT g, g FROM generate_series(1, 3) g",
        "rows of table public.t have no value for column public.t.a any more",
    ),
    "primary key": (
        "CREATE TABLE t (id int PRIMARY KEY, b int);",
        "CREATE TABLE t (b int);",
        ROWS,
        "rows of table public.t have no value for column public.t.id any more",
    ),
    "foreign key": (
        "CREATE TABLE q (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY REFERENCES q);",
        KEYED,
        "INSERT INTO q SELECT generate_series(1, 3);" + ROWS,
        "rows of table public.t have no counterpart for constraint public.t.t_id_fkey",
    ),
    "check": (
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, CHECK (num_nonnulls(a, b) = 1));",
        "CREATE TABLE t (id int PRIMARY KEY, b int);",
        ROWS.replace("generate_series(1, 3)", "g, g FROM generate_series(1, 3) g"),
        "rows of table public.t violate constraint public.t.t_check",
    ),
}


@pytest.mark.parametrize("settings", [CAREFUL, OFFLINE], ids=["online", "offline"])
@pytest.mark.parametrize("case", LOST)
def test_way_back_names_what_was_lost(make_db: MakeDb, case: str, settings: Settings) -> None:
    old, new, rows, said = LOST[case]
    found = plan(make_db, old, new, rows=rows, settings=settings)
    for file in found.files:
        psql(found.live, file.up)
    down = "".join(file.down for file in reversed(found.files))
    with pytest.raises(AssertionError, match=said) as stopped:
        psql(found.live, down)
    assert 'backup = "table"' in str(stopped.value)
    assert "(3 rows)" in str(stopped.value)


@pytest.mark.parametrize("case", ["NOT NULL", "check"])
def test_what_is_kept_is_not_missing(make_db: MakeDb, case: str) -> None:
    old, new, rows, _ = LOST[case]
    found = plan(make_db, old, new, rows=rows, settings=replace(CAREFUL, backup="table"))
    before = query(found.live, "SELECT id, a FROM t ORDER BY id")
    there_and_back(found)
    assert query(found.live, "SELECT id, a FROM t ORDER BY id") == before
