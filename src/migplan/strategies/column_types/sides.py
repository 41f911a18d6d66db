"""The two incarnations of a table's columns that change their type: what each of them carries, live and aside.

Of every column, index, key and check there are two while both live: one bears the true name, the other stands aside
under a temporary one. ``old`` and ``new`` are such sides; a swap lets one side leave and the other arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.sql_names import with_columns_renamed, with_types_renamed
from migplan.core.steps import temporary_name
from migplan.kinds.column import Column, NotNull
from migplan.kinds.composite_type import CompositeType
from migplan.kinds.constraint import CHECK, PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.default import Default
from migplan.kinds.domain import Domain
from migplan.kinds.equality import Compared, compared
from migplan.kinds.index import Index
from migplan.kinds.sequence import Sequence as DbSequence
from migplan.kinds.type_casts import cast
from migplan.strategies.column_types.moved_values import by_name
from migplan.strategies.sync.sync import Pair, no_default, of_new, over_new


@record(slots=False)
class Side:
    """One incarnation (``label`` is old or new) of some columns of ``table``, as ``catalog`` has them.

    ``kept`` are the ids of what is in both catalogs and stands on any of the columns in one: that is carried from side
    to side.
    """

    table: ObjectId
    label: str
    columns: tuple[Column, ...]
    catalog: Catalog
    kept: frozenset[ObjectId]
    types: Mapping[str, str] = field(default_factory=dict[str, str])
    """What types of the columns are called while they stand aside too, by their names, both as PostgreSQL prints
    them."""
    mapping: Mapping[ObjectId, Mapping[str, str]] = field(default_factory=dict[ObjectId, Mapping[str, str]])
    """By column, the labels that its values get for those which its enum doesn't have."""

    @property
    def declared(self) -> bool:
        """Whether this is the side that the plan leads to."""
        return self.label == "new"

    @cached_property
    def aside_names(self) -> Mapping[str, str]:
        """The temporary name of every column."""
        return {c.name: self.aside_name(c.name) for c in self.columns}

    def aside_name(self, name: str) -> str:
        """The temporary name of this side's incarnation of something."""
        return temporary_name(name, self.label)

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """Indexes without a constraint on any of the columns."""
        return tuple(o for o in self._members if isinstance(o, Index))

    @cached_property
    def keys(self) -> tuple[Constraint, ...]:
        """Primary keys and unique constraints on any of the columns."""
        return tuple(o for o in self._constraints if o.type in (PRIMARY_KEY, UNIQUE))

    @cached_property
    def checks(self) -> tuple[Constraint, ...]:
        """Checks that read any of the columns."""
        return tuple(o for o in self._constraints if o.type == CHECK)

    @cached_property
    def sequences(self) -> tuple[DbSequence, ...]:
        """Sequences that any of the columns own."""
        ids = {c.id for c in self.columns}
        owned = (o for o in self.catalog.of(DbSequence) if o.owned_by in ids and o.id in self.kept)
        return tuple(sorted(owned, key=lambda s: s.id))

    @cached_property
    def carried(self) -> frozenset[ObjectId]:
        """Everything that goes over in a swap, with the columns."""
        return frozenset(o.id for o in (*self.columns, *self.indexes, *self.keys, *self.checks))

    @cached_property
    def _members(self) -> tuple[DbObject, ...]:
        return tuple(self.catalog[id] for id in sorted(self.kept))

    @cached_property
    def _constraints(self) -> tuple[Constraint, ...]:
        return tuple(o for o in self._members if isinstance(o, Constraint) and o.relation == self.table)

    def column_aside(self, column: Column) -> Column:
        """A column as it stands aside: nothing that would hinder a writer who doesn't know it."""
        id = self.table.child("column", self.aside_name(column.name))
        not_null = column.not_null and NotNull(name=self.not_null_aside(column), valid=column.not_null.valid)
        if not_null is not None and self.catalog.major < 18:
            not_null = NotNull()
        return replace(column, id=id, type=self.type_aside(column.type), not_null=not_null, identity=None)

    @cached_property
    def catalog_aside(self) -> Catalog:
        """The catalog as it is while types stand aside: their domains have no constraints then."""
        domains = (d for d in self.catalog.of(Domain) if ident(*d.id.path) in self.types)
        bare = {d.id: replace(d, checks=(), not_null=None) for d in domains}
        return replace(self.catalog, objects={**self.catalog.objects, **bare}) if bare else self.catalog

    def unchecked(self, column: Column) -> Column:
        """The column, without what its domain asks for where that stands aside as well."""
        aside = column.type.removesuffix("[]") in self.types
        return replace(column, unconstrained=None, required=False) if aside else column

    def no_default(self, column: Column) -> Default | None:
        """What a column needs, as long as it is in step, where its domain has a default; one made aside has none."""
        return None if column.type in self.types else no_default(column, self.catalog)

    def type_aside(self, type: str) -> str:
        """A column's type while it stands aside."""
        element = type.removesuffix("[]")
        return self.types.get(element, element) + type[len(element) :]

    def not_null_aside(self, column: Column) -> str:
        """The name that a NOT NULL constraint has meanwhile (from 18 on)."""
        return temporary_name(column.name, f"{self.label}~nn")

    def index_aside(self, index: Index) -> Index:
        """An index as it stands aside, on the columns as they do."""
        id = ObjectId("index", (index.id.path[0], self.aside_name(index.id.path[1])))
        return replace(index, id=id, definition=self._renamed(index.definition), clustered=False)

    def constraint_aside(self, constraint: Constraint) -> Constraint:
        """A key or check as it stands aside, on the columns as they do."""
        return replace(
            constraint,
            id=self.table.child("constraint", self.aside_name(constraint.name)),
            definition=self._renamed(constraint.definition),
            columns=tuple(self.aside_names.get(c, c) for c in constraint.columns),
            clustered=False,
        )

    def _renamed(self, text: str) -> Sql:
        return with_types_renamed(with_columns_renamed(text, self.aside_names), self.types)


