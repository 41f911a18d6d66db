"""Range types, each with its multirange type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, LiteralString

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import Part, Statement, temporary_name
from migplan.kinds._catalog_names import function_name, qualified
from migplan.kinds._named_type import NamedTypeKind
from migplan.kinds.base import PG_TYPE, Address, Found, Reading, made_by_users, not_of_extension, simple_part


@packed
class Range(DbObject):
    """A range over ``subtype``; operator class and collation only where they aren't the subtype's defaults.

    ``multirange`` is the (schema, name) of its multirange type.
    """

    subtype: str
    operator_class: str | None = None
    collation: str | None = None
    subtype_diff: str | None = None
    multirange: tuple[str, str]


class RangeKind(NamedTypeKind[Range]):
    """Rows of pg_range, but those with a canonical function, which ``unmodelled`` names."""

    name = "range"
    holds = made_by_users("pg_range", oid="rngtypid")

    def query(self, major: int) -> str:
        return f"""
SELECT t.oid, r.rngmultitypid, n.nspname::text, t.typname::text, t.typowner, t.typacl::text[],
       format_type(r.rngsubtype, NULL),
       CASE WHEN NOT opc.opcdefault OR opc.opcintype <> r.rngsubtype THEN
         {qualified("pg_opclass", "opc", "r.rngsubopc")} END,
       CASE WHEN r.rngcollation <> s.typcollation THEN {qualified("pg_collation", "coll", "r.rngcollation")} END,
       {function_name("r.rngsubdiff")}, ARRAY[mn.nspname::text, m.typname::text]
FROM pg_range r
JOIN pg_type t ON t.oid = r.rngtypid
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type s ON s.oid = r.rngsubtype
JOIN pg_type m ON m.oid = r.rngmultitypid
JOIN pg_namespace mn ON mn.oid = m.typnamespace
JOIN pg_opclass opc ON opc.oid = r.rngsubopc
WHERE r.rngcanonical = 0 AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TYPE, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Range]]:
        oid, multirange_oid, schema, name, owner, acl, subtype, opclass, collation, diff, multirange = row
        found = Range(
            id=ObjectId("range", (schema, name)),
            comment=reading.comment(PG_TYPE, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            subtype=subtype,
            operator_class=opclass,
            collation=collation,
            subtype_diff=diff,
            multirange=(multirange[0], multirange[1]),
        )
        yield Address(PG_TYPE, oid), found
        yield Address(PG_TYPE, multirange_oid), found

    def parts(self, obj: Range, catalog: Catalog) -> list[Part]:
        create = Statement(sql("CREATE TYPE {} AS RANGE ({})", self.sql_name(obj), _options(obj)))
        drop = Statement(sql("DROP TYPE {}", self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Range, new: Range, before: Catalog, after: Catalog) -> list[Statement] | None:
        return None

    def contract(self, old: Range, new: Range) -> str | None:
        return f"tolerates both forms of {new.id}"

    def set_aside(self, obj: Range, name: str) -> list[Statement] | None:
        """The multirange type and the constructor functions don't follow the range's name."""
        schema, multirange = obj.multirange
        constructors = _constructors(obj, self.sql_name(obj))
        renamed = [
            sql("ALTER FUNCTION {}({}) RENAME TO {}", ident(*path), arguments, ident(temporary_name(path[1], "old")))
            for path, arguments in constructors
        ]
        types = [
            sql("ALTER TYPE {} RENAME TO {}", self.sql_name(obj), ident(name)),
            sql("ALTER TYPE {} RENAME TO {}", ident(schema, multirange), ident(temporary_name(multirange, "old"))),
        ]
        return [Statement(command) for command in (*renamed, *types)]


def renamed_range(range: Range, to: ObjectId) -> Range:
    """The range under another id, with its multirange where PostgreSQL had named that after it."""
    follows = range.multirange == made_up_multirange(range.id)
    return replace(range, id=to, multirange=made_up_multirange(to) if follows else range.multirange)


def made_up_multirange(id: ObjectId) -> tuple[str, str]:
    """The multirange's (schema, name) where CREATE TYPE doesn't say it (makeMultirangeTypeName), at most 63 bytes."""
    schema, name = id.path
    if "range" in name:
        return schema, _cut(name.replace("range", "multirange", 1), 63)
    return schema, f"{_cut(name, 52)}_multirange"


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")


def followers(old: Range, new: Range) -> list[Statement]:
    """What ALTER TYPE of a range leaves behind: its constructors, and a multirange that was named after it."""
    sides = zip(_constructors(old, ident(*new.id.path)), _constructors(new, ident(*new.id.path)), strict=True)
    moved = _moved("TYPE", old.multirange, new.multirange, None)
    for (origin, arguments), (target, _) in sides:
        moved += _moved("FUNCTION", origin, target, arguments)
    return moved


def _moved(what: LiteralString, old: tuple[str, str], new: tuple[str, str], arguments: Sql | None) -> list[Statement]:
    given = Sql("") if arguments is None else sql("({})", arguments)
    found: list[Sql] = []
    if old[1] != new[1]:
        found.append(sql("ALTER {} {}{} RENAME TO {}", Sql(what), ident(*old), given, ident(new[1])))
    if old[0] != new[0]:
        found.append(sql("ALTER {} {}{} SET SCHEMA {}", Sql(what), ident(old[0], new[1]), given, ident(new[0])))
    return [Statement(command) for command in found]


def _options(range: Range) -> Sql:
    options = [sql("subtype = {}", deparsed(range.subtype))]
    if range.operator_class is not None:
        options.append(sql("subtype_opclass = {}", deparsed(range.operator_class)))
    if range.collation is not None:
        options.append(sql("collation = {}", deparsed(range.collation)))
    if range.subtype_diff is not None:
        options.append(sql("subtype_diff = {}", deparsed(range.subtype_diff)))
    options.append(sql("multirange_type_name = {}", ident(*range.multirange)))
    return join(", ", options)


def _constructors(range: Range, name: Sql) -> list[tuple[tuple[str, str], Sql]]:
    """Path and argument types of the functions that PostgreSQL makes along with a range (makeRangeConstructors)."""
    path = (range.id.path[0], range.id.path[1])
    subtype = deparsed(range.subtype)
    return [
        (path, sql("{}, {}", subtype, subtype)),
        (path, sql("{}, {}, text", subtype, subtype)),
        (range.multirange, Sql("")),
        (range.multirange, name),
        (range.multirange, sql("{}[]", name)),
    ]


KINDS = (RangeKind(),)
