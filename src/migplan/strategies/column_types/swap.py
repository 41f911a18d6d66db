"""The moment in which two sides change places: renames in one transaction, no row is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, deparsed, ident, literal, sql
from migplan.core.steps import LockMode, Statement, temporary_name
from migplan.kinds._replica_identity import set_replica_identity
from migplan.kinds.behind_rows import behind_rows
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint, drop_constraint, key_extras
from migplan.kinds.default import drop_default, set_default
from migplan.kinds.function import Routine
from migplan.kinds.identity import Identity, identity_clause, identity_extras
from migplan.kinds.index import index_extras
from migplan.kinds.not_null import comment_not_null, not_null_name
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.column_types.sides import Side
from migplan.strategies.constraints.add_constraint import using_index
from migplan.strategies.names.routine_bodies import routines_on, words
from migplan.strategies.sync.sync import Pair, create_sync, drop_sync

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE


def swap_sides(
    leaving: Side, arriving: Side, pairs: Sequence[Pair], made_later: AbstractSet[ObjectId] = frozenset()
) -> list[Statement]:
    """``leaving`` goes aside and ``arriving`` takes the true names; ``pairs`` are kept in step from then on.

    ``made_later`` are objects that aren't there at that moment.
    """
    return [
        *drop_sync(leaving.table),
        *(drop_constraint(key) for key in leaving.keys),
        *_rename_not_nulls(leaving, arriving),
        *_type_defaults(leaving, arriving),
        *_rename_columns(leaving, arriving),
        *(s for key in arriving.keys for s in _take_key(arriving, key)),
        *_rename_indexes(leaving, arriving),
        *_rename_checks(leaving, arriving),
        *_move_identities(leaving, arriving),
        *_move_sequences(arriving),
        *_replica_identity(arriving),
        *create_sync(leaving.table, pairs),
        *_restate_functions(leaving, arriving, made_later),
    ]


def _rename_not_nulls(leaving: Side, arriving: Side) -> Iterable[Statement]:
    """From 18 on a NOT NULL has a name; before the columns' names change, so that made-up names are told by them."""
    if leaving.catalog.major < 18:
        return
    for column in leaving.columns:
        if column.not_null is not None:
            live = not_null_name(column, column.not_null)
            yield _rename_constraint(leaving, live, leaving.not_null_aside(column))
    for column in arriving.columns:
        if column.not_null is not None:
            live = not_null_name(column, column.not_null)
            yield _rename_constraint(arriving, arriving.not_null_aside(column), live)
            if column.not_null.comment is not None:
                yield comment_not_null(column, column.not_null)


def _rename_columns(leaving: Side, arriving: Side) -> Iterable[Statement]:
    table = ident(*leaving.table.path)
    for column in leaving.columns:
        aside = leaving.aside_name(column.name)
        yield Statement(sql("ALTER TABLE {} RENAME COLUMN {} TO {}", table, ident(column.name), ident(aside)), AX)
    for column in arriving.columns:
        aside = arriving.aside_name(column.name)
        yield Statement(sql("ALTER TABLE {} RENAME COLUMN {} TO {}", table, ident(aside), ident(column.name)), AX)


def _type_defaults(leaving: Side, arriving: Side) -> Iterable[Statement]:
    """The default of a domain is in force for the side that bears the true names only."""
    for column in leaving.columns:
        none = leaving.no_default(column)
        if none is not None:
            yield set_default(none)
    for column in arriving.columns:
        none = arriving.no_default(column)
        if none is not None:
            yield drop_default(replace(none, id=ObjectId("default", arriving.column_aside(column).id.path)))


def _take_key(side: Side, key: Constraint) -> list[Statement]:
    """The index that stands aside becomes the key's, and takes its name."""
    comment = [] if key.comment is None else kind_of(key.id).comment_statements(key, key.comment)
    return [Statement(using_index(key, side.aside_name(key.name)), AX), *key_extras(key), *comment]


def _rename_indexes(leaving: Side, arriving: Side) -> Iterable[Statement]:
    for index in leaving.indexes:
        yield _rename_index(index.id, leaving.aside_name(index.id.path[1]))
    for index in arriving.indexes:
        schema, name = index.id.path
        yield _rename_index(ObjectId("index", (schema, arriving.aside_name(name))), name)
        yield from index_extras(index)


def _rename_index(id: ObjectId, to: str) -> Statement:
    return Statement(sql("ALTER INDEX {} RENAME TO {}", ident(*id.path), ident(to)), SUE)


def _rename_checks(leaving: Side, arriving: Side) -> Iterable[Statement]:
    for check in leaving.checks:
        yield _rename_constraint(leaving, check.name, leaving.aside_name(check.name))
    for check in arriving.checks:
        yield _rename_constraint(arriving, arriving.aside_name(check.name), check.name)


