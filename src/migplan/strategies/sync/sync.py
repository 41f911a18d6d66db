"""SYNC: two columns, one truth, kept by one trigger a table while two versions of the application write.

The trigger sorts after every user trigger, because it must see what they made of the row, and leaves at once when
``migplan.sync`` is off, which only the backfill sets: for its own statement, not for what user triggers write into
tables because of it. Columns and trigger come and go in one transaction: either order
across two loses writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, ident, join, sql
from migplan.core.steps import Assertion, LockMode, Statement, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.default import Default
from migplan.kinds.domain import Domain
from migplan.kinds.equality import Compared, changed, distinct

TRIGGER: Final = "~migplan_sync"
FILLS: Final = Sql("current_setting('migplan.sync', true) = 'off' AND pg_trigger_depth() = 1")
"""Whether a trigger was fired by the backfill's own statement."""


@record
class Pair:
    """Two columns of one table by their present names: ``leaving`` is the one that goes, ``arriving`` takes its place.

    ``up`` computes the arriving column's value out of the row, ``down`` the leaving one's; both name the columns as
    they are called now. ``up_of_new`` and ``down_of_new`` are the same inside the trigger, over ``NEW``.
    """

    leaving: str
    arriving: str
    leaving_by: Compared
    arriving_by: Compared
    up: Sql
    down: Sql
    up_of_new: Sql
    down_of_new: Sql


def of_new(column: str) -> Sql:
    """A column of the row that the trigger is about to let through."""
    return sql("NEW.{}", ident(column))


def over_new(expression: Sql) -> Sql:
    """An expression over the row, inside the trigger."""
    return sql("(SELECT {} FROM (SELECT NEW.*) AS r)", expression)


def over_old(expression: Sql) -> Sql:
    """The same over the row as it was."""
    return sql("(SELECT {} FROM (SELECT OLD.*) AS r)", expression)


def no_default(column: Column, catalog: Catalog) -> Default | None:
    """The DEFAULT NULL that a column in step needs where its domain has a default: that looks like a written value."""
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(column.id, frozenset()))
    if not any(d is not None and d.default is not None and ident(*d.id.path) == column.type for d in domains):
        return None
    return Default(id=ObjectId("default", column.id.path), relation=column.relation, expression="NULL")


def create_sync(table: ObjectId, pairs: Sequence[Pair], heirs: Sequence[ObjectId] = ()) -> list[Statement]:
    """The function and its trigger, on ``heirs`` as well: what inherits a table doesn't inherit its triggers."""
    return create_trigger(table, join("\n", (_keep(pair) for pair in pairs)), heirs=heirs)


def create_trigger(
    table: ObjectId, body: Sql, what: str = "", heirs: Sequence[ObjectId] = (), *, always: bool = False
) -> list[Statement]:
    """The function with this PL/pgSQL body, and its triggers; ``what`` tells several of one table apart. One that works
    ``always`` does so for the backfill's statements as well."""
    leaves = sql("  IF {} THEN\n    RETURN NEW;\n  END IF;\n", FILLS)
    function = sql(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $migplan$\nBEGIN\n{}{}\n  RETURN NEW;\n"
        "END\n$migplan$",
        function_of(table, what),
        EMPTY if always else leaves,
        body,
    )
    triggers = [
        sql(
            "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(TRIGGER + what),
            ident(*each.path),
            function_of(table, what),
        )
        for each in (table, *heirs)
    ]
    return [Statement(function), *(Statement(trigger, LockMode.SHARE_ROW_EXCLUSIVE) for trigger in triggers)]


def drop_sync(table: ObjectId, what: str = "", heirs: Sequence[ObjectId] = ()) -> list[Statement]:
    """The triggers, then their function; both before any of their columns."""
    name = ident(TRIGGER + what)
    triggers = (sql("DROP TRIGGER {} ON {}", name, ident(*each.path)) for each in (table, *heirs))
    drops = [Statement(trigger, LockMode.ACCESS_EXCLUSIVE) for trigger in triggers]
    return [*drops, Statement(sql("DROP FUNCTION {}()", function_of(table, what)))]


def disagreement(table: ObjectId, pairs: Sequence[Pair]) -> Assertion:
    """Counts the rows whose two columns don't say the same, neither way: a conversion may be true one way only."""
    rows = join(" OR ", (sql("({} AND {})", _arriving_differs(p), _leaving_differs(p)) for p in pairs))
    count = sql("SELECT count(*) FROM {} WHERE {}", ident(*table.path), rows)
    return Assertion(count, f"rows of {table} disagree between the old and the new columns", guard=True)


def stale_arriving(pairs: Sequence[Pair]) -> Sql:
    """The condition that a row's arriving columns aren't filled yet: what an application wrote there counts."""
    return join(
        " OR ",
        (
            sql("({} AND ({} IS NULL OR {}))", _arriving_differs(p), ident(p.arriving), _leaving_differs(p))
            for p in pairs
        ),
    )


def stale_leaving(pairs: Sequence[Pair]) -> Sql:
    """The same for the leaving columns, on the way back."""
    return join(
        " OR ",
        (
            sql("({} AND ({} IS NULL OR {}))", _leaving_differs(p), ident(p.leaving), _arriving_differs(p))
            for p in pairs
        ),
    )


def _arriving_differs(pair: Pair) -> Sql:
    return distinct(ident(pair.arriving), pair.up, pair.arriving_by, pair.leaving_by)


def _leaving_differs(pair: Pair) -> Sql:
    return distinct(ident(pair.leaving), pair.down, pair.leaving_by, pair.arriving_by)


def function_of(table: ObjectId, what: str) -> Sql:
    """The name of the function of such a trigger."""
    return ident(table.path[0], temporary_name(table.path[1], "sync" + what))


def _keep(pair: Pair) -> Sql:
    """What an application wrote wins: in an INSERT the arriving column where it has a value, in an UPDATE the one that
    changed."""
    leaving, arriving = of_new(pair.leaving), of_new(pair.arriving)
    return sql(
        "  IF TG_OP = 'INSERT' THEN\n    IF {arriving} IS NULL THEN\n      {arriving} := {up};\n    ELSE\n"
        "      {leaving} := {down};\n    END IF;\n  ELSIF {arriving_changed} THEN\n    {leaving} := {down};\n"
        "  ELSIF {leaving_changed} THEN\n    {arriving} := {up};\n  END IF;",
        leaving=leaving,
        arriving=arriving,
        up=pair.up_of_new,
        down=pair.down_of_new,
        arriving_changed=changed(arriving, sql("OLD.{}", ident(pair.arriving)), pair.arriving_by),
        leaving_changed=changed(leaving, sql("OLD.{}", ident(pair.leaving)), pair.leaving_by),
    )
