"""Tables that leave parents; what the way back can't make inherited again keeps the rest of them out of the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import proved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

PARENTS = """
CREATE TABLE strict (id int NOT NULL, n int NOT NULL DEFAULT 2);
CREATE TABLE lenient (id int, n int DEFAULT 3);
"""


@pytest.mark.everywhere
def test_a_not_null_goes_once_the_parent_that_has_it_is_left(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE a (x int) INHERITS (strict); CREATE TABLE b (x int) INHERITS (strict);"
    new = """
      CREATE TABLE a (x int, id int, n int NOT NULL DEFAULT 3);
      CREATE TABLE b (x int, id int, n int DEFAULT 3) INHERITS (lenient);"""
    found = proved(make_db, tmp_path, PARENTS + old, PARENTS + new)
    order = [step.id for step in found.inputs.draft().steps]
    left = order.index("leave:table:public.b")
    assert left < order.index("alter:column:public.b.id") < order.index("join:table:public.b")
    assert order.index("leave:table:public.a") < order.index("alter:column:public.a.id")
