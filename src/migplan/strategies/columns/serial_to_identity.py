"""Columns that turn from serial to identity, or back: nobody notices who numbers the rows.

In one transaction, in which the next sequence goes on where the former one stopped. Where that has another name, it
comes behind a deploy, and so does an identity that refuses given values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.default import Default, drop_default
from migplan.kinds.default_privileges import in_force
from migplan.kinds.identity import Identity, change_identity, sequence_grants
from migplan.kinds.names import names_of
from migplan.kinds.sequence import Sequence
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.always_numbered import always_behind
from migplan.strategies.columns.sequence_position import kept_position, taken_position
from migplan.strategies.pieces import Pieces

_NEXT: Final = re.compile(r"nextval\('[^']*'::regclass\)")


class SerialToIdentity(Strategy):
    """Plain tables' columns with a sequence of their own, which nothing else uses."""

    name = "serial_to_identity"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in context.altered(Column):
            if "identity" not in fields or not _stays_otherwise(context, old, new):
                continue
            if old.identity is None and (serial := _serial(old, context.before, context.after)) is not None:
                yield _to_identity(context, new, serial)
            elif new.identity is None and (serial := _serial(new, context.after, context.before)) is not None:
                yield _to_serial(context, old, serial)


@record
class _Serial:
    """A column's default and the sequence that it takes its values from."""

    default: Default
    sequence: Sequence

    @property
    def ids(self) -> frozenset[ObjectId]:
        return frozenset({self.default.id, self.sequence.id})


def _stays_otherwise(context: Context, old: Column, new: Column) -> bool:
    """Whether the column is numbered in place, and its table hands nothing down."""
    table = context.after.get(new.relation, Table)
    if table is None or table.partition_of is not None or table.partition_key is not None or table.inherits:
        return False
    elsewhere = context.rebuilds.items.keys() | context.replaced | context.online | context.renamed_columns.keys()
    if {new.id, new.relation} & elsewhere:
        return False
    alone = not any(True for side in (context.before, context.after) for _ in descendants(new.relation, side))
    return alone and old.type == new.type and old.not_null is not None and new.not_null is not None


def _serial(column: Column, catalog: Catalog, other: Catalog) -> _Serial | None:
    """What numbers it on one side, where the other has neither."""
    default = catalog.get(ObjectId("default", column.id.path), Default)
    if default is None or default.id in other or not _NEXT.fullmatch(default.expression):
        return None
    used = (catalog.get(id, Sequence) for id in sorted(catalog.uses.get(default.id, frozenset())))
    for sequence in used:
        own = sequence is not None and sequence.owned_by == column.id and sequence.id not in other
        if sequence is not None and own and catalog.used_by.get(sequence.id, frozenset()) <= {default.id}:
            return _Serial(default, sequence)
    return None


def _to_identity(context: Context, column: Column, serial: _Serial) -> Expansion:
    identity = column.identity
    assert identity is not None
    first = replace(column, identity=replace(identity, always=identity.always and context.settings.offline))
    assert first.identity is not None
    there = [*_without(serial, context.pieces_before), *_numbered(context, first, first.identity, serial)]
    back = [*_unnumbered(first, first.identity), *_with(serial, context.pieces_before, identity)]
    number = _step(context, "from serial to identity", column, serial.sequence.id.path, identity.sequence, there, back)
    number = replace(
        number,
        destroys=_provided(serial, context.pieces_before),
        releases=_used(serial, context.before),
        takes=names_of(first) - names_of(replace(first, identity=None)),
        frees=names_of(serial.sequence) | names_of(serial.default),
    )
    always = () if first.identity.always == identity.always else (always_behind(first, column, number),)
    return Expansion((number, *always), serial.ids, {column.id: frozenset({"identity"})})


def _to_serial(context: Context, column: Column, serial: _Serial) -> Expansion:
    identity = column.identity
    assert identity is not None
    there = [*_unnumbered(column, identity), *_with(serial, context.pieces_after, identity)]
    back = [*_without(serial, context.pieces_after), *_numbered(context, column, identity, serial)]
    step = replace(
        _step(context, "from identity to serial", column, identity.sequence, serial.sequence.id.path, there, back),
        creates=_provided(serial, context.pieces_after),
        uses=_used(serial, context.after),
        releases=frozenset({column.id}),
        takes=names_of(serial.sequence) | names_of(serial.default),
        frees=names_of(column) - names_of(replace(column, identity=None)),
    )
    return Expansion((step,), serial.ids, {column.id: frozenset({"identity"})})


def _step(
    context: Context,
    turn: str,
    column: Column,
    former: tuple[str, ...],
    latter: tuple[str, ...],
    up: Iterable[Statement],
    down: Iterable[Statement],
) -> Step:
    """``former`` may have made room for ``latter`` of its name."""
    unnoticed = former in (latter, (*latter[:-1], temporary_name(latter[-1], "gone")))
    sentence = None if unnoticed or context.settings.offline else f"doesn't use sequence {'.'.join(former)} by its name"
    return Step(
        id=step_id("number", column.id),
        title=f"turn {column.id} {turn}",
        object=column.id,
        strategy=SerialToIdentity.name,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="whoever gives the column no value gets the next one, before and after",
        up=tuple(up),
        down=Down(tuple(down)),
        deploy=sentence,
    )


def _provided(serial: _Serial, pieces: Pieces) -> frozenset[ObjectId]:
    return frozenset(p for id in serial.ids for part in pieces.of(id) for p in part.provides)


def _used(serial: _Serial, catalog: Catalog) -> frozenset[ObjectId]:
    return frozenset(u for id in serial.ids for u in catalog.uses.get(id, frozenset())) - serial.ids


def _without(serial: _Serial, pieces: Pieces) -> Iterable[Statement]:
    """The default goes, which locks the table; the sequence with its position behind it."""
    yield drop_default(serial.default)
    yield kept_position(ident(*serial.sequence.id.path))
    yield from pieces.of(serial.sequence.id)[0].drop


def _with(serial: _Serial, pieces: Pieces, former: Identity) -> Iterable[Statement]:
    for id in (serial.sequence.id, serial.default.id):
        for part in pieces.of(id):
            yield from part.create
    yield taken_position(ident(*serial.sequence.id.path), former, serial.sequence)


def _numbered(context: Context, column: Column, identity: Identity, former: _Serial) -> Iterable[Statement]:
    head = sql("ALTER TABLE {} ALTER COLUMN {}", ident(*column.relation.path), ident(column.name))
    yield from change_identity(None, identity, column.type, head)
    yield from sequence_grants(identity, in_force(context.before, context.after))
    yield taken_position(ident(*identity.sequence), former.sequence, identity)


def _unnumbered(column: Column, identity: Identity) -> Iterable[Statement]:
    table, name = ident(*column.relation.path), ident(column.name)
    yield Statement(sql("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table), LockMode.ACCESS_EXCLUSIVE)
    yield kept_position(ident(*identity.sequence))
    yield Statement(sql("ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY", table, name), LockMode.ACCESS_EXCLUSIVE)


STRATEGY = SerialToIdentity()
