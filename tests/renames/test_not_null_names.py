"""From 18 on a NOT NULL has a name made out of its table's and column's: it follows a rename, which is all that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import proved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b text CONSTRAINT mine NOT NULL);"
COLUMN = OLD.replace(" a text", "\n-- migplan: renamed-from a\nc text")
BOTH = "-- migplan: renamed-from t\n" + COLUMN.replace("TABLE t", "TABLE u")


@pytest.mark.pg(min=18)
@pytest.mark.parametrize("new", [COLUMN, BOTH], ids=["column", "both"])
@pytest.mark.parametrize("offline", [False, True], ids=["in-use", "offline"])
def test_a_rename_reads_as_one(make_db: MakeDb, tmp_path: Path, new: str, offline: bool) -> None:
    found = proved(make_db, tmp_path, OLD, new, offline=offline)
    assert {c.action for c in found.plan.changes} == {"rename"}
    found.both_ways()
