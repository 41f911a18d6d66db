"""Values that a new type can't read are counted, where PostgreSQL would only name the first of them under its lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.plans import CAREFUL
from tests.support.windows import plan, psql, query, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

ROWS = "INSERT INTO t SELECT g, CASE g WHEN 1 THEN '1' ELSE 'x' END FROM generate_series(1, 3) g;"
SETTINGS = {"large": replace(CAREFUL, small_rows=0), "small": CAREFUL, "offline": replace(CAREFUL, offline=True)}


@pytest.mark.pg(min=16)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_values_are_counted_before_the_type_changes(make_db: MakeDb, settings: Settings) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("text", "int"))
    found = plan(make_db, old, new, rows=ROWS, settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(AssertionError, match=r"values of public.t.a that integer can't read \(2 rows\)"):
        psql(found.live, up)
    query(found.live, "UPDATE t SET a = id::text RETURNING id")
    psql(found.live, up)
    query(found.live, "UPDATE t SET a = a + 1 RETURNING id")


@pytest.mark.pg(min=16)
def test_so_they_are_on_the_way_back(make_db: MakeDb) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("json", "text"))
    found = plan(make_db, old, new, rows="INSERT INTO t VALUES (1, '{}'), (2, NULL);", settings=CAREFUL)
    there_and_back(found)
    psql(found.live, "".join(file.up for file in found.files))
    query(found.live, "UPDATE t SET a = 'no json' WHERE id = 2 RETURNING id")
    with pytest.raises(AssertionError, match=r"values of public.t.a that json can't read \(1 rows\)"):
        psql(found.live, "".join(file.down for file in reversed(found.files)))
