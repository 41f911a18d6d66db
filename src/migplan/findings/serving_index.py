"""Whether an index of the child serves a foreign key: without one, every change of a parent's key reads the child."""

from __future__ import annotations

import re
from typing import Final

from migplan.core.model import Catalog
from migplan.core.sql import ident
from migplan.kinds.constraint import INDEXED, Constraint
from migplan.kinds.index import Index

_ORDERED: Final = re.compile(r"USING (?:btree|hash) \((?P<columns>.*)\)")


def is_served(key: Constraint, catalog: Catalog) -> bool:
    """Whether some index begins with the foreign key's columns, in any order."""
    wanted = {str(ident(c)) for c in key.columns}
    return any(set(columns[: len(wanted)]) == wanted for columns in _columns_of_indexes(key, catalog))


def _columns_of_indexes(key: Constraint, catalog: Catalog) -> list[list[str]]:
    constraints = (c for c in catalog.members_of(key.relation, Constraint) if c.type in INDEXED)
    indexes = (i for i in catalog.members_of(key.relation, Index) if " WHERE " not in i.definition)
    matches = (_ORDERED.match(i.definition) for i in indexes)
    listed = (match["columns"].partition(") INCLUDE (")[0] for match in matches if match is not None)
    return [
        *([str(ident(name)) for name in c.columns] for c in constraints),
        *([name.partition(" ")[0] for name in columns.split(", ")] for columns in listed),
    ]
