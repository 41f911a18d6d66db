"""Where a sequence stopped, remembered within a transaction for the one that takes its place there: nobody has to look
for the largest value under the table's lock."""

from __future__ import annotations

from typing import Final

from migplan.core.sql import Sql, deparsed, literal, sql
from migplan.core.steps import Statement
from migplan.kinds.sequence import Bounds

_LAST: Final = literal("migplan.last_value")
_CALLED: Final = literal("migplan.is_called")


def kept_position(sequence: Sql) -> Statement:
    """Remember it."""
    query = "SELECT set_config({}, last_value::text, true), set_config({}, is_called::text, true) FROM {}"
    return Statement(sql(query, _LAST, _CALLED, sequence))


def taken_position(sequence: Sql, former: Bounds | None = None, own: Bounds | None = None) -> Statement:
    """Go on there; at an end of its ``own`` bounds where the ``former`` sequence had wider ones."""
    value = sql("current_setting({})::bigint", _LAST)
    if former is not None and own is not None and (former.minimum, former.maximum) != (own.minimum, own.maximum):
        value = sql("least(greatest({}, {}), {})", value, deparsed(str(own.minimum)), deparsed(str(own.maximum)))
    return Statement(sql("SELECT setval({}, {}, current_setting({})::boolean)", literal(sequence), value, _CALLED))
