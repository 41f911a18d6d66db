"""What an object is apart from its name: equal shapes under two names look like a rename."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from typing import Final

from migplan.core.model import Catalog, DbObject
from migplan.core.sql import ident
from migplan.kinds._routine_names import without_name
from migplan.kinds.column import Column
from migplan.kinds.function import Routine
from migplan.kinds.trigger import Trigger
from migplan.kinds.view_column import ViewColumn

_NOT_SHAPE: Final = frozenset({"id", "comment", "owner", "grants", "parent", "index_parent", "calls", "index_comment"})


def shape(obj: DbObject, catalog: Catalog) -> Hashable:
    """A value that two objects of one kind share when only their names, comments, grants and owners differ.

    A relation's shape is its columns, and whether it has or is a partition; a routine's what follows its name.
    """
    columns = [(c.name, c.type) for c in catalog.members_of(obj.id, Column)]
    if columns:
        return (frozenset(columns), getattr(obj, "partition_key", None), getattr(obj, "partition_of", None) is None)
    if isinstance(obj, Routine):
        return (obj.id.path[-1], without_name(obj.definition))
    if isinstance(obj, Trigger):
        return (obj.definition.replace(ident(obj.name), "", 1), obj.enabled)
    outputs = frozenset(c.name for c in catalog.members_of(obj.id, ViewColumn))
    own = tuple((f.name, getattr(obj, f.name)) for f in fields(obj) if f.compare and f.name not in _NOT_SHAPE)
    return (own, outputs)
