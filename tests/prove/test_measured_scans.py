"""What counts as reading a whole table while a plan is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rebuild import assert_both_ways

if TYPE_CHECKING:
    from tests.conftest import MakeDb


def test_the_first_wide_column_reads_nothing(make_db: MakeDb) -> None:
    assert_both_ways(make_db, "", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b text)")
