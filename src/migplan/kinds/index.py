"""Indexes that no constraint owns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds._descendants import behind_bare, changes_parents, must_let_go
from migplan.kinds.base import (
    PG_CLASS,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    option_changes,
    option_list,
    options,
    simple_part,
)
from migplan.kinds.equal_keys import behind_chosen

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
_RELATION_KINDS = {"r": "table", "p": "table", "m": "materialized_view", "f": "foreign_table"}


@packed
class Index(DbObject):
    """An index of ``relation``.

    ``definition`` is pg_get_indexdef from ``USING`` on, without WITH (…); ``parent`` is the partitioned index it
    is attached to; ``partitioned`` says that it is one itself. ``statistics`` are targets by column number.
    ``keys`` are the columns and expressions of a unique one, ``predicate`` its rows where it is partial.
    An invalid index (a CREATE INDEX CONCURRENTLY that failed) differs from a valid one.
    """

    relation: ObjectId
    unique: bool = False
    definition: str
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    clustered: bool = False
    partitioned: bool = False
    parent: ObjectId | None = None
    statistics: tuple[tuple[int, int], ...] = ()
    valid: bool = True
    keys: tuple[str, ...] = field(default=(), compare=False)
    predicate: str | None = field(default=None, compare=False)

    @property
    def table(self) -> ObjectId | None:
        return self.relation


class IndexKind(Kind[Index]):
    """Rows of pg_index without a constraint."""

    name = "index"
    keyword = "INDEX"

    def query(self, major: int) -> str:
        return f"""
