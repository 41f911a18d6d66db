"""A catalog as a tree: schemas, what lies in them, and what belongs to each table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.default import Default
from migplan.kinds.sequence import Sequence
from migplan.kinds.view_column import ViewColumn

_FIRST: Final = ("column", "view_column", "constraint", "index", "statistics", "trigger", "rule", "policy")


def tree(catalog: Catalog, ids: frozenset[ObjectId] | None) -> str:
    """One line an object, indented under what it belongs to; columns in their order, the rest by kind and name."""
    objects = [o for o in catalog if (ids is None or o.id in ids) and not _is_told_elsewhere(o)]
    return "".join(f"{line}\n" for line in _lines(objects, catalog))


def _lines(objects: Iterable[DbObject], catalog: Catalog) -> Iterator[str]:
    schemas = {id.path[0] for id in catalog.objects if id.kind == "schema"}
    tops: dict[str, list[DbObject]] = {}
    members: dict[ObjectId, list[DbObject]] = {}
    for obj in objects:
        if obj.table is not None:
            members.setdefault(obj.table, []).append(obj)
        else:
            tops.setdefault(obj.id.path[0] if obj.id.path[0] in schemas else "", []).append(obj)
    for schema, inside in sorted(tops.items()):
        yield f"schema {ObjectId('schema', (schema,)).name}" if schema else "database"
        for top in sorted((o for o in inside if o.id.kind != "schema"), key=lambda o: o.id):
            yield f"  {_told(top, (schema,))}"
            for member in sorted(members.get(top.id, ()), key=_place):
                yield f"    {_told(member, top.id.path)}"


def _is_told_elsewhere(obj: DbObject) -> bool:
    """Defaults are told with their column, and so is a sequence that a column owns."""
    return isinstance(obj, Default) or (isinstance(obj, Sequence) and obj.owned_by is not None)


def _place(obj: DbObject) -> tuple[int, int, ObjectId]:
    kind = obj.id.kind
    rank = _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
    return rank, obj.position if isinstance(obj, Column) else 0, obj.id


def _told(obj: DbObject, within: tuple[str, ...]) -> str:
    kind = obj.id.kind.replace("_", " ")
    name = _name_within(obj.id, within)
    match obj:
        case Column():
            return f"{name}  {obj.type}{' NOT NULL' if obj.not_null is not None else ''}"
        case ViewColumn():
            return name
        case Constraint():
            return f"{kind} {name}  {obj.definition}"
        case _:
            return f"{kind} {name}"


def _name_within(id: ObjectId, within: tuple[str, ...]) -> str:
    """The name without what its surroundings say already: a table's columns without the table."""
    path = id.path
    for word in within:
        path = path[1:] if len(path) > 1 and path[0] == word else path
    return ObjectId(id.kind, path).name
