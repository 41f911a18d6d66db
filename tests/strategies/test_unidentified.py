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