SELECT i.oid, n.nspname::text, i.relname::text, tn.nspname::text, t.relname::text, t.relkind::text, t.relowner,
       x.indisunique, pg_get_indexdef(i.oid), i.reloptions, ts.spcname::text, x.indisclustered, i.relkind = 'I',
       CASE WHEN i.relispartition THEN
         (SELECT ARRAY[pn.nspname::text, p.relname::text, k.conname::text, kt.relname::text]
            FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
            JOIN pg_namespace pn ON pn.oid = p.relnamespace
            LEFT JOIN pg_constraint k ON k.conindid = p.oid AND k.contype IN ('p', 'u', 'x')
            LEFT JOIN pg_class kt ON kt.oid = k.conrelid
           WHERE h.inhrelid = i.oid) END,
       CASE WHEN 0 = ANY(x.indkey) THEN
         (SELECT array_agg(ARRAY[a.attnum, a.attstattarget]::int[] ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = i.oid AND a.attstattarget >= 0) END,
       x.indisvalid OR i.relkind = 'I',
       CASE WHEN x.indisunique THEN
         (SELECT array_agg(pg_get_indexdef(i.oid, k, false) ORDER BY k) FROM generate_series(1, x.indnkeyatts) k) END,
       CASE WHEN x.indisunique THEN pg_get_expr(x.indpred, x.indrelid) END
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
WHERE t.relkind IN ('r', 'p', 'm', 'f') AND t.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k
                   WHERE k.conindid = x.indexrelid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x'))
  AND {not_of_extension(PG_CLASS, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Index]]:
        oid, schema, name, table_schema, table, relkind, owner, unique, definition, reloptions, tablespace = row[:11]
        clustered, partitioned, parent, statistics, valid, keys, predicate = row[11:]
        yield (
            Address(PG_CLASS, oid),
            Index(
                id=ObjectId("index", (schema, name)),
                comment=reading.comment(PG_CLASS, oid),
                owner=reading.roles.get(owner, ""),
                relation=reading.relation(_RELATION_KINDS[relkind], table_schema, table),
                unique=unique,
                definition=_tail(definition, name, table_schema, table, reloptions),
                options=options(reloptions),
                tablespace=tablespace,
                clustered=clustered,
                partitioned=partitioned,
                parent=_parent(parent),
                statistics=tuple((n, target) for n, target in statistics or ()),
                valid=valid,
                keys=tuple(keys or ()),
                predicate=predicate,
            ),
        )

    def parts(self, obj: Index, catalog: Catalog) -> list[Part]:
        uses = {*catalog.uses.get(obj.id, ()), obj.relation} - ({obj.parent} if obj.parent else set[ObjectId]())
        bare = behind_bare(obj.id, obj.relation, catalog) if obj.partitioned else set[ObjectId]()
        uses |= attached_to(obj.id, catalog) | _behind_twins(obj, catalog) | bare | behind_chosen(obj, catalog)
        create = [create_index(obj), *index_extras(obj)]
        parts = [simple_part(obj.id, create, [drop_index(obj, keys=_carries_keys(obj.id, catalog))], uses)]
        if obj.parent is not None:
            parts.append(_attachment(obj, obj.parent))
        return parts

    def alter(self, old: Index, new: Index, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if fields - {"options", "tablespace", "clustered", "statistics", "parent"}:
            return None
        target = self.reference(new)
        statements = option_changes(target, old.options, new.options, SUE)
        if "parent" in fields and old.parent is not None and new.parent is not None:
            if not changes_parents(new.relation, before, after):
                return None
            fields -= {"parent"}
        if "parent" in fields and new.parent is None and must_let_go(new.relation, old.parent, before, after):
            return None
        if "parent" in fields and new.parent is not None:
            statements += _attachment(new, new.parent).create
        if "tablespace" in fields:
            command = sql("ALTER {} SET TABLESPACE {}", target, ident(new.tablespace or "pg_default"))
            statements.append(Statement(command, AX, rewrite=True, timing=Timing.LONG))
        if "clustered" in fields:
            statements.append(set_clustered(new))
        if "statistics" in fields:
            gone = tuple((n, -1) for n, _ in old.statistics if n not in dict(new.statistics))
            statements += _statistics(new, gone + new.statistics)
        return statements

    def alter_uses(self, old: Index, new: Index, after: Catalog) -> frozenset[ObjectId]:
        """Only an index of a partition can be attached."""
        attaches = new.parent is not None and new.parent != old.parent
        return frozenset({new.relation.child("attachment", "")} if attaches else ())

    def reshapes(self, old: Index, new: Index) -> bool:
        return False

    def contract(self, old: Index, new: Index) -> str | None:
        said = [
            f"handles duplicate-key errors of {new.id}" if is_tightened(old, new) else "",
            "" if is_still_inferred(old, new) else f"has no ON CONFLICT that needs the former {old.id}",
        ]
        return " and ".join(filter(None, said)) or None

    def create_contract(self, obj: Index, before: Catalog) -> str | None:
        return f"handles duplicate-key errors of {obj.id}" if obj.unique and obj.relation in before else None

    def drop_contract(self, obj: Index) -> str | None:
        return f"has no query that needs {obj.id}"

    def owner_statements(self, obj: Index, owner: str) -> list[Statement]:
        return []


def is_tightened(old: Index, new: Index) -> bool:
    """Whether rows that the old one let in together may be refused: keys of fewer columns, or of more rows."""
    apart = old.unique and set(old.keys) <= set(new.keys) and old.predicate in (None, new.predicate)
    return new.unique and not (apart and (_nulls_alike(old) or not _nulls_alike(new)))


def is_still_inferred(old: Index, new: Index) -> bool:
    """Whether ON CONFLICT finds the new one wherever it found the old: it wants exactly a unique index's columns."""
    same = new.unique and set(old.keys) == set(new.keys) and new.predicate in (None, old.predicate)
    return same or not old.unique


def _nulls_alike(index: Index) -> bool:
    return "NULLS NOT DISTINCT" in index.definition


def _behind_twins(index: Index, catalog: Catalog) -> set[ObjectId]:
    """ATTACH takes the first index of a partition that fits: one beside those that are declared to hang comes later."""
    twins = (
        i
        for i in catalog.members_of(index.relation, Index)
        if index.parent is None and i.parent is not None and i.definition == index.definition
    )
    found = {attached for t in twins for attached in (t.id.child("attachment", ""), t.relation.child("attachment", ""))}
    return found | _behind_partitions(index, catalog)


def _behind_partitions(index: Index, catalog: Catalog) -> set[ObjectId]:
    """Of two equal indexes of a partitioned table, ATTACH could take one for the other: the partitions are there
    before."""
    equal = (i for i in catalog.members_of(index.relation, Index) if i.definition == index.definition)
    if all(i.id == index.id for i in equal):
        return set()
    children = (catalog.get(child, Index) for child in attached_to(index.id, catalog))
    return {child.relation.child("attachment", "") for child in children if child is not None}


def _carries_keys(index: ObjectId, catalog: Catalog) -> bool:
    children = attached_to(index, catalog)
    return any(child.kind == "constraint" or _carries_keys(child, catalog) for child in children)


def attached_to(parent: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """The indexes and keys of partitions that hang on a partitioned one: made before it, and dropped after it."""
    return catalog.index_children.get(parent, frozenset())


def create_index(index: Index, *, concurrently: bool = False, name: str | None = None) -> Statement:
    """``CREATE INDEX``; on a partitioned table ``ON ONLY``, its partitions' indexes are attached one by one.

    ``name`` stands in for the index's own (a temporary one).
    """
    command = sql(
        "CREATE {}INDEX {}{} ON {}{} {}",
        Sql("UNIQUE " if index.unique else ""),
        Sql("CONCURRENTLY " if concurrently else ""),
        ident(name or index.id.path[-1]),
        Sql("ONLY " if index.partitioned else ""),
        ident(*index.relation.path),
        _with_clauses(index),
    )
    lock = SUE if concurrently else LockMode.SHARE
    return Statement(command, lock, scan=not index.partitioned, transactional=not concurrently, timing=Timing.LONG)


def drop_index(index: Index, *, concurrently: bool = False, keys: bool = False) -> Statement:
    """``DROP INDEX``, which locks table and index exclusively unless done CONCURRENTLY.

    An attached index went with its parent's, or with its table; only a detached one is still there to be dropped.
    ``keys`` of partitions that hang on it go only with CASCADE.
    """
    option = Sql("CONCURRENTLY " if concurrently else "IF EXISTS " if index.parent is not None else "")
    command = sql("DROP INDEX {}{}{}", option, ident(*index.id.path), Sql(" CASCADE" if keys else ""))
    return Statement(command, SUE if concurrently else AX, transactional=not concurrently)


def index_extras(index: Index) -> list[Statement]:
    """What CREATE INDEX can't say: statistics targets and CLUSTER ON."""
    return [*_statistics(index, index.statistics), *([set_clustered(index)] if index.clustered else [])]


def _attachment(index: Index, parent: ObjectId) -> Part:
    command = sql("ALTER INDEX {} ATTACH PARTITION {}", ident(parent.path[0], parent.path[-1]), ident(*index.id.path))
    uses = frozenset({parent, index.id, index.relation.child("attachment", "")})
    return Part((Statement(command, AX),), (), frozenset({index.id.child("attachment", "")}), uses)


def _tail(definition: str, name: str, schema: str, table: str, reloptions: list[str] | None) -> str:
    """pg_get_indexdef from USING on, less its WITH (…) clause, which is compared as pairs."""
    names = len("CREATE INDEX ") + len(name) + len(schema) + len(table)
    tail = definition[definition.index(" USING ", names) + 1 :]
    if reloptions:
        before, found, rest = tail.rpartition(" WITH (")
        if found:
            tail = before + rest[_closing(rest) + 1 :]
    return tail


def _closing(text: str) -> int:
    """Where the parenthesis that was opened before ``text`` closes; quotes hide parentheses."""
    depth, quote = 1, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def _with_clauses(index: Index) -> Sql:
    """The definition with WITH (…) and TABLESPACE put before its WHERE."""
    added = EMPTY
    if index.options:
        added = sql(" WITH ({})", option_list(index.options))
    if index.tablespace:
        added = sql("{} TABLESPACE {}", added, ident(index.tablespace))
    if not added:
        return deparsed(index.definition)
    head, found, tail = index.definition.rpartition(" WHERE ")
    return deparsed(head + added + found + tail) if found else deparsed(index.definition + added)


def _statistics(index: Index, targets: Iterable[tuple[int, int]]) -> list[Statement]:
    name = ident(*index.id.path)
    return [
        Statement(sql("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}", name, number, target), SUE)
        for number, target in targets
    ]


def set_clustered(index: Index) -> Statement:
    table = ident(*index.relation.path)
    kind = Sql("MATERIALIZED VIEW" if index.relation.kind == "materialized_view" else "TABLE")
    name = ident(index.id.path[-1])
    clause = sql("CLUSTER ON {}", name) if index.clustered else Sql("SET WITHOUT CLUSTER")
    return Statement(sql("ALTER {} {} {}", kind, table, clause), SUE)


def _parent(row: list[str | None] | None) -> ObjectId | None:
    if row is None:
        return None
    schema, name, constraint, table = row
    assert schema is not None
    assert name is not None
    if constraint is not None and table is not None:
        return ObjectId("constraint", (schema, table, constraint))
    return ObjectId("index", (schema, name))


KINDS = (IndexKind(),)
