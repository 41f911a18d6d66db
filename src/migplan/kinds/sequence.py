"""Sequences, except those inside identity columns, which belong to their columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, literal, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_CLASS, Address, Found, Kind, Reading, made_by_users, not_of_extension, simple_part

_OPTIONS = frozenset({"type", "start", "increment", "minimum", "maximum", "cache", "cycle"})


@packed
class Sequence(DbObject):
    """A sequence of ``type`` smallint, integer or bigint; ``owned_by`` is the column that it is dropped with."""

    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool
    unlogged: bool = False
    owned_by: ObjectId | None = None


class SequenceKind(Kind[Sequence]):
    """Rows of pg_sequence that don't depend internally on a column."""

    name = "sequence"
    keyword = "SEQUENCE"
    holds = made_by_users("pg_sequence", oid="seqrelid")
    privileges = _acl.SEQUENCE
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.relname::text, c.relowner, c.relacl::text[],
       format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       c.relpersistence = 'u',
       CASE WHEN o.oid IS NOT NULL THEN ARRAY[ons.nspname::text, o.relname::text, a.attname::text] END
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = {PG_CLASS} AND d.objid = c.oid AND d.objsubid = 0
     AND d.refclassid = {PG_CLASS} AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class o ON o.oid = d.refobjid
LEFT JOIN pg_namespace ons ON ons.oid = o.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relpersistence <> 't' AND d.deptype IS DISTINCT FROM 'i' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Sequence]]:
        oid, schema, name, owner, acl, type, start, increment, minimum, maximum, cache, cycle = row[:12]
        unlogged, column = row[12:]
        sequence = Sequence(
            id=ObjectId("sequence", (schema, name)),
            comment=reading.comment(PG_CLASS, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            type=type,
            start=start,
            increment=increment,
            minimum=minimum,
            maximum=maximum,
            cache=cache,
            cycle=cycle,
            unlogged=unlogged,
            owned_by=ObjectId("column", tuple(column)) if column else None,
        )
        yield Address(PG_CLASS, oid), sequence

    def parts(self, obj: Sequence, catalog: Catalog) -> list[Part]:
        """The sequence, and its ownership: a column's default may need the first before the second can be."""
        create = sql(
            "CREATE {}SEQUENCE {} AS {}{}",
            Sql("UNLOGGED ") if obj.unlogged else EMPTY,
            self.sql_name(obj),
            deparsed(obj.type),
            _options(obj),
        )
        drop = Statement(sql("DROP SEQUENCE {}", self.sql_name(obj)), LockMode.ACCESS_EXCLUSIVE)
        uses = frozenset(catalog.uses.get(obj.id, ())) - {obj.owned_by}
        parts = [simple_part(obj.id, [Statement(create)], [drop], uses)]
        if obj.owned_by is not None:
            parts.append(
                Part(
                    (owned_by(obj, obj.owned_by),),
                    (owned_by(obj, None),),
                    frozenset({ownership(obj.id)}),
                    frozenset({obj.id, obj.owned_by}),
                )
            )
        return parts

    def alter(self, old: Sequence, new: Sequence, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        name = self.sql_name(new)
        statements: list[Statement] = []
        if fields & _OPTIONS:
            cycle = EMPTY if new.cycle else Sql(" NO CYCLE")
            command = sql("ALTER SEQUENCE {} AS {}{}{}", name, deparsed(new.type), _options(new), cycle)
            statements += within_bounds(name, old, new)
            statements.append(Statement(command, LockMode.SHARE_ROW_EXCLUSIVE))
        if "unlogged" in fields:
            statements.append(set_logged(new))
        if "owned_by" in fields:
            statements.append(owned_by(new, new.owned_by))
        return statements

    def without_parts(self, obj: Sequence, parts: frozenset[ObjectId]) -> Sequence | None:
        return replace(obj, owned_by=None) if ownership(obj.id) in parts else obj

    def reshapes(self, old: Sequence, new: Sequence) -> bool:
        return False

    def drop_loses(self, obj: Sequence) -> str | None:
        return f"the current value of {obj.id}"

    def owner_statements(self, obj: Sequence, owner: str) -> list[Statement]:
        """An owned sequence follows its table's owner, and PostgreSQL refuses to set it apart."""
        return [] if obj.owned_by is not None else super().owner_statements(obj, owner)


class Bounds(Protocol):
    """What an ordinary sequence and an identity column's have in common."""

    @property
    def increment(self) -> int: ...
    @property
    def minimum(self) -> int: ...
    @property
    def maximum(self) -> int: ...


def within_bounds(name: Sql, old: Bounds, new: Bounds) -> list[Statement]:
    """What moves a value between tighter bounds before they are set: PostgreSQL refuses bounds that leave it outside.

    From below the minimum (of a descending sequence: above the maximum) the sequence starts anew at that end; beyond
    the other end it is exhausted.
    """
    if new.minimum <= old.minimum and new.maximum >= old.maximum:
        return []
    statements: list[Statement] = []
    low, high = min(old.minimum, new.minimum), max(old.maximum, new.maximum)
    if new.minimum > old.maximum or new.maximum < old.minimum:
        wider = sql("ALTER SEQUENCE {} AS bigint MINVALUE {} MAXVALUE {}", name, low, high)
        statements.append(Statement(wider, LockMode.SHARE_ROW_EXCLUSIVE))
    fresh = sql("last_value < {}", new.minimum) if new.increment > 0 else sql("last_value > {}", new.maximum)
    command = sql(
        "SELECT setval({}, least(greatest(last_value, {}), {}), is_called AND NOT {})"
        " FROM {} WHERE last_value NOT BETWEEN {} AND {}",
        literal(name),
        new.minimum,
        new.maximum,
        fresh,
        name,
        new.minimum,
        new.maximum,
    )
    statements.append(Statement(command, LockMode.ROW_EXCLUSIVE))
    return statements


def set_logged(sequence: Sequence) -> Statement:
    """``SET LOGGED`` or ``SET UNLOGGED``."""
    logged = Sql("UNLOGGED" if sequence.unlogged else "LOGGED")
    return Statement(sql("ALTER SEQUENCE {} SET {}", ident(*sequence.id.path), logged), LockMode.ACCESS_EXCLUSIVE)


def ownership(id: ObjectId) -> ObjectId:
    """What is provided once a sequence belongs to its column."""
    return ObjectId("sequence_ownership", id.path)


def _options(sequence: Sequence) -> Sql:
    return sql(
        " START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{}",
        sequence.start,
        sequence.increment,
        sequence.minimum,
        sequence.maximum,
        sequence.cache,
        Sql(" CYCLE") if sequence.cycle else EMPTY,
    )


def owned_by(sequence: Sequence, column: ObjectId | None) -> Statement:
    """What hangs a sequence on the column that it is to be dropped with."""
    owner = Sql("NONE") if column is None else ident(*column.path)
    command = sql("ALTER SEQUENCE {} OWNED BY {}", ident(*sequence.id.path), owner)
    return Statement(command, LockMode.SHARE_ROW_EXCLUSIVE)


KINDS = (SequenceKind(),)