def pairs_of(old: Side, new: Side, *, swapped: bool) -> list[Pair]:
    """The columns in step: before the swap the new ones stand aside, after it (``swapped``) the old ones."""
    return [
        _pair(old, new, leaving, arriving, swapped) for leaving, arriving in zip(old.columns, new.columns, strict=True)
    ]


def _pair(old: Side, new: Side, leaving: Column, arriving: Column, swapped: bool) -> Pair:
    old_name = old.aside_name(leaving.name) if swapped else leaving.name
    new_name = arriving.name if swapped else new.aside_name(arriving.name)
    old_type = old.type_aside(leaving.type) if swapped else leaving.type
    new_type = arriving.type if swapped else new.type_aside(arriving.type)
    labels = new.mapping.get(arriving.id, {})
    was, now = _composite(old, leaving), _composite(new, arriving)
    if was is not None and now is not None and [a.name for a in was.attributes] != [a.name for a in now.attributes]:
        return replace(
            _pair_by_name((old_name, old_type, was), (new_name, new_type, now)),
            leaving_by=compared(leaving, old.catalog),
            arriving_by=compared(arriving, new.catalog),
        )
    up, up_of_new = _conversion(
        arriving.using, old.aside_names if swapped else {}, old_name, old_type, new_type, labels
    )
    down, down_of_new = _conversion(
        arriving.reverse, {} if swapped else new.aside_names, new_name, new_type, old_type, {}
    )
    by = compared(leaving, old.catalog), compared(arriving, new.catalog)
    return Pair(old_name, new_name, *by, up, down, up_of_new, down_of_new)


_End = tuple[str, str, CompositeType]


def _composite(side: Side, column: Column) -> CompositeType | None:
    """The type of a column that holds composite values as they are."""
    used = (side.catalog.get(id, CompositeType) for id in side.catalog.uses.get(column.id, frozenset()))
    return next((c for c in used if c is not None and ident(*c.id.path) == column.type), None)


def _pair_by_name(leaving: _End, arriving: _End) -> Pair:
    """Attributes come, go or take other places, which a cast as text knows nothing of. What only one of the two has
    stays what it is there."""
    (old, old_type, was), (new, new_type, now) = leaving, arriving
    up, down = _both_by_name(ident(old), ident(new), old_type, new_type, was, now)
    up_of_new, down_of_new = _both_by_name(of_new(old), of_new(new), old_type, new_type, was, now)
    return Pair(old, new, Compared(), Compared(), up, down, up_of_new, down_of_new)


def _both_by_name(
    old: Sql, new: Sql, old_type: str, new_type: str, was: CompositeType, now: CompositeType
) -> tuple[Sql, Sql]:
    return by_name(old, new_type, was, now, new), by_name(new, old_type, now, was, old)


def _conversion(
    text: str | None, names: Mapping[str, str], column: str, source: str, target: str, labels: Mapping[str, str]
) -> tuple[Sql, Sql]:
    """A directive's expression under the row's present names, else a cast: over the row, and over the trigger's NEW."""
    if text is None:
        return _cast(ident(column), source, target, labels), _cast(of_new(column), source, target, labels)
    expression = sql("({})", with_columns_renamed(text, names))
    return expression, over_new(expression)


def _cast(value: Sql, source: str, target: str, labels: Mapping[str, str]) -> Sql:
    """A cast, in which enum labels become others."""
    if not labels:
        return cast(value, source, target)
    if source.endswith("[]"):
        text = sql("{}::text[]", value)
        for old, new in labels.items():
            text = sql("array_replace({}, {}, {})", text, literal(old), literal(new))
        return sql("{}::{}", text, deparsed(target))
    cases = join(" ", (sql("WHEN {} THEN {}", literal(old), literal(new)) for old, new in labels.items()))
    return sql("(CASE {}::text {} ELSE {}::text END)::{}", value, cases, value, deparsed(target))


def columns_in_step(columns: Sequence[Column]) -> str:
    """The columns for a title: ``public.t.a, public.t.b``."""
    return ", ".join(str(c.id.name) for c in columns)
