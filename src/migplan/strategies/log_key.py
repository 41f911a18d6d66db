"""The key by which a change log tells the rows of a table apart, and finds them in the table's other form."""

from __future__ import annotations

from collections.abc import Sequence

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.table import columns_of


def log_key(table: ObjectId, source: Catalog, copy: Catalog) -> tuple[Column, ...]:
    """The columns of a key that the table has in ``source``, and by which few of its rows in ``copy`` are found; the
    primary key where it will do. Empty where there is none."""
    was, will = ({c.name: c for c in columns_of(table, catalog)} for catalog in (source, copy))
    keys = [c for c in source.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE)]
    for key in sorted(keys, key=lambda k: (k.type != PRIMARY_KEY, k.name)):
        columns = [was[name] for name in key.columns]
        plain = all(c.not_null is not None and _goes_over(c, will.get(c.name)) for c in columns)
        if columns and plain and "WITHOUT OVERLAPS" not in key.definition and _finds(table, copy, key.columns):
            return tuple(columns)
    return ()


def _goes_over(old: Column, new: Column | None) -> bool:
    """Whether a value of the column alone tells what the copy has for it."""
    if new is None or new.generated is not None or old.generated is not None:
        return False
    return new.using is None and old.reverse is None


def _finds(table: ObjectId, copy: Catalog, key: Sequence[str]) -> bool:
    """Whether some key of the copy leads to few rows by values of these columns."""
    keys = (c.columns for c in copy.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE))
    return any(set(columns) <= set(key) or set(columns[: len(key)]) == set(key) for columns in keys)
