"""Tables: persistence, inheritance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb


@pytest.mark.parametrize("settings", [OFFLINE, Settings()], ids=["offline", "online"])
def test_tables_that_reference_each_other_become_unlogged(make_db: MakeDb, settings: Settings) -> None:
    """PostgreSQL refuses a reference between a permanent and an unlogged table, in either direction."""
    script = """
        CREATE {0} TABLE a (id int PRIMARY KEY, b int);
        CREATE {0} TABLE b (id int PRIMARY KEY, a int REFERENCES a);
        ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
    """
    both_ways(make_db, script.format(""), script.format("UNLOGGED"), settings=settings)


@pytest.mark.pg(14)
def test_a_child_computes_what_its_parent_stores(make_db: MakeDb) -> None:
    """Refused from 16 on."""
    script = "CREATE TABLE p (a int, b int); CREATE TABLE c (b int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (p);"
    from_nothing(make_db, script)
