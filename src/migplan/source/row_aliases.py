"""Names that PostgreSQL gives the columns of a function's rows where it prints a query: ``FROM f() f(id, name)``.

It prints those of the moment at which the query was read. Where they are the row type's own they say nothing, but say
it by place: a query that is read again while the type has other columns, or has them in another order, would give them
to the wrong ones. So they are left out, and each column goes by its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import ident
from migplan.kinds.column import Column
from migplan.kinds.composite_type import Attribute, CompositeType
from migplan.kinds.function import Routine
from migplan.kinds.materialized_view import MaterializedView
from migplan.kinds.rule import Rule
from migplan.kinds.view import View
from migplan.kinds.view_column import OutputColumn

if TYPE_CHECKING:
    from migplan.source.lexer import Token

Names = tuple[str, ...]
Named = Column | Attribute | OutputColumn
Uses = dict[ObjectId, frozenset[ObjectId]]


def without_row_aliases(objects: dict[ObjectId, DbObject]) -> dict[ObjectId, DbObject]:
    """The objects, with queries that leave those names out."""
    called: dict[tuple[str, ...], Names] = {}
    for id, columns in _rows(objects).items():
        path = id.path[:2]
        called[path] = _names(columns) if called.get(path, _names(columns)) == _names(columns) else ()
    if not called:
        return objects
    return {id: _cleared(obj, called) for id, obj in objects.items()}


def with_columns_of_rows(objects: Mapping[ObjectId, DbObject], uses: Mapping[ObjectId, frozenset[ObjectId]]) -> Uses:
    """What queries use, with the columns of functions' rows that they name: before 15, PostgreSQL records none."""
    from migplan.source.lexer import tokens

    rows = _rows(objects)
    found = dict(uses)
    for id, used in uses.items() if rows else ():
        read = [column for function in used & rows.keys() for column in rows[function]]
        if read and (text := _query(objects[id])):
            named = {t.name for t in tokens(text) if t.is_name}
            found[id] = used | {c.id for c in read if isinstance(c, Column) and c.name in named}
    return found


def _rows(objects: Mapping[ObjectId, DbObject]) -> dict[ObjectId, list[Named]]:
    """The columns of the rows that functions return, in their order; none for other functions of such a name."""
    functions = [o for o in objects.values() if isinstance(o, Routine)]
    qualified = {f.returns for f in functions if "." in f.returns}
    types = _row_types(objects, qualified) if qualified else {}
    names = {f.id.path[:2] for f in functions if f.returns in types}
    return {f.id: types.get(f.returns, []) for f in functions if f.id.path[:2] in names}


def _names(columns: Iterable[Named]) -> Names:
    return tuple(column.name for column in columns)


def _row_types(objects: Mapping[ObjectId, DbObject], wanted: set[str]) -> dict[str, list[Named]]:
    """The columns of those types that are rows, in their order, by the types' text."""
    found: dict[str, list[Named]] = {}
    members: list[Column] = []
    for obj in objects.values():
        if isinstance(obj, Column):
            members.append(obj)
        elif isinstance(obj, CompositeType | View | MaterializedView) and (type := str(ident(*obj.id.path))) in wanted:
            found[type] = list(obj.attributes if isinstance(obj, CompositeType) else obj.columns)
    tables = {c.relation: str(ident(*c.relation.path)) for c in members}
    for column in sorted(members, key=lambda c: c.position):
        if tables[column.relation] in wanted:
            found.setdefault(tables[column.relation], []).append(column)
    return found


def _query(obj: DbObject) -> str | None:
    match obj:
        case View() | MaterializedView() | Rule() | Routine(standard_body=True):
            return obj.definition
        case _:
            return None


def _cleared(obj: DbObject, called: Mapping[tuple[str, ...], Names]) -> DbObject:
    text = _query(obj)
    if text is None or not isinstance(obj, View | MaterializedView | Rule | Routine):
        return obj
    cleared = cleared_text(text, called)
    return obj if cleared == text else replace(obj, definition=cleared)


def cleared_text(text: str, called: Mapping[tuple[str, ...], Names]) -> str:
    """The query without the names that calls of ``called`` (schema and name) give to the columns of their rows."""
    if not any(path[-1] in text for path in called):
        return text
    from migplan.source.lexer import tokens  # only few schemas have such functions

    read = list(tokens(text))
    for start, end in reversed(list(_aliases(read, called))):
        text = text[:start] + text[end:]
    return text


def _aliases(read: Sequence[Token], called: Mapping[tuple[str, ...], Names]) -> Iterator[tuple[int, int]]:
    """Where such names stand: ``schema.function(…) alias(names)``."""
    for n in range(len(read) - 3):
        if not read[n].is_name or read[n + 1].text != "." or not read[n + 2].is_name or read[n + 3].text != "(":
            continue
        columns = called.get((read[n].name, read[n + 2].name))
        closed = None if columns is None else _closing(read, n + 3)
        if columns is None or closed is None or closed + 2 >= len(read):
            continue
        end = _closing(read, closed + 2)
        if not read[closed + 1].is_name or end is None:
            continue
        names = tuple(t.name for t in read[closed + 3 : end : 2])
        if names == columns[: len(names)] and all(t.text == "," for t in read[closed + 4 : end : 2]):
            yield read[closed + 1].end, read[end].end


def _closing(read: Sequence[Token], opening: int) -> int | None:
    """The place of the parenthesis that closes that one; None where it is none."""
    depth = 0
    for n in range(opening, len(read)):
        depth += {"(": 1, ")": -1}.get(read[n].text, 0)
        if depth == 0:
            return n if n > opening else None
    return None
