"""Renames made one level after the other in a shadow that holds the live schema, which is read again after each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg

from migplan.core.changes import Rename
from migplan.core.directives import Directive, Directives
from migplan.core.errors import DirectiveError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.sql import ident, sql
from migplan.kinds.column import Column
from migplan.kinds.not_null import change_not_null
from migplan.planning.changed_first import with_changes_of
from migplan.planning.names.relabelled import relabelled
from migplan.planning.names.renames import Renamed, Stage
from migplan.planning.names.renames_inferred import inferred, renamed_keys
from migplan.planning.names.renames_not_null import names_of_not_nulls
from migplan.planning.names.renames_order import hops
from migplan.planning.names.renames_rounds import Round, rounds, stuck_bodies
from migplan.planning.names.renames_steps import Hop
from migplan.planning.names.renames_wanted import wanted
from migplan.planning.plan import draft
from migplan.source.connect import Connection
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed
from migplan.source.reading.sizes import without_rows
from migplan.strategies.columns.name_of_not_null import NameOfNotNull
from migplan.strategies.columns.vacate_name import keeps_inserts_out
from migplan.strategies.names.rename import rename_statements, under
from migplan.strategies.types.rename_label import rename_label


@dataclass
class Renaming:
    """The shadow's state while renames are made in it; ``world`` is its catalog.

    ``in_use`` says that applications are running: tables' columns then are renamed by a copy, not by a hop, or, with
    ``dual_write``, by the application's own writes. ``stages`` are what has to be done before the rest of the plan;
    there go the changes of columns that come ``first``.
    """

    connection: Connection
    managed: Managed
    before: Catalog
    after: Catalog
    settings: Settings
    directives: Directives
    first: frozenset[ObjectId]
    hops: list[Hop] = field(default_factory=list[Hop])
    renames: list[Rename] = field(default_factory=list[Rename])
    notes: list[str] = field(default_factory=list[str])
    columns: dict[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    blocked: list[str] = field(default_factory=list[str])
    dual_written: dict[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    vacated: dict[ObjectId, Column] = field(default_factory=dict[ObjectId, Column])
    stages: list[Stage] = field(default_factory=list[Stage])
    not_nulls: tuple[NameOfNotNull, ...] = ()

    def __post_init__(self) -> None:
        self.world = self._read()
        self.schemas: dict[str, str] = {}
        self.new_schemas: set[ObjectId] = set()
        self.in_use = not self.settings.offline
        self.dual_write = self.settings.dual_write == "application"

    def rename(self, directives: Sequence[Directive], *, last: bool) -> None:
        """Make the renames of one level, and read the result; with the last level all that goes first."""
        if not directives and not (last and self.first):
            return
        found = wanted(directives, self.world, self.after, self.schemas)
        self.notes += found.notes
        self.schemas |= {r.old.path[0]: r.new.path[0] for r in found.renames if r.old.kind == "schema"}
        places = {d.target: d.place for d in directives}
        columns = [r for r in found.renames if self.in_use and _is_tables_column(r.new, self.after)]
        others = [r for r in found.renames if r not in columns]
        *earlier, rest = rounds(columns, self.world, self.after, self.first)
        for each in earlier:
            self._stage(each, places)
        if last and self.first:
            self._change_first()
        if self.dual_write:
            self.dual_written |= {r.new: r.old.path[-1] for r in rest.renames}
            self.renames += [r for r in found.renames if r not in rest.renames]
        else:
            self.renames += found.renames
            others = [*others, *rest.renames]
        self._make(hops(others, self.world, self.after), places)

    def _stage(self, each: Round, places: Mapping[ObjectId | None, str]) -> None:
        """Make the renames that free a name, behind which the next stage of the plan begins."""
        names = {r.new: r.old.path[-1] for r in each.renames}
        self.blocked += stuck_bodies(each, self.world)
        for rename in each.room:
            self._make_room(rename)
        self._make(hops(each.room, self.world, self.after), places)
        start = self._side(self.world)
        self._make(hops(each.renames, self.world, self.after), places)
        named = self._name_not_nulls([*self.renames, *each.renames])
        end = self._side(self.world)
        if self.dual_write:
            renamed = Renamed(start, tuple(self.hops), dual_written=names, vacated=self.vacated)
        else:
            renamed = Renamed(end, tuple(self.hops), columns=names, vacated=self.vacated, not_nulls=named)
        self.stages.append(Stage(renamed, replace(self.world, sizes=end.sizes, role=end.role)))
        self.columns, self.vacated, self.hops, self.new_schemas = {}, {}, [], set()

    def _change_first(self) -> None:
        """Drop the columns, or change them, in the last of the stages so far, or in one of their own. What is computed
        when it is read is stored behind the others: that may need the whole table, which they stand in the way of."""
        read = {id for id in self.first if (c := self.world.get(id, Column)) is not None and c.virtual}
        for ids in (frozenset(self.first) - read, read):
            self._change(ids, apart=ids is read and len(read) < len(self.first))

    def _change(self, ids: Collection[ObjectId], *, apart: bool) -> None:
        target, changed = with_changes_of(ids, self.world, self.after, self.directives)
        if not changed:
            return
        offline = replace(self.settings, offline=True)
        try:
            with self.connection.transaction():
                for step in draft(self.world, target, settings=offline).steps:
                    for statement in step.up:
                        self.connection.execute(statement.sql.encode())
        except psycopg.Error:  # something stands on a column that can't with its new type: the plan says what blocks it
            return
        start, self.world = self._side(self.world), self._read()
        said = Directives(tuple(d for d in self.directives.items if d.target in changed))
        before = self.stages.pop().renamed if self.stages and not apart else Renamed(start)
        self.stages.append(Stage(before, self._side(self.world), said))

    def _make_room(self, rename: Rename) -> None:
        """Note a column that goes as it is, and have inserts leave it out."""
        column = self.world[rename.old]
        assert isinstance(column, Column)
        self.vacated[rename.new] = column
        if keeps_inserts_out(column, self.world):
            for statement in change_not_null(column, replace(column, not_null=None)):
                self.connection.execute(statement.sql.encode())

    def infer(self) -> None:
        """Make the renames that come with those of tables and of their columns, and those of keys."""
        found = inferred([r for r in self.renames if r.new.kind in ("table", "column")], self.world, self.after)
        self._make(hops(found, self.world, self.after, inferred=True), {})
        keys = renamed_keys(self.world, self.after)
        self.renames += keys
        self._make(hops(keys, self.world, self.after), {})
        self.not_nulls = self._name_not_nulls(self.renames)

    def _name_not_nulls(self, renames: Iterable[Rename]) -> tuple[NameOfNotNull, ...]:
        """Rename the constraints that bear the names of columns, or of their tables, that are renamed right now."""
        finals = {h.final for h in self.hops}
        found = tuple(
            name
            for name in names_of_not_nulls(renames, self.world, self.after)
            if name.column in self.columns or finals & {name.column, name.column.parent("table")}
        )
        for each in found:
            self.connection.execute(each.there.sql.encode())
        if found:
            self.world = self._read()
        return found

    def relabel(self, directives: Sequence[Directive]) -> None:
        """Rename the labels of enums, which bear their declared names by now."""
        found = relabelled(directives, self.world, self.after)
        self.notes += found.notes
        self.renames += found.renames
        for rename in found.renames:
            statement = rename_label(rename.new.parent("enum"), rename.old.path[-1], rename.new.path[-1])
            self.connection.execute(statement.sql.encode())
        if found.renames:
            self.world = self._read()

    def result(self) -> Renamed:
        """The renamed catalog, with the sizes and the role of the live one."""
        return Renamed(
            self._side(self.world) if self.renames or self.stages else self.before,
            tuple(self.hops),
            tuple(self.renames),
            tuple(self.notes),
            self.columns,
            tuple(self.blocked),
            self.dual_written,
            earlier=tuple(self.stages),
            not_nulls=self.not_nulls,
        )

    def _side(self, world: Catalog) -> Catalog:
        """What the shadow holds as a picture of the live database."""
        return replace(
            world,
            objects={id: o for id, o in world.objects.items() if id not in self.new_schemas},
            uses={id: used - self.new_schemas for id, used in world.uses.items() if id not in self.new_schemas},
            sizes={_followed(id, self.renames): size for id, size in self.before.sizes.items()},
            role=self.before.role,
            left_alone=self.before.left_alone,
            unmodelled=self.before.unmodelled,
        )

    def _make(self, made: Iterable[Hop], places: Mapping[ObjectId | None, str]) -> None:
        current = {o.id: o for o in self.world}
        any_made = False
        for hop in made:
            self._make_schema(hop.to)
            obj = current.pop(hop.origin)
            for statement in rename_statements(obj, hop.to, hop.taken):
                try:
                    self.connection.execute(statement.sql.encode())
                except psycopg.Error as error:
                    raise DirectiveError(
                        f"{hop.origin} can't be renamed to {hop.to.name}: {error.diag.message_primary or error}",
                        place=places.get(hop.final),
                    ) from error
            current[hop.to] = under(obj, hop.to)
            any_made = True
            if self.in_use and obj.id.kind == "column" and obj.table is not None and obj.table.kind == "table":
                self.columns[hop.final] = hop.origin.path[-1]
            else:
                self.hops = [_going_on(earlier, hop) for earlier in self.hops]
                self.hops.append(hop)
        if any_made:
            self.world = self._read()

    def _make_schema(self, id: ObjectId) -> None:
        """Create the schema that the object moves to; it isn't part of the live side."""
        schema = ObjectId("schema", id.path[:1])
        if len(id.path) > 1 and schema not in self.world and schema not in self.new_schemas:
            self.connection.execute(sql("CREATE SCHEMA {}", ident(*schema.path)).encode())
            self.new_schemas.add(schema)

    def _read(self) -> Catalog:
        return without_rows(self.managed.of(introspect(self.connection, self.managed.scope, again=True)))


def _going_on(earlier: Hop, hop: Hop) -> Hop:
    """What made room, and then turns out to be what a renamed table's key is declared as, isn't gone."""
    return replace(earlier, final=hop.final, gone=False) if earlier.gone and earlier.final == hop.origin else earlier


def _is_tables_column(id: ObjectId, catalog: Catalog) -> bool:
    column = catalog.get(id, Column)
    return column is not None and column.relation.kind == "table"


def _followed(id: ObjectId, renames: Iterable[Rename]) -> ObjectId:
    """Where a live relation is after the renames."""
    for rename in renames:
        if rename.old.kind == "schema" and id.path[:1] == rename.old.path:
            id = ObjectId(id.kind, (*rename.new.path, *id.path[1:]))
        elif rename.old == id:
            id = rename.new
    return id
