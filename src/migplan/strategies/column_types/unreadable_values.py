"""Values that the new type has no room for, or whose text it can't read: counted before the table is locked, instead of
an error in its midst.

PostgreSQL tells what a type reads from 16 on (pg_input_is_valid); before, only the error of trying it does.
"""

from __future__ import annotations

from typing import Final

from migplan.core.model import DbObject
from migplan.core.sql import Sql, deparsed, ident, literal, sql
from migplan.core.steps import Assertion
from migplan.kinds.column import Column
from migplan.kinds.type_casts import BYTES, overflows, reads_text, text_of
from migplan.strategies.base import Context

_TELLS: Final = 16


def unreadable_values(context: Context, old: DbObject, new: DbObject) -> tuple[Assertion, ...]:
    """What stands in the way of another type for a column (either way), where no directive says how to get there."""
    if not isinstance(old, Column) or not isinstance(new, Column) or old.relation.kind != "table":
        return ()
    if new.using is not None or old.reverse is not None or context.empty(old.relation):
        return ()
    beyond = overflows(ident(new.name), old.type, new.type)
    if beyond is not None:
        count = sql("SELECT count(*) FROM {} WHERE {}", ident(*old.relation.path), beyond)
        return (
            Assertion(count, f"rows of {old.relation} have values of {new.id.name} that {new.type} has no room for"),
        )
    if not reads_text(old.type, new.type):
        return ()
    message = f"rows of {old.relation} have values of {new.id.name} that {new.type} can't read"
    if context.before.major < _TELLS or old.type == BYTES:
        return (_tried(old, new, message),)
    count = sql(
        "SELECT count(*) FROM {} WHERE NOT pg_input_is_valid({}, {})",
        ident(*old.relation.path),
        text_of(ident(new.name), old.type, new.type),
        literal(new.type),
    )
    return (Assertion(count, message),)


def _tried(old: Column, new: Column, message: str) -> Assertion:
    """Each value once, in a block of its own that survives what the type says of it. Bytes are read as text in there as
    well, since not all are any; of other types the text is taken before, since not all have an equality operator."""
    value, of_bytes = sql("r.{}", ident(new.name)), old.type == BYTES
    block = sql(
        "DO $migplan$\nDECLARE\n  held {};\n  times bigint;\n  offenders bigint := 0;\nBEGIN\n"
        "  FOR held, times IN SELECT {}, count(*) FROM {} r WHERE r.{} IS NOT NULL GROUP BY 1 LOOP\n"
        "    BEGIN\n      PERFORM {}::{};\n"
        "    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN\n"
        "      offenders := offenders + times;\n    END;\n  END LOOP;\n"
        "  IF offenders > 0 THEN\n    RAISE EXCEPTION '% (% rows)', {}, offenders;\n  END IF;\nEND\n$migplan$",
        Sql("bytea" if of_bytes else "text"),
        value if of_bytes else text_of(value, old.type, new.type),
        ident(*new.relation.path),
        ident(new.name),
        text_of(Sql("held"), old.type, new.type) if of_bytes else Sql("held"),
        deparsed(new.type),
        literal(message),
    )
    return Assertion(block, message, raises=True)
