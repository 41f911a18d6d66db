"""Materialized views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.plans import catalog
from tests.support.rebuild import assert_both_ways, assert_made_again

from migplan.core.ids import ObjectId
from migplan.kinds.materialized_view import MaterializedView, MaterializedViewKind

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int PRIMARY KEY, n text);"
ALL = """
CREATE MATERIALIZED VIEW m WITH (fillfactor = 70, autovacuum_enabled = off) AS SELECT id, n, length(n) AS l FROM t;
ALTER MATERIALIZED VIEW m ALTER COLUMN n SET STATISTICS 300, ALTER COLUMN n SET STORAGE EXTERNAL,
  ALTER COLUMN n SET COMPRESSION pglz, ALTER COLUMN l SET (n_distinct = 5);
CREATE UNIQUE INDEX mi ON m (id);
CREATE MATERIALIZED VIEW empty AS SELECT * FROM m WITH NO DATA;
ALTER TABLE empty REPLICA IDENTITY FULL;
COMMENT ON MATERIALIZED VIEW m IS 'm';
COMMENT ON COLUMN m.n IS 'n';
GRANT SELECT ON m TO pg_monitor;
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, TABLE + ALL)


def test_another_query_rebuilds_it_with_its_indexes_and_dependants(make_db: MakeDb) -> None:
    rest = """
      CREATE UNIQUE INDEX mi ON m (id); COMMENT ON INDEX mi IS 'i'; COMMENT ON COLUMN m.id IS 'c';
      GRANT SELECT ON m TO pg_monitor; CREATE VIEW v AS SELECT id FROM m"""
    steps = assert_both_ways(
        make_db,
        TABLE,
        f"CREATE MATERIALIZED VIEW m AS SELECT id, n FROM t; {rest}",
        f"CREATE MATERIALIZED VIEW m AS SELECT id FROM t; {rest}",
    )
    assert {"create:materialized_view:public.m", "create:index:public.mi", "create:view:public.v"} <= steps


def test_settings_change_in_place(make_db: MakeDb) -> None:
    head = "CREATE MATERIALIZED VIEW m AS SELECT id, n FROM t; ALTER MATERIALIZED VIEW m"
    steps = assert_both_ways(
        make_db,
        TABLE,
        f"{head} SET (fillfactor = 50), REPLICA IDENTITY FULL, ALTER COLUMN n SET STATISTICS 9",
        f"{head} SET (autovacuum_enabled = off), ALTER COLUMN n SET STORAGE PLAIN",
    )
    assert steps == {"alter:materialized_view:public.m", "alter:view_column:public.m.n"}


@pytest.mark.parametrize(("data", "populated"), [("WITH DATA", True), ("WITH NO DATA", False)])
def test_filled_again_where_it_was(make_db: MakeDb, data: str, *, populated: bool) -> None:
    source = catalog(make_db(f"{TABLE} CREATE MATERIALIZED VIEW m AS SELECT id FROM t {data}"))
    view = source.get(ObjectId("materialized_view", ("public", "m")), MaterializedView)
    assert view is not None
    assert view.populated == populated
    (part,) = MaterializedViewKind().parts(view, source)
    assert part.create[0].sql.endswith(data)
