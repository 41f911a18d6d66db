"""A table with its partitions as one incarnation that stands aside: in a schema of its own, under its own names.

Indexes, constraints, NOT NULL constraints, row types and the sequences of identity columns move with their table when
it changes its schema. So nothing has to be renamed when two incarnations change places, and no name has to be cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.sql import Sql, ident, literal, sql
from migplan.core.steps import LockMode, Name, Part, Statement, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table, columns_of
from migplan.strategies.pieces import Pieces

_OWN_KINDS: Final = frozenset({"column", "default", "constraint", "index"})
_PARTS: Final = frozenset({"attachment", "replica_identity"})


def tables_of(root: ObjectId, catalog: Catalog) -> tuple[ObjectId, ...]:
    """The table and its partitions at every depth, parents first."""
    if root not in catalog:
        return ()
    children = sorted(t.id for t in catalog.of(Table) if t.partition_of == root)
    return (root, *(id for child in children for id in tables_of(child, catalog)))


def members_of(tables: Iterable[ObjectId], catalog: Catalog) -> frozenset[ObjectId]:
    """The tables, their columns, defaults, constraints and indexes, but no foreign keys: those join tables."""
    found = set[ObjectId]()
    for table in tables:
        found.add(table)
        found |= {o.id for o in catalog.members.get(table, ()) if o.id.kind in _OWN_KINDS and not _is_foreign_key(o)}
    return frozenset(found)


def _is_foreign_key(obj: DbObject) -> bool:
    return isinstance(obj, Constraint) and obj.type == FOREIGN_KEY


@record(slots=False)
class Family:
    """One incarnation (``label`` is old or new) of the table ``root``, as the catalog of ``pieces`` has it."""

    root: ObjectId
    label: str
    pieces: Pieces
    left_out: ObjectId | None = None
    """A partition that isn't made with the others: it is there already."""

    @property
    def catalog(self) -> Catalog:
        """The world in which it bears its true name."""
        return self.pieces.catalog

    @cached_property
    def tables(self) -> tuple[ObjectId, ...]:
        """The root and its partitions, parents first."""
        return tuple(id for id in tables_of(self.root, self.catalog) if id != self.left_out)

    @cached_property
    def members(self) -> frozenset[ObjectId]:
        """Everything that moves with the tables."""
        return members_of(self.tables, self.catalog)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The root's columns in their order."""
        return tuple(columns_of(self.root, self.catalog))

    @cached_property
    def schemas(self) -> Mapping[str, str]:
        """By schema of a table, the schema in which it stands aside."""
        return {id.path[0]: temporary_name(id.path[0], self.label) for id in self.tables}

    @property
    def live(self) -> Sql:
        """The root under its true name."""
        return ident(*self.root.path)

    @property
    def aside(self) -> Sql:
        """The root while it stands aside."""
        return ident(*self.moved(self.root).path)

    @property
    def log(self) -> tuple[str, str]:
        """The table in which changes wait that this incarnation misses, while it stands aside."""
        schema, name = self.moved(self.root).path
        return schema, temporary_name(name, "log")

    def moved(self, id: ObjectId) -> ObjectId:
        """The id that a member (or a part of one) has while it stands aside; others keep theirs."""
        if not self._belongs(id):
            return id
        return ObjectId(id.kind, (self.schemas[id.path[0]], *id.path[1:]))

    def _belongs(self, id: ObjectId) -> bool:
        return id in self.members or (id.kind in _PARTS and id.path[:-1] in self._paths)

    @cached_property
    def _paths(self) -> frozenset[tuple[str, ...]]:
        return frozenset(m.path for m in self.members)

    def _world(self, ids: Iterable[ObjectId]) -> Pieces:
        catalog, kept = self.catalog, sorted(ids)
        objects = {self.moved(id): self._aside_object(catalog[id]) for id in kept}
        uses = {self.moved(id): frozenset(map(self.moved, catalog.uses.get(id, ()))) for id in kept}
        return replace(self.pieces, catalog=replace(catalog, objects=objects, uses=uses))

    def _aside_object(self, obj: DbObject) -> DbObject:
        changed: dict[str, Any] = {f.name: self._aside_value(getattr(obj, f.name)) for f in fields(obj)}
        if isinstance(obj, Column) and obj.identity is not None:
            schema, name = obj.identity.sequence
            changed["identity"] = replace(obj.identity, sequence=(self.schemas.get(schema, schema), name))
        if isinstance(obj, Column) and is_unproved(obj):
            changed["not_null"] = None
        if isinstance(obj, Table):
            changed |= {"row_security": False, "force_row_security": False}
        return replace(obj, **changed)

    def _aside_value(self, value: Any) -> object:
        if isinstance(value, ObjectId):
            return self.moved(value)
        return value

    @cached_property
    def _late(self) -> frozenset[ObjectId]:
        """What is built once the rows are there: faster, or (deferrable keys) impossible to fill past."""
        objects = (self.catalog[id] for id in self.members)
        return frozenset(o.id for o in objects if comes_late(o))

    @cached_property
    def _unproved(self) -> frozenset[ObjectId]:
        """What isn't said of all rows: copies of those that violate it must come in."""
        return frozenset(id for id in self.members if is_unproved(self.catalog[id]))

    @property
    def unproved(self) -> Iterable[Statement]:
        """What says it of new rows, once it bears its true name."""
        for id in sorted(self._unproved):
            obj = self.catalog[id]
            if isinstance(obj, Column) and not obj.inherited:
                yield from kind_of(id).alter(replace(obj, not_null=None), obj, self.catalog, self.catalog) or ()
            elif isinstance(obj, Constraint) and not obj.inherited:
                yield from (s for part in self.pieces.of(id) for s in part.create)

    @cached_property
    def first_parts(self) -> list[Part]:
        """What makes the tables with their keys, ready to be filled."""
        later = self._late | {id for id in self._unproved if id.kind == "constraint"}
        world = self._world(self.members - later)
        tables = (
            replace(t, replica_identity="d") if isinstance(t.replica_identity, ObjectId) else t
            for t in world.catalog.of(Table)
        )
        world = replace(
            world, catalog=replace(world.catalog, objects={**world.catalog.objects, **{t.id: t for t in tables}})
        )
        made = world.absorbed(world.catalog.objects)
        return _in_order([p for id in world.catalog.objects if id not in made for p in world.of(id)])

    @cached_property
    def last_parts(self) -> list[Part]:
        """The indexes and keys that come after the rows, and what hangs on them."""
        world = self._world(self.members)
        late = {self.moved(id) for id in self._late}
        parts = [p for id in sorted(late) for p in world.of(id)]
        for table in world.catalog.of(Table):
            parts += [
                p
                for p in kind_of(table.id).parts(table, world.catalog)
                if any(i.kind == "replica_identity" for i in p.provides)
            ]
        return _in_order(parts)

    @property
    def without_last_parts(self) -> Iterable[Statement]:
        """What takes them away; those of a partition that belong to its parent's go with that."""
        world = self._world(self.members)
        for id in sorted(map(self.moved, self._late)):
            obj = world.catalog[id]
            parent = obj.parent if isinstance(obj, Index) else obj.index_parent if isinstance(obj, Constraint) else None
            if parent is None:
                yield from (replace(s, lock=LockMode.NONE, stronger=()) for p in world.of(id) for s in p.drop)

    @cached_property
    def uses(self) -> frozenset[ObjectId]:
        """What it stands on beside itself."""
        parts = [*self.first_parts, *self.last_parts]
        provided = {id for p in parts for id in p.provides}
        return frozenset(u for p in parts for u in p.uses) - provided

    @cached_property
    def provides(self) -> frozenset[ObjectId]:
        """What exists once it bears its true name."""
        return self.members | {id for m in self.members for p in self.pieces.of(m) for id in p.provides}

    @property
    def names(self) -> frozenset[Name]:
        """What it is called, once it bears its true name."""
        return frozenset(n for id in self.members for n in names_of(self.catalog[id]))


