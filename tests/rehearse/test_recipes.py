"""Rows for the schema behind the plan, made with what is known of the rows before it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from migplan.rehearse.recipes import Cook
from migplan.rehearse.shapes import read_shapes
from migplan.rehearse.statistics import ColumnStatistics, Statistics
from migplan.source.connect import connect

if TYPE_CHECKING:
    from tests.conftest import MakeDb


@pytest.mark.pg(18)
def test_values_that_the_type_no_longer_takes_are_not_drawn(make_db: MakeDb) -> None:
    """The planner's common values are those of the type before: a label that goes, text that becomes a number."""
    url = make_db("CREATE TYPE kind AS ENUM ('a', 'c'); CREATE TABLE item (id int PRIMARY KEY, kind kind, size int);")
    known = {
        ("public.item", "kind"): ColumnStatistics(0.5, 2, 4, ("a", "b"), (0.25, 0.25)),
        ("public.item", "size"): ColumnStatistics(0.0, 9, 4, bounds=("big", "small")),
    }
    with contextlib.closing(connect(url)) as connection:
        shapes = read_shapes(connection)
        cook = Cook(connection, shapes, Statistics({}, known))
        (shape,) = shapes.values()
        recipe = cook.recipe(shape, ())
        assert recipe is not None, cook.gaps
        made = connection.execute(recipe.rows(1, 200).encode()).fetchall()
    kinds = [row[recipe.columns.index("kind")] for row in made]
    assert {k for k in kinds if k is not None} == {"a", "c"}
    assert 50 < kinds.count(None) < 150, "how many are NULL is still known"
