"""Views and the columns of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.plans import catalog
from tests.support.rebuild import assert_both_ways, assert_made_again, differences, run

from migplan.core.ids import ObjectId
from migplan.kinds.view import View, ViewKind, placeholder
from migplan.kinds.view_column import OutputColumn

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, n varchar(10) COLLATE "C", k int, d date);'
ALL = """
CREATE SCHEMA "Ünï";
CREATE VIEW v AS SELECT id, n, k FROM t WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW "Ünï"."x y" WITH (security_barrier) AS SELECT v.*, now() AS "When" FROM v;
ALTER VIEW "Ünï"."x y" RENAME COLUMN n TO "N n";
CREATE RECURSIVE VIEW r(n) AS VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 10;
CREATE VIEW grouped AS SELECT id, n FROM t GROUP BY id;
CREATE VIEW without_columns AS SELECT;
COMMENT ON VIEW v IS 'v';
COMMENT ON COLUMN "Ünï"."x y"."N n" IS 'n';
GRANT SELECT ON v TO pg_monitor;
GRANT SELECT (id), UPDATE (n) ON v TO pg_monitor;
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, TABLE + ALL)


@pytest.mark.pg(min=15)
def test_security_invoker_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, TABLE + "CREATE VIEW v WITH (security_invoker) AS SELECT id FROM t")


def test_columns_at_the_end_are_added_in_place(make_db: MakeDb) -> None:
    """The way back drops and re-creates what stands on the view, with all that belongs to it."""
    rest = """
      CREATE VIEW w AS SELECT id FROM v; COMMENT ON COLUMN w.id IS 'kept'; GRANT INSERT ON w TO pg_monitor;
      CREATE MATERIALIZED VIEW m AS SELECT id FROM w; CREATE INDEX mi ON m (id)"""
    steps = assert_both_ways(
        make_db,
        TABLE,
        f"CREATE VIEW v WITH (security_barrier) AS SELECT id FROM t; {rest}",
        f"CREATE VIEW v AS SELECT id, k FROM t WHERE k > 0; COMMENT ON COLUMN v.k IS 'new'; {rest}",
    )
    assert "alter:view:public.v" in steps
    assert not {"create:view:public.w", "create:materialized_view:public.m"} & steps


def test_star_over_a_view_that_grows(make_db: MakeDb) -> None:
    rest = "CREATE VIEW w AS SELECT * FROM v; CREATE MATERIALIZED VIEW m AS SELECT * FROM w; CREATE INDEX mi ON m (id)"
    assert_both_ways(
        make_db, TABLE, f"CREATE VIEW v AS SELECT id FROM t; {rest}", f"CREATE VIEW v AS SELECT id, k FROM t; {rest}"
    )


REBUILT = ("SELECT n, id FROM t", "SELECT id FROM t", "SELECT id, n::text FROM t", "SELECT id, n AS m FROM t")


@pytest.mark.parametrize("query", REBUILT)
def test_other_columns_rebuild_it(make_db: MakeDb, query: str) -> None:
    rest = """
      CREATE VIEW w AS SELECT id FROM v; GRANT SELECT ON w TO pg_monitor;
      ALTER VIEW v ALTER COLUMN id SET DEFAULT 1;
      CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;
      CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"""
    steps = assert_both_ways(
        make_db, TABLE, f"CREATE VIEW v AS SELECT id, n FROM t; {rest}", f"CREATE VIEW v AS {query}; {rest}"
    )
    assert {"drop:view:public.v", "create:view:public.v", "create:view:public.w"} <= steps


def test_options_change_in_place(make_db: MakeDb) -> None:
    steps = assert_both_ways(
        make_db,
        TABLE,
        "CREATE VIEW v WITH (security_barrier) AS SELECT id FROM t",
        "CREATE VIEW v AS SELECT id FROM t WITH CASCADED CHECK OPTION",
    )
    assert steps == {"alter:view:public.v"}


def test_a_view_becomes_a_table(make_db: MakeDb) -> None:
    assert_both_ways(make_db, TABLE, "CREATE VIEW v AS SELECT id FROM t", "CREATE TABLE v (id int)")


def test_the_checkpoint_names_the_columns_that_go() -> None:
    a, b, c = (OutputColumn(name, "text", None) for name in "abc")
    id = ObjectId("view", ("public", "v"))
    old = View(id=id, definition="", columns=(a, b))
    new = View(id=id, definition="", columns=(a._replace(type="date"), c))
    assert ViewKind().contract(old, new) == "doesn't need a, b of view public.v as before"


def test_placeholder_has_the_columns_and_gets_the_query(make_db: MakeDb) -> None:
    source = catalog(make_db(TABLE + ALL))
    url = make_db(TABLE)
    view = source.get(ObjectId("view", ("public", "v")), View)
    assert view is not None
    hollow, whole = placeholder(view, source)
    run(url, hollow.create)
    made = catalog(url).get(view.id, View)
    assert made is not None
    assert made.columns == view.columns
    run(url, whole.create)
    filled = catalog(url).get(view.id, View)
    assert filled is not None
    assert filled.definition == view.definition
    run(url, [*whole.drop, *hollow.drop])
    assert differences(catalog(url), catalog(make_db(TABLE))) == {}