def comes_late(obj: DbObject) -> bool:
    """Whether it is built once the rows are there."""
    if isinstance(obj, Index):
        return not obj.unique
    return isinstance(obj, Constraint) and obj.type in INDEXED and "DEFERRABLE" in obj.definition


def is_unproved(obj: DbObject) -> bool:
    """Whether it isn't said of all rows."""
    if isinstance(obj, Column):
        return obj.not_null is not None and not obj.not_null.valid
    return isinstance(obj, Constraint) and obj.type == CHECK and obj.enforced and not obj.validated


def _in_order(parts: list[Part]) -> list[Part]:
    makers = {id: n for n, part in enumerate(parts) for id in part.provides}
    graph = {n: sorted({makers[u] for u in p.uses if u in makers} - {n}) for n, p in enumerate(parts)}
    return [parts[n] for n in TopologicalSorter(graph).static_order()]


def unfelt(parts: Iterable[Part]) -> list[Statement]:
    """The statements that make the parts; nobody uses what stands aside, so nobody waits for their locks."""
    return [replace(s, lock=LockMode.NONE, stronger=()) for p in parts for s in p.create]


def make_schemas(family: Family) -> list[Statement]:
    """The schemas that it stands aside in."""
    return [Statement(sql("CREATE SCHEMA IF NOT EXISTS {}", ident(s))) for s in sorted(family.schemas.values())]


def drop_empty_schemas(family: Family) -> list[Statement]:
    """They go with the last thing in them."""
    return [
        Statement(
            sql(
                "DO $migplan$\nBEGIN\n"
                "  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = {}::regnamespace) THEN\n"
                "    DROP SCHEMA {};\n  END IF;\nEND\n$migplan$",
                literal(ident(schema)),
                ident(schema),
            )
        )
        for schema in sorted(family.schemas.values())
    ]
