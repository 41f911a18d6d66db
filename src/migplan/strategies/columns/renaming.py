"""The renamed columns of one table while both names live: which they are, and with whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from migplan.core.changes import Create
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import ident
from migplan.core.steps import temporary_name
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.column_domains import beneath_domain
from migplan.kinds.equality import compared
from migplan.kinds.view import View
from migplan.strategies.base import Context, Size
from migplan.strategies.column_types.widened_first import widened_types
from migplan.strategies.sync.sync import Pair, of_new

NAME = "rename_column"


@record(slots=False)
class Renaming:
    """The renamed columns of one table, as the catalogs know them: under their new names."""

    context: Context
    table: ObjectId

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        found = (
            self.context.before[id] for id in sorted(self.context.renamed_columns) if id.path[:2] == self.table.path
        )
        return tuple(replace(c, type=self.widened.get(c.id, c.type)) for c in found if isinstance(c, Column))

    @cached_property
    def widened(self) -> Mapping[ObjectId, str]:
        """The types of columns that are widened as well without a row being written: before the copies are made, since
        the next version of the application writes into those what only the wider type takes."""
        return widened_types(self.context, self.table)

    @cached_property
    def kept_in_step(self) -> tuple[Column, ...]:
        """Generated columns compute their copy themselves."""
        return tuple(c for c in self.columns if c.generated is None)

    @property
    def copied(self) -> Iterable[Column]:
        """The copies' types: a domain's checks would have PostgreSQL write the table anew, and the column itself makes
        them. Views keep the types of their columns when they go over."""
        seen = {used for v in self.views for used in self.context.after.uses[v.id]}
        return (c if c.id in seen else beneath_domain(c, self.context.before) for c in self.columns)

    def old_name(self, column: Column) -> str:
        return self.context.renamed_columns[column.id]

    @cached_property
    def ids(self) -> frozenset[ObjectId]:
        """The columns, of the tables below as well: partitions included, which may have things of their own on them."""
        below = (self.table, *descendants(self.table, self.context.before))
        return frozenset(each.child("column", c.name) for each in below for c in self.columns)

    @cached_property
    def heirs(self) -> tuple[ObjectId, ...]:
        """What inherits the table, to any depth, and so has the columns; its partitions have the table's triggers."""
        below = dict.fromkeys(descendants(self.table, self.context.before))
        return tuple(id for id in below if getattr(self.context.before[id], "inherits", ()))

    @property
    def family(self) -> tuple[ObjectId, ...]:
        return (self.table, *self.heirs)

    @property
    def large(self) -> bool:
        return any(self.context.size(id) is Size.LARGE for id in self.family)

    def pairs(self, *, swapped: bool) -> list[Pair]:
        """Before the swap the old name leaves and the copy bears the new one; after it the copy is what leaves."""
        return [self._pair(c, aside_name(c) if swapped else self.old_name(c)) for c in self.kept_in_step]

    def _pair(self, column: Column, leaving: str) -> Pair:
        old, new = ident(leaving), ident(column.name)
        by = compared(column, self.context.before)
        return Pair(leaving, column.name, by, by, old, new, of_new(leaving), of_new(column.name))

    @cached_property
    def views(self) -> tuple[View, ...]:
        """New views on the columns: the next version of the application may need them before the swap.

        Not those on a column whose type changes behind it.
        """
        created = (c.new for c in self.context.changes.values() if isinstance(c, Create))
        views = (v for v in created if isinstance(v, View) and self.context.after.uses[v.id] & self.ids)
        return tuple(v for v in views if not self.context.after.uses[v.id] & self._retyped)

    @cached_property
    def _retyped(self) -> frozenset[ObjectId]:
        retyped = (new.id for _, new, fields in self.context.altered(Column) if fields & {"type", "collation"})
        return frozenset(retyped) - self.widened.keys()


def aside_name(column: Column) -> str:
    return temporary_name(column.name, "copy")
