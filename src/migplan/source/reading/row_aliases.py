"""Names of columns in queries that PostgreSQL prints by place: ``FROM t q(x, y)``, and ``FROM f() f(id, name)``.

Of a function's rows it prints those of the moment at which the query was read, where they are the row type's own as
well: those say nothing and are left out. All others are kept by the columns' own names (``names_by_place.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import ident
from migplan.kinds.column import Column
from migplan.kinds.composite_type import Attribute, CompositeType
from migplan.kinds.function import Routine
from migplan.kinds.materialized_view import MaterializedView
from migplan.kinds.policy import Policy
from migplan.kinds.rule import Rule
from migplan.kinds.view import View
from migplan.kinds.view_column import OutputColumn
from migplan.source.reading.names_by_place import NameList, Names, by_name, lists_of_relations, names_in_brackets

if TYPE_CHECKING:
    from migplan.source.text.lexer import Token

Row = tuple[tuple[str, ...], Names]
"""The path of a row's type, and its columns."""
Named = Column | Attribute | OutputColumn
Uses = dict[ObjectId, frozenset[ObjectId]]
_NAME: Final = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")*")'
_LIST: Final = re.compile(rf'(?:\.{_NAME}|\)) {_NAME}\((?:[^\W\d]|")')
"""Where a list may stand: most queries have none."""
_WITH_COLUMNS: Final = frozenset({"table", "foreign_table", "view", "materialized_view", "composite_type"})


def without_row_aliases(objects: dict[ObjectId, DbObject]) -> dict[ObjectId, DbObject]:
    """The objects, with queries that give names by columns, not by place."""
    listing = {id: obj for id, obj in objects.items() if any(map(_LIST.search, _queries(obj).values()))}
    if not listing:
        return objects
    called: dict[tuple[str, ...], Row] = {}
    for id, (row, columns) in rows_of_functions(objects).items():
        path, found = id.path[:2], (row, _names(columns))
        called[path] = found if called.get(path, found) == found else (row, ())
    relations = _relations(objects, {id.path for id in objects})
    changed = {id: replace(obj, **_cleared(obj, relations, called)) for id, obj in listing.items()}
    return {**objects, **changed}


def with_columns_of_rows(objects: Mapping[ObjectId, DbObject], uses: Mapping[ObjectId, frozenset[ObjectId]]) -> Uses:
    """What queries use, with the columns of functions' rows that they name: before 15, PostgreSQL records none."""
    from migplan.source.text.lexer import tokens

    rows = rows_of_functions(objects)
    found = dict(uses)
    for id, used in uses.items() if rows else ():
        read = [column for function in used & rows.keys() for column in rows[function][1]]
        if read and (text := "\n".join(_queries(objects[id]).values())):
            named = {t.name for t in tokens(text) if t.is_name}
            found[id] = used | {c.id for c in read if isinstance(c, Column) and c.name in named}
    return found


def rows_of_functions(objects: Mapping[ObjectId, DbObject]) -> dict[ObjectId, tuple[tuple[str, ...], list[Named]]]:
    """The types of the rows that functions return, and their columns in their order; none for other functions of such a
    name."""
    functions = [o for o in objects.values() if isinstance(o, Routine)]
    wanted = {f.returns for f in functions if "." in f.returns}
    paths = {str(ident(*id.path)): id.path for id in objects if id.kind in _WITH_COLUMNS} if wanted else {}
    types = _relations(objects, {paths[type] for type in wanted & paths.keys()})
    rows = {f.id: paths.get(f.returns, ()) for f in functions}
    names = {id.path[:2] for id, row in rows.items() if row in types}
    return {id: (row, types.get(row, [])) for id, row in rows.items() if id.path[:2] in names}


def _names(columns: Iterable[Named]) -> Names:
    return tuple(column.name for column in columns)


def _relations(
    objects: Mapping[ObjectId, DbObject], wanted: set[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Named]]:
    """The columns of those tables, views and types that are rows, in their order."""
    found: dict[tuple[str, ...], list[Named]] = {}
    members: list[Column] = []
    for obj in objects.values():
        if isinstance(obj, Column):
            members.append(obj)
        elif isinstance(obj, CompositeType | View | MaterializedView) and obj.id.path in wanted:
            found[obj.id.path] = list(obj.attributes if isinstance(obj, CompositeType) else obj.columns)
    for column in sorted(members, key=lambda c: c.position):
        if column.relation.path in wanted:
            found.setdefault(column.relation.path, []).append(column)
    return found


def columns_of_rows(objects: Mapping[ObjectId, DbObject]) -> dict[tuple[str, ...], Names]:
    """The columns of every table, view and composite type, in their order."""
    return {path: _names(found) for path, found in _relations(objects, {id.path for id in objects}).items()}


def _queries(obj: DbObject) -> dict[str, str]:
    """The fields that hold queries as PostgreSQL prints them."""
    match obj:
        case View() | MaterializedView() | Rule() | Routine(standard_body=True):
            return {"definition": obj.definition}
        case Policy():
            return {name: text for name, text in (("using", obj.using), ("check", obj.check)) if text}
        case _:
            return {}


def _cleared(
    obj: DbObject, relations: Mapping[tuple[str, ...], list[Named]], called: Mapping[tuple[str, ...], Row]
) -> dict[str, str]:
    return {name: cleared_text(text, relations, called) for name, text in _queries(obj).items()}


def cleared_text(
    text: str, relations: Mapping[tuple[str, ...], Iterable[Named]], called: Mapping[tuple[str, ...], Row]
) -> str:
    """The query with the names that it gives the columns of ``relations``, and of the rows of functions ``called``, by
    columns."""
    from migplan.source.text.lexer import tokens  # only few schemas give any

    read = list(tokens(text))
    columns = {path: _names(found) for path, found in relations.items()}
    return by_name(text, read, [*lists_of_relations(read, columns), *_of_calls(read, called)])


def _of_calls(read: Sequence[Token], called: Mapping[tuple[str, ...], Row]) -> Iterator[NameList]:
    """Where such names stand: ``schema.function(…) alias(names)``."""
    for n in range(len(read) - 3):
        if not read[n].is_name or read[n + 1].text != "." or not read[n + 2].is_name or read[n + 3].text != "(":
            continue
        row, columns = called.get((read[n].name, read[n + 2].name), ((), ()))
        closed = _closing(read, n + 3) if columns else None
        if closed is None or closed + 2 >= len(read) or read[closed + 2].text != "(" or not read[closed + 1].is_name:
            continue
        names = names_in_brackets(read, closed + 2)
        if names is not None and len(names) <= len(columns):
            yield NameList(read[closed + 1].end, read[closed + 2 + 2 * len(names)].end, names, columns, row)


def _closing(read: Sequence[Token], opening: int) -> int | None:
    """The place of the parenthesis that closes that one; None where it is none."""
    depth = 0
    for n in range(opening, len(read)):
        depth += {"(": 1, ")": -1}.get(read[n].text, 0)
        if depth == 0:
            return n if n > opening else None
    return None