def _rename_constraint(side: Side, name: str, to: str) -> Statement:
    command = sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", ident(*side.table.path), ident(name), ident(to))
    return Statement(command, AX)


def _move_identities(leaving: Side, arriving: Side) -> Iterable[Statement]:
    """The new side's own sequence goes on where the old one's stopped; the table is locked, nobody draws from it."""
    for was, column in zip(leaving.columns, arriving.columns, strict=True):
        head = sql("ALTER TABLE {} ALTER COLUMN", ident(*arriving.table.path))
        aside = sql("{} {}", head, ident(leaving.aside_name(was.name)))
        if column.identity is not None:
            yield from add_identity(
                column, column.identity, was.identity, sql("{} {}", head, ident(column.name)), arriving.catalog
            )
        if was.identity is not None:
            yield Statement(sql("{} DROP IDENTITY", aside), AX)
        if column.identity is not None and was.identity is not None:
            schema, name = column.identity.sequence
            taken = temporary_name(name, "identity")
            yield Statement(sql("ALTER SEQUENCE {} RENAME TO {}", ident(schema, taken), ident(name)), AX)
        if column.identity is not None:
            yield from identity_extras(column.identity, column.type)


def add_identity(
    column: Column, identity: Identity, was: Identity | None, head: Sql, *catalogs: Catalog
) -> Iterable[Statement]:
    """Its sequence goes on behind the values that are there, or where the former one stopped; ``catalogs`` tell by
    which index these are found."""
    schema, name = identity.sequence
    taken = name if was is None else temporary_name(name, "identity")
    clause = identity_clause(replace(identity, sequence=(schema, taken)), column.type)
    yield Statement(sql("{} ADD {}", head, clause), AX)
    sequence = literal(ident(schema, taken))
    if was is None:
        yield behind_rows(column, (schema, taken), identity, *catalogs)
    else:
        yield Statement(sql("SELECT setval({}, last_value, is_called) FROM {}", sequence, ident(*was.sequence)))


def _move_sequences(arriving: Side) -> Iterable[Statement]:
    for sequence in arriving.sequences:
        assert sequence.owned_by is not None
        command = sql("ALTER SEQUENCE {} OWNED BY {}", ident(*sequence.id.path), ident(*sequence.owned_by.path))
        yield Statement(command, LockMode.SHARE_ROW_EXCLUSIVE)


def _replica_identity(arriving: Side) -> list[Statement]:
    table = arriving.catalog.get(arriving.table, Table)
    if table is None or table.replica_identity not in arriving.carried:
        return []
    return set_replica_identity(table)


_VOLATILITY: Final = re.compile(r"^\s*(?:LANGUAGE .*|TRANSFORM .*)?\s*\b(IMMUTABLE|STABLE)\b", re.M)


def _restate_functions(leaving: Side, arriving: Side, made_later: AbstractSet[ObjectId]) -> Iterable[Statement]:
    """Sessions keep the plans of PL/pgSQL functions by the types they saw; any change of the function drops them.

    Restating its volatility is one that changes nothing else. On either way it is those that the declaration has, as
    far as they are there: nobody calls the others any more once the columns change places.
    """
    declared = (arriving if arriving.declared else leaving).catalog
    routines = {r.id: r for side in (leaving, arriving) for r in _routines_on(side.table, side.catalog)}
    for id in sorted((routines.keys() & declared.objects.keys()) - made_later):
        routine = routines[id]
        header = routine.definition.partition("\nAS ")[0]
        found = _VOLATILITY.search(header.partition("\n")[2])
        volatility = Sql(found.group(1) if found else "VOLATILE")
        name = sql("{}({})", ident(*routine.id.path[:2]), deparsed(routine.signature))
        restated = sql("ALTER FUNCTION {} {}", name, volatility)
        both = id in leaving.catalog and id in arriving.catalog
        yield Statement(restated if both else _where_it_is_there(restated))


def _where_it_is_there(restated: Sql) -> Sql:
    """Of a function that only the declaration has: what its body names may have it come behind the swap."""
    return sql("DO $migplan$\nBEGIN\n  {};\nEXCEPTION WHEN undefined_function THEN NULL;\nEND\n$migplan$", restated)


def _routines_on(table: ObjectId, catalog: Catalog) -> list[Routine]:
    """PL/pgSQL functions that the table's triggers call, or whose body names the table."""
    called, name = routines_on(table, catalog), table.path[1]
    functions = (r for r in catalog.of(Routine) if r.id.kind == "function" and r.language == "plpgsql")
    return sorted((r for r in functions if r.id in called or name in words(r.reads_body)), key=lambda r: r.id)
