"""Columns that are split, merged, or computed out of others: directives ``using`` and ``reverse NAME = EXPRESSION``.

Expand: the new columns with SYNC. Migrate: they are filled. Checkpoint: the application uses only the new ones.
Contract: NOT NULL; then the trigger and the old columns go in one transaction, and the new ones get their defaults. On
the way back the old columns come with SYNC, are filled by ``reverse``, and get their NOT NULL. An old column without
``reverse`` stays as it is once the application no longer writes it: the checkpoint is one-way, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.sql_names import columns_named
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.default import Default, drop_default, set_default
from migplan.kinds.equality import compared
from migplan.kinds.not_null import change_not_null
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.add_column import add_bare
from migplan.strategies.columns.reshaped import Shape, reshapes, written_by_the_application
from migplan.strategies.columns.set_not_null import fill_steps, tighten_steps
from migplan.strategies.relations.backup import is_backed_up
from migplan.strategies.steps_undone import chain, undone
from migplan.strategies.sync.backfill import fill
from migplan.strategies.sync.sync import no_default
from migplan.strategies.sync.sync_vector import (
    End,
    Vector,
    create_vector_sync,
    drop_vector_sync,
    stale,
    vectors_disagree,
)
from migplan.strategies.ways_back import not_null_back

AX = LockMode.ACCESS_EXCLUSIVE
NAME = "reshape_columns"


class ReshapeColumns(Strategy):
    """One table at a time."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for shape in reshapes(context):
            if written_by_the_application(context, shape):
                continue
            if shape.obstacles:
                yield Expansion(
                    (),
                    frozenset(c.id for c in (*shape.leaving, *shape.arriving)),
                    blocked=shape.obstacles,
                    first=shape.first,
                )
            else:
                yield Reshaping(context, shape).expansion()


