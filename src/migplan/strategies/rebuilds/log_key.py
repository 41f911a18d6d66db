"""The key by which a change log tells the rows of a table apart, and finds them in the table's other form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import ident, join
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index
from migplan.kinds.row_keys import row_keys
from migplan.kinds.table import columns_of

_KEYS: Final = (PRIMARY_KEY, UNIQUE)


@record
class LogKey:
    """``columns`` of the source are logged, and its rows are copied in the order of ``along``."""

    columns: tuple[Column, ...]
    along: tuple[Column, ...]
    repeatable: bool = False
    """It is a key of the other form only: in this one, rows may have it in common."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the logged columns are called."""
        return tuple(c.name for c in self.columns)


def log_key(table: ObjectId, source: Catalog, copy: Catalog) -> LogKey | None:
    """The primary key where it will do. One that both forms have is best, or one of the copy that holds one of the
    source; else a key of either, by which the other form is given an index for that time (``unaided``)."""
    was, will = (_columns(table, catalog) for catalog in (source, copy))
    own = [k for k in _keys(table, source) if all(_goes_over(was[n], will.get(n)) for n in k)]
    others = [k for k in _keys(table, copy) if all(n in was and _stays(was[n], will[n]) for n in k)]
    shared = (LogKey(c := _named(was, k), c) for k in own if _leads(table, copy, k))
    wider = (LogKey(_named(was, k), _named(was, o)) for k in others for o in own if set(o) < set(k))
    aided = (LogKey(c := _named(was, k), c) for k in own if all(_stays(was[n], will[n]) for n in k))
    of_copy = (LogKey(c := _named(was, k), c, repeatable=True) for k in others)
    return next((key for found in (shared, wider, aided, of_copy) for key in found), None)


def unaided(table: ObjectId, form: Catalog, other: Catalog) -> tuple[str, ...]:
    """The columns by which rows of a form are looked for, one way or the other, though no index of its leads to
    them."""
    keys = (log_key(table, form, other), log_key(table, other, form))
    return next((k.names for k in keys if k is not None and not _leads(table, form, k.names)), ())


def _columns(table: ObjectId, catalog: Catalog) -> Mapping[str, Column]:
    return {c.name: c for c in columns_of(table, catalog)}


def _named(columns: Mapping[str, Column], names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(columns[n] for n in names)


def _keys(table: ObjectId, catalog: Catalog) -> Iterable[tuple[str, ...]]:
    """The names of what tells every row apart; indexes of a partitioned table hold no rows."""
    for id, columns in row_keys(table, catalog):
        key = catalog.get(id, Index)
        if key is None or not key.partitioned:
            yield tuple(c.name for c in columns)


def _goes_over(old: Column, new: Column | None) -> bool:
    """Whether a value of the column alone tells what the copy has for it."""
    if new is None or new.generated is not None or old.generated is not None:
        return False
    return new.using is None and old.reverse is None


def _stays(old: Column, new: Column) -> bool:
    """Whether it is the same in both forms, and never NULL: there, too, an index can lead to it."""
    return _goes_over(old, new) and old.type == new.type and None not in (old.not_null, new.not_null)


def _leads(table: ObjectId, catalog: Catalog, key: tuple[str, ...]) -> bool:
    """Whether some index of the form leads to few rows by values of these columns."""
    keys = (c.columns for c in catalog.members_of(table, Constraint) if c.type in _KEYS)
    if any(set(columns) <= set(key) or set(columns[: len(key)]) == set(key) for columns in keys):
        return True
    starts = f"USING btree ({join(', ', map(ident, key))}"
    return any(_begins(index.definition, starts) for index in catalog.members_of(table, Index) if index.valid)


def _begins(definition: str, starts: str) -> bool:
    return definition.startswith((f"{starts})", f"{starts}, ")) and " WHERE " not in definition
