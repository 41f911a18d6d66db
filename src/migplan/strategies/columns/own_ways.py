"""Columns that come and go in ways of their own."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.strategies.base import Context
from migplan.strategies.columns.dual_written import dual_written_columns
from migplan.strategies.columns.moved import moved_columns
from migplan.strategies.columns.reshaped import reshaped_columns


def with_own_ways(context: Context) -> set[ObjectId]:
    """Those that are reshaped, written twice by the application, or moved to another table."""
    return {*reshaped_columns(context), *dual_written_columns(context), *moved_columns(context)}
