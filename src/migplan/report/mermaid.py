"""Tables and foreign keys as an entity relationship diagram in Mermaid, which GitHub and GitLab draw in Markdown.

Mermaid takes letters, digits, ``_`` and ``-`` in a type or an attribute's name; entities may have any name in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.table import Table, columns_of

_NOT_A_WORD: Final = re.compile(r"[^\w-]+", re.ASCII)


def mermaid(catalog: Catalog, ids: frozenset[ObjectId] | None) -> str:
    """The diagram: every table that isn't a partition, its columns with their keys, an edge for each foreign key."""
    tables = [t for t in catalog.of(Table) if t.partition_of is None and (ids is None or t.id in ids)]
    tables.sort(key=lambda t: t.id)
    shown = {t.id for t in tables}
    lines = [*_entities(tables, catalog), *_edges(tables, shown, catalog)]
    return "\n".join(["erDiagram", *lines]) + "\n"


def _entities(tables: list[Table], catalog: Catalog) -> Iterator[str]:
    for table in tables:
        yield f"  {_entity(table.id)} {{"
        for column in columns_of(table.id, catalog):
            yield f"    {_word(column.type)} {_word(column.name)}{_keys(column, catalog)}"
        yield "  }"


def _keys(column: Column, catalog: Catalog) -> str:
    constraints = catalog.members_of(column.relation, Constraint)
    marks = {"p": "PK", "f": "FK", "u": "UK"}
    found = [
        mark for type, mark in marks.items() if any(c.type == type and column.name in c.columns for c in constraints)
    ]
    return f" {', '.join(found)}" if found else ""


def _edges(tables: list[Table], shown: set[ObjectId], catalog: Catalog) -> Iterator[str]:
    for table in tables:
        keys = [c for c in catalog.members_of(table.id, Constraint) if c.type == "f" and c.target in shown]
        for key in sorted(keys, key=lambda c: c.id):
            if key.target is not None:
                yield f'  {_entity(key.target)} {_ends(key, catalog)} {_entity(table.id)} : "{", ".join(key.columns)}"'


def _ends(key: Constraint, catalog: Catalog) -> str:
    """How many of the child there are for one of the parent, and whether each has a parent."""
    columns = [c for c in catalog.members_of(key.relation, Column) if c.name in key.columns]
    required = all(c.not_null is not None for c in columns)
    uniques = [c for c in catalog.members_of(key.relation, Constraint) if c.type in ("p", "u")]
    single = any(set(c.columns) <= set(key.columns) for c in uniques)
    return f"{'||' if required else '|o'}--{'o|' if single else 'o{'}"


def _entity(id: ObjectId) -> str:
    path = id.path[1:] if id.path[0] == "public" else id.path
    name = ".".join(path).replace('"', "'")
    return name if _NOT_A_WORD.search(name) is None else f'"{name}"'


def _word(text: str) -> str:
    return _NOT_A_WORD.sub("_", text).strip("_") or "_"
