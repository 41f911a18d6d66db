"""Published tables without replica identity: a plan that fills rows of one is blocked, for PostgreSQL refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.both_ways import read
from tests.support.plans import CAREFUL
from tests.support.windows import psql

from migplan.core.settings import Settings
from migplan.planfile.render import render
from migplan.planning.plan import draft

if TYPE_CHECKING:
    from tests.conftest import MakeDb

OLD = 'CREATE TABLE "it\'s" (a int, b int); CREATE PUBLICATION p FOR ALL TABLES{};'
NEW = 'CREATE TABLE "it\'s" (a int, b bigint); CREATE PUBLICATION p FOR ALL TABLES{};'
ROWS = 'INSERT INTO "it\'s" SELECT g, g FROM generate_series(1, 3) g; ANALYZE;'


@pytest.mark.parametrize("more", ["", " WITH (publish = 'insert')"], ids=["all operations", "inserts only"])
@pytest.mark.parametrize("settings", [CAREFUL, Settings()], ids=["large", "small"])
def test_filling_its_rows_blocks_the_plan(make_db: MakeDb, settings: Settings, more: str) -> None:
    live = make_db(OLD.format(more) + ROWS)
    drafted = draft(read(live), read(make_db(NEW.format(more))), settings=settings)
    up = "".join(file.up for file in render(drafted.segments, settings))
    if settings is CAREFUL and not more:
        (reason,) = drafted.blocked
        assert 'refuses to update table public."it\'s", which publication p publishes' in reason
        with pytest.raises(AssertionError, match="does not have a replica identity and publishes updates"):
            psql(live, up)
    else:
        assert drafted.blocked == ()
        psql(live, up)
        with psycopg.connect(live) as db:
            assert db.execute('SELECT sum(b) FROM "it\'s"').fetchone() == (6,)


@pytest.mark.pg(min=15)
@pytest.mark.parametrize(
    ("published", "why"),
    [
        ("(a, b)", "publishes without all columns of its replica identity"),
        ("(id, b)", None),
        ("WHERE (a > 1)", "publishes by a filter over columns that aren't of its replica identity"),
        ("WHERE (id > 1)", None),
        ("(id, b); ALTER TABLE t REPLICA IDENTITY FULL", "publishes without all columns of its replica identity"),
        ("; ALTER TABLE t REPLICA IDENTITY NOTHING", "publishes and whose rows nothing tells apart"),
    ],
)
def test_publications_of_less_than_the_identity(make_db: MakeDb, published: str, why: str | None) -> None:
    old = f"CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE PUBLICATION p FOR TABLE t {published};"
    live = make_db(old + "INSERT INTO t VALUES (2, 2, 2); ANALYZE;")
    declared = make_db(old.replace("b int", "b bigint"))
    drafted = draft(read(live), read(declared), settings=CAREFUL)
    assert len(drafted.blocked) == (why is not None)
    assert why is None or why in drafted.blocked[0]
