"""What DO blocks that work through a large table in batches have in common: their settings, and the size of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.sql import Sql, join, literal, sql

UNFILTERED: Final = (("row_security", "off"),)
"""No policy hides a row."""
FEW_KEYS: Final = (
    *UNFILTERED,
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
)
"""A few keys are looked up one by one."""


def settings_of(settings: Sequence[tuple[str, str]]) -> Sql:
    """The settings for the transaction that begins."""
    calls = (sql("set_config({}, {}, true)", literal(name), literal(value)) for name, value in settings)
    return sql("    PERFORM {};\n", join(", ", calls))


def steered(fewest: int, most: int) -> Sql:
    """The next batch's size, toward half a second."""
    return sql(
        "    size := greatest({}, least({}, size * 0.5\n"
        "      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;\n",
        fewest,
        most,
    )
