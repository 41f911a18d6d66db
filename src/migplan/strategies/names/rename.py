"""``ALTER … RENAME TO`` and ``SET SCHEMA``, of every kind of object that has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from migplan.core.errors import UnsupportedError
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import LockMode, Statement
from migplan.kinds.column import Column
from migplan.kinds.constraint import INDEXED, Constraint
from migplan.kinds.range import Range, followers, renamed_range
from migplan.kinds.registry import kind_of
from migplan.kinds.view_column import ViewColumn

MEMBERS: Final = frozenset({"constraint", "trigger", "policy", "rule", "column", "view_column"})
"""Kinds whose names belong to a relation: their paths extend its path."""
_AX: Final = LockMode.ACCESS_EXCLUSIVE
_LOCKS: Final = {
    **dict.fromkeys(("table", "view", "materialized_view", "foreign_table", "sequence"), _AX),
    **dict.fromkeys(MEMBERS, _AX),
    "index": LockMode.SHARE_UPDATE_EXCLUSIVE,
    "statistics": LockMode.SHARE_UPDATE_EXCLUSIVE,
}
_NAMELESS: Final = frozenset({"cast", "default", "default_privileges", "user_mapping"})
_ONLY_MOVES: Final = frozenset({"extension", "operator"})


def rename_statements(obj: DbObject, to: ObjectId, taken: bool = False) -> list[Statement]:
    """What leads from the object's id to ``to``.

    ``taken`` says that the new name is taken in the old schema, so that an object which changes both moves first.
    Raises ``UnsupportedError`` for what has no name or can't change it.
    """
    kind = obj.id.kind
    if kind in _NAMELESS or (kind in _ONLY_MOVES and name_of(obj.id) != name_of(to)):
        raise UnsupportedError(f"a {kind.replace('_', ' ')} can't be renamed", place=str(obj.id))
    if isinstance(obj, Constraint) and obj.type not in INDEXED:
        return [_of_relation(obj.relation, "CONSTRAINT", obj.id, to)]
    if isinstance(obj, Constraint):
        index = ident(obj.id.path[0], obj.name)
        lock = LockMode.SHARE_UPDATE_EXCLUSIVE
        return [Statement(sql("ALTER INDEX {} RENAME TO {}", index, ident(to.path[-1])), lock)]
    if isinstance(obj, Column | ViewColumn):
        return [_of_relation(obj.relation, "COLUMN", obj.id, to)]
    if isinstance(obj, Range):
        return [*_of_schema(obj, to, taken), *followers(obj, renamed_range(obj, to))]
    return _of_schema(obj, to, taken) if kind not in MEMBERS else [_rename(obj, to)]


def under(obj: DbObject, id: ObjectId) -> DbObject:
    """The object under another id, with the names that follow its own."""
    return renamed_range(obj, id) if isinstance(obj, Range) else replace(obj, id=id)


def _of_schema(obj: DbObject, to: ObjectId, taken: bool) -> list[Statement]:
    if len(to.path) == 1:
        return [_rename(obj, to)] if obj.id != to else []
    moves, renames = obj.id.path[0] != to.path[0], name_of(obj.id) != name_of(to)
    if not moves:
        return [_rename(obj, to)] if renames else []
    if not renames:
        return [_move(obj, to)]
    first = (
        with_path(obj.id, obj.id.path[0], name_of(to)) if not taken else with_path(obj.id, to.path[0], name_of(obj.id))
    )
    between = replace(obj, id=first)
    return [_rename(obj, first), _move(between, to)] if not taken else [_move(obj, first), _rename(between, to)]


def _rename(obj: DbObject, to: ObjectId) -> Statement:
    command = sql("ALTER {} RENAME TO {}", kind_of(obj.id).reference(obj), ident(name_of(to)))
    return Statement(command, _LOCKS.get(obj.id.kind, LockMode.NONE))


def _move(obj: DbObject, to: ObjectId) -> Statement:
    command = sql("ALTER {} SET SCHEMA {}", kind_of(obj.id).reference(obj), ident(to.path[0]))
    return Statement(command, _LOCKS.get(obj.id.kind, LockMode.NONE))


def _of_relation(relation: ObjectId, what: str, id: ObjectId, to: ObjectId) -> Statement:
    """ALTER TABLE renames the constraints of foreign tables too; ALTER FOREIGN TABLE doesn't."""
    keyword = Sql("TABLE" if what == "CONSTRAINT" else kind_of(relation).keyword)
    names = (ident(id.path[-1]), ident(to.path[-1]))
    return Statement(sql("ALTER {} {} RENAME {} {} TO {}", keyword, ident(*relation.path), Sql(what), *names), _AX)


def with_path(id: ObjectId, schema: str, name: str) -> ObjectId:
    """The id with another schema and name; a routine keeps its argument types, an operator class its method."""
    return ObjectId(id.kind, (schema, name, *id.path[2:]))


def name_of(id: ObjectId) -> str:
    """The last name of the path that isn't an argument list or an access method."""
    names = id.path if id.kind in MEMBERS else id.path[:2]
    return names[-1]


def called_by_applications(obj: DbObject) -> bool:
    """Whether a running application may say the object's name."""
    if obj.id.kind in CALLABLE:
        return getattr(obj, "returns", "") not in ("trigger", "event_trigger")
    return obj.id.kind not in _UNSEEN and obj.id.kind not in MEMBERS - {"column", "view_column"}


_UNSEEN: Final = frozenset(
    {
        "index",
        "statistics",
        "event_trigger",
        "publication",
        "server",
        "foreign_data_wrapper",
        "conversion",
        "operator_class",
        "operator_family",
        "ts_parser",
        "ts_template",
        "ts_dictionary",
    }
)
