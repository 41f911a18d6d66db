"""A large table becomes a partition of its own declared form: no row is written.

Expand: the declared form stands aside, without the partition that the table is going to be. Contract: a check of that
partition's bounds is validated; right behind it the table takes the partition's name and is attached (the check spares
the scan), and the declared form takes its place, in the transaction that carries over everything that stands on it. The
way back detaches and renames it; rows of the other partitions are written into it, as long as they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from migplan.core.records import record
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import After, Assertion, Down, LockMode, Phase, Statement, Step, Timing, step_id, temporary_name
from migplan.kinds._descendants import partitions
from migplan.kinds.attachment import attach_partition, detach_partition
from migplan.kinds.column import Column
from migplan.strategies.base import Context
from migplan.strategies.partitions.becoming_partition import Becoming
from migplan.strategies.partitions.bounds_guard import BoundsGuard, guard_steps
from migplan.strategies.rebuilds.family import Family, drop_empty_schemas, make_schemas, unfelt
from migplan.strategies.rebuilds.online_swap import carry_sequences, move, set_row_security
from migplan.strategies.steps_undone import chain

NAME = "partition_in_place"
_FEW: Final = 100_000
"""Rows that are written in a second or so."""
_PLAN: Final = "declare it as it was and plan anew, which copies them ahead"
AX = LockMode.ACCESS_EXCLUSIVE


@record(slots=False)
class InPlace:
    """One table of a group of those that change places together."""

    context: Context
    becoming: Becoming

    @cached_property
    def old(self) -> Family:
        """The table as it is."""
        return Family(self.becoming.root, "old", self.context.pieces_before)

    @cached_property
    def new(self) -> Family:
        """The declared form."""
        return Family(self.becoming.root, "new", self.context.pieces_after)

    @cached_property
    def made(self) -> Family:
        """Of that, what is made aside."""
        return replace(self.new, left_out=self.becoming.partition.id)

    @property
    def guard(self) -> BoundsGuard | None:
        """The check of the bounds; a partition that takes every row has none."""
        bounds = self.becoming.bounds
        if bounds is None:
            return None
        root = self.becoming.root
        return BoundsGuard(root, bounds, temporary_name(root.path[-1], "bounds"))

    def steps(self, group: str, said: str | None, lock: Step) -> list[Step]:
        """All but the locks of the group and the foreign keys."""
        built = chain([self._stage(), *self._guards(said)])
        swap = replace(
            self._swap(group, said), after=(After(lock.id, "under its lock"), After(built[-1].id, "relies on it"))
        )
        return [*built, swap]

    def _stage(self) -> Step:
        made, root = self.made, self.becoming.root
        return Step(
            id=f"{step_id('stage', root)}:new",
            title=f"make the declared form of {root} aside, as {made.aside}",
            object=root,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="nobody uses it yet",
            up=(*make_schemas(made), *unfelt(made.first_parts), *unfelt(made.last_parts)),
            down=Down((Statement(sql("DROP TABLE {}", made.aside)), *drop_empty_schemas(made))),
            new_objects=True,
            uses=made.uses,
        )

    def _guards(self, said: str | None) -> Iterable[Step]:
        guard, partition = self.guard, self.becoming.partition.id
        if guard is None:
            return
        verb = f"refuse rows outside the bounds of {partition} in"
        add, validate = guard_steps(guard, partition, verb, Phase.CONTRACT, said)
        told = f"until {partition} is attached, rows outside its bounds are refused"
        command = sql("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", self.old.live, ident(guard.name))
        gone = Statement(command, AX)
        yield replace(add, strategy=NAME, uses=frozenset(), notes=(told,), down=Down((gone,)))
        yield replace(validate, strategy=NAME, deploy=said)

    def _swap(self, group: str, said: str | None) -> Step:
        old, new, partition = self.old, self.new, self.becoming.partition
        return Step(
            id=step_id("swap", self.becoming.root),
            title=f"let {self.becoming.root} be the partition {partition.id} of its declared form",
            object=self.becoming.root,
            strategy=NAME,
            phase=Phase.CONTRACT,
            why="the check spares the scan: no row is read" if self.guard else "every row is of it: none is read",
            up=tuple(self._there()),
            down=Down(tuple(self._back()), asserts=self._few_rows()),
            creates=new.provides,
            destroys=old.provides,
            uses=self.made.uses,
            releases=old.uses - new.uses,
            takes=new.names,
            frees=old.names,
            together=group,
            deploy=said,
            notes=(
                f"the way back writes the rows of the other partitions into the table, under its lock: up to {_FEW:,}",
            ),
        )

    def _there(self) -> Iterable[Statement]:
        made, partition = self.made, self.becoming.partition
        yield from carry_sequences(self.old, made)
        yield from self.becoming.there(self.context)
        hung = replace(partition, partition_of=made.moved(self.becoming.root))
        yield replace(attach_partition(hung), scan=False)
        if self.guard is not None:  # gone where a way back was interrupted behind the swap: then ATTACH reads the rows
            dropped = sql("DROP CONSTRAINT IF EXISTS {}", ident(self.guard.name))
            yield Statement(sql("ALTER TABLE {} {}", ident(*partition.id.path), dropped), AX)
        yield from (move(ident(*made.moved(id).path), id.path[0]) for id in made.tables)
        yield from set_row_security(made, on=True)
        yield from drop_empty_schemas(made)

    def _back(self) -> Iterable[Statement]:
        made = self.made
        yield from set_row_security(made, on=False)
        yield detach_partition(self.becoming.partition)
        yield from self._rows_back()
        yield from make_schemas(made)
        yield from (move(ident(*id.path), made.moved(id).path[0]) for id in made.tables)
        yield from self.becoming.back(self.context)
        yield from _sequences_back(made, self.old)

    def _few_rows(self) -> tuple[Assertion, ...]:
        """Under a lock there is time for a moment's work only. A plan back to the table as it was copies them ahead."""
        root, partition = self.becoming.root, self.becoming.partition.id
        others = [id for id in partitions(root, self.context.after) if id != partition]
        if not others:
            return ()
        rows = join(" UNION ALL ", (sql("SELECT 1 FROM {}", ident(*id.path)) for id in others))
        count = sql(
            "SELECT CASE WHEN count(*) > {few} THEN count(*) ELSE 0 END"
            " FROM (SELECT 1 FROM ({rows}) AS held LIMIT {few} + 1) AS counted",
            few=_FEW,
            rows=rows,
        )
        return (
            Assertion(
                count, f"the other partitions of {root} hold too many rows to be written under its lock: {_PLAN}"
            ),
        )

    def _rows_back(self) -> Sequence[Statement]:
        if len(self.made.tables) == 1:
            return ()
        names = join(", ", (ident(c.name) for c in self.made.columns if c.generated is None))
        target = ident(*self.becoming.partition.id.path)
        copy = sql("INSERT INTO {} ({}) SELECT {} FROM {}", target, names, names, self.made.live)
        limit = sql("SET LOCAL statement_timeout = {}", self.context.settings.statement_timeout)
        return (
            Statement(Sql("SET LOCAL statement_timeout = 0")),
            Statement(copy, LockMode.ROW_EXCLUSIVE, scan=True, timing=Timing.LONG),
            Statement(limit),
        )


def _sequences_back(made: Family, old: Family) -> Iterable[Statement]:
    """The identities' own sequences go on where those of the declared form stopped, which stands aside again."""
    for column in old.columns:
        new = next((c for c in made.columns if c.name == column.name), None)
        if column.identity is not None and isinstance(new, Column) and new.identity is not None:
            schema, name = new.identity.sequence
            source = ident(made.schemas.get(schema, schema), name)
            target = literal(ident(*column.identity.sequence))
            yield Statement(sql("SELECT setval({}, last_value, is_called) FROM {}", target, source))