@record(slots=False)
class Reshaping:
    """The columns of one table, on their way."""

    context: Context
    shape: Shape

    def expansion(self) -> Expansion:
        tightened = [s for column in self.shape.arriving for s in self._tighten(column)]
        steps = chain([*self._loosened(), self._add(), *self._fill(), self._compare(), *tightened])
        retired = [undone(s) for s in reversed(self._made_again())]
        retired[-1] = self._last(retired[-1])
        retired = chain(retired, (After(steps[-1].id, "the new columns must stand first"),))
        return Expansion((*steps, *retired), frozenset(c.id for c in (*self.shape.leaving, *self.shape.arriving)))

    @property
    def table(self) -> ObjectId:
        return self.shape.table

    @property
    def online(self) -> bool:
        return not self.context.settings.offline

    @cached_property
    def sentence(self) -> str | None:
        """What the checkpoint says; where nothing tells an old column out of the new ones, that it is one-way."""
        if not self.online:
            return None
        old, new = (", ".join(c.name for c in columns) for columns in (self.shape.leaving, self.shape.arriving))
        parts = [f"uses {new} instead of {old}" if old and new else f"writes {new}" if new else f"no longer uses {old}"]
        parts[0] += f" in {self.table}"
        told = ", ".join(c.name for c in self.shape.leaving if c.name in self.shape.reverses)
        untold = ", ".join(c.name for c in self.shape.leaving if c.name not in self.shape.reverses)
        if told:
            parts.append(f"from here on {told} is told by the directive reverse: what that can't say is lost")
        if untold:
            parts.append(f"this deploy is one-way, because nothing tells {untold} once it is not written any more")
        return "; ".join(parts)

    @cached_property
    def vectors(self) -> tuple[Vector, ...]:
        """Columns that read each other belong together; others don't touch each other."""
        groups: list[tuple[set[str], list[Column]]] = []
        for column in (*self.shape.leaving, *self.shape.arriving):
            names, members = {column.name, *self._read_by(column)} & self._moving, [column]
            for group in [g for g in groups if g[0] & names]:
                groups.remove(group)
                names, members = names | group[0], [*group[1], *members]
            groups.append((names, members))
        return tuple(self._vector(members) for _, members in groups)

    @cached_property
    def _moving(self) -> frozenset[str]:
        return frozenset(c.name for c in (*self.shape.leaving, *self.shape.arriving))

    def _read_by(self, column: Column) -> frozenset[str]:
        text = column.using if column in self.shape.arriving else self.shape.reverses.get(column.name)
        known = {c.name for c in self.context.before.members_of(self.table, Column)}
        return columns_named(text or "") & (known | self._moving)

    def _vector(self, members: Sequence[Column]) -> Vector:
        leaving = tuple(self._end(c, self.shape.reverses.get(c.name)) for c in members if c in self.shape.leaving)
        arriving = tuple(self._end(c, c.using) for c in members if c in self.shape.arriving)
        return Vector(leaving, arriving)

    def _end(self, column: Column, text: str | None) -> End:
        default = _default(self.context.after, column) if column in self.shape.arriving else None
        return End(
            column.name,
            compared(column, self.context.after if column in self.shape.arriving else self.context.before),
            None if text is None else sql("({})", deparsed(text)),
            tuple(sorted(self._read_by(column) - self._moving)),
            None if default is None else deparsed(default.expression),
        )

    @cached_property
    def returning(self) -> tuple[Column, ...]:
        """The old columns that come back with their values."""
        return tuple(c for c in self.shape.leaving if c.name in self.shape.reverses)

    def _sync(self) -> list[Statement]:
        return create_vector_sync(self.table, self.vectors) if self.online else []

    def _no_sync(self) -> list[Statement]:
        return drop_vector_sync(self.table) if self.online else []

    def _loosened(self) -> list[Step]:
        """Inserts that no longer name an old column which nothing tells must not fail."""
        untold = [c for c in self.shape.leaving if c not in self.returning and c.not_null is not None]
        return [s for c in untold for s in not_null_back(self.context, c, self._loosen(c))]

    def _loosen(self, column: Column) -> Step:
        nullable = replace(column, not_null=None)
        return Step(
            id=step_id("loosen", column.id),
            title=f"let inserts leave out {column.id}",
            object=column.id,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="the next version of the application doesn't write it any more; the running one still may",
            up=tuple(change_not_null(column, nullable)),
            down=Down(tuple(change_not_null(nullable, column))),
        )

    def bare_columns(self) -> tuple[Statement, ...]:
        """What adds the new columns, nullable and without defaults."""
        pieces = self.context.pieces_after
        return tuple(s for c in self.shape.arriving for s in add_bare(c, pieces, no_default(c, pieces.catalog)))

    def dropped_columns(self) -> tuple[Statement, ...]:
        """What drops them again."""
        return tuple(_drop(c) for c in self.shape.arriving)

    @property
    def used(self) -> frozenset[ObjectId]:
        """What must be there before they can be."""
        parts = (p for c in self.shape.arriving for p in self.context.pieces_after.of(c.id))
        return frozenset(u for p in parts for u in p.uses - p.provides) | {self.table}

    def _add(self) -> Step:
        columns = self.shape.arriving
        names = ", ".join(c.name for c in columns) or "a trigger"
        return Step(
            id=step_id("reshape", self.table),
            title=f"add {names} to {self.table}" + (", kept in step by a trigger" if columns else ""),
            object=self.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="the columns and their trigger come in one transaction, so that no write is missed",
            up=(*self.bare_columns(), *self._sync()),
            down=Down((*self._no_sync(), *self.dropped_columns())),
            creates=frozenset(c.id for c in columns),
            uses=self.used,
            notes=("sessions with session_replication_role = replica skip the trigger",),
        )

    def _fill(self) -> list[Step]:
        return self.fill_step(
            [(e.name, e.value) for v in self.vectors for e in v.arriving if e.value is not None],
            [stale(v.arriving, v.returning) for v in self.vectors if v.arriving],
            "new",
        )

    def fill_step(self, assignments: list[tuple[str, Sql]], where: list[Sql], which: str) -> list[Step]:
        """What fills the new columns, or the old ones."""
        if not assignments:
            return []
        catalog = self.context.before if which == "new" else self.context.after
        filled = fill(self.context, self.table, assignments, join(" OR ", where), catalog)
        if not filled.statements:
            return []
        names = ", ".join(name for name, _ in assignments)
        return [
            Step(
                id=step_id("fill", self.table) + f":{which}-columns",
                title=f"fill {names} of {self.table}",
                object=self.table,
                strategy=NAME,
                phase=Phase.MIGRATE,
                why=f"{filled.manner}; what the application writes meanwhile is kept in step",
                up=filled.statements,
                down=Down(()),
                backfill=filled.backfill,
            )
        ]

    def _compare(self) -> Step:
        watched = bool(self.shape.arriving) and self.online
        return Step(
            id=step_id("compare", self.table) + ":reshaped",
            title=f"count the rows of {self.table} whose old and new columns disagree",
            object=self.table,
            strategy=NAME,
            phase=Phase.CONTRACT,
            why="the plan stops here if the trigger was circumvented",
            up=(),
            down=Down(()),
            deploy=self.sentence,
            asserts=(vectors_disagree(self.table, self.vectors),) if watched else (),
        )

    def _tighten(self, column: Column) -> Iterable[Step]:
        if column.not_null is None:
            return
        fills = fill_steps(self.context, column, self.sentence)
        after = tuple(After(s.id, "every row must have a value") for s in fills)
        for step in (*fills, *tighten_steps(self.context, column, self.sentence, after)):
            own = {column.id}
            releases = step.releases - own
            yield replace(
                step, uses=step.uses - own, creates=step.creates - own, destroys=step.destroys - own, releases=releases
            )

    def _made_again(self) -> list[Step]:
        """What the way back makes: the old columns with SYNC, their values, their NOT NULL."""
        back = Step(
            id=step_id("drop", self.table) + ":reshaped",
            title=f"add {', '.join(c.name for c in self.shape.leaving)} to {self.table}, kept in step by a trigger",
            object=self.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="",
            up=(*self.without_defaults(), *self._old_columns(), *self._sync()),
            down=Down((*self._no_sync(), *(_drop(c) for c in self.shape.leaving), *self.with_defaults())),
        )
        filled = self.fill_step(
            [(e.name, e.value) for v in self.vectors for e in v.returning if e.value is not None],
            [stale(v.returning, v.arriving) for v in self.vectors if v.returning],
            "old",
        )
        tight = [s for c in self.returning if c.not_null is not None for s in tighten_steps(self.context, c, None, ())]
        nothing = frozenset[ObjectId]()
        bare = [
            replace(s, id=f"{s.id}:old", uses=nothing, creates=nothing, destroys=nothing, releases=nothing, after=())
            for s in tight
        ]
        return [back, *filled, *bare]

    def _last(self, step: Step) -> Step:
        """The trigger goes, with the old columns; what stands on them has gone before."""
        parts = [p for c in self.shape.leaving for p in self.context.pieces_before.of(c.id)]
        defaults = {d.id for c in self.shape.arriving if (d := _default(self.context.after, c))}
        untold = [c for c in self.shape.leaving if c not in self.returning and not self._spared(c)]
        loses = "; ".join(f"the values of {c.id}" for c in untold) or None
        names = ", ".join(c.name for c in self.shape.leaving)
        down = step.down
        assert isinstance(down, Down)
        return replace(
            step,
            title=f"drop {names} of {self.table} and the trigger" if names else f"drop the trigger on {self.table}",
            why="the application uses only the new columns",
            down=replace(down, loses=loses),
            creates=frozenset(defaults),
            destroys=frozenset(id for p in parts for id in p.provides),
            releases=frozenset(id for p in parts for id in p.uses - p.provides),
            deploy=self.sentence,
            loses=loses,
        )

    def _spared(self, column: Column) -> bool:
        return self.context.empty(self.table) or is_backed_up(self.context, column)

    def _old_columns(self) -> Iterable[Statement]:
        """Their defaults are set afterwards: an added column with one has it in every row."""
        for column in self.shape.leaving:
            none = no_default(column, self.context.before)
            yield from add_bare(column, self.context.pieces_before, none)
            default = _default(self.context.before, column)
            if default is not None:
                yield set_default(default)
            elif none is not None:
                yield drop_default(none)

    def with_defaults(self) -> Iterable[Statement]:
        """A default of a new column looks like a value that an application wrote, while there is a trigger."""
        for column in self.shape.arriving:
            default, none = _default(self.context.after, column), no_default(column, self.context.after)
            if default is not None:
                yield set_default(default)
            elif none is not None:
                yield drop_default(none)

    def without_defaults(self) -> Iterable[Statement]:
        """And back."""
        for column in self.shape.arriving:
            default, none = _default(self.context.after, column), no_default(column, self.context.after)
            if none is not None:
                yield set_default(none)
            elif default is not None:
                yield drop_default(default)


def _default(catalog: Catalog, column: Column) -> Default | None:
    return catalog.get(ObjectId("default", column.id.path), Default)


def _drop(column: Column) -> Statement:
    return Statement(sql("ALTER TABLE {} DROP COLUMN {}", ident(*column.relation.path), ident(column.name)), AX)


STRATEGY = ReshapeColumns()
