"""SYNC for columns that are split, merged or computed: several columns and several others say the same.

Beside the pairs' trigger, and by the same rules: what an application wrote wins. In an INSERT that is the arriving
columns where one of them has a value, in an UPDATE those that changed. Where only a column that stays and that an
expression reads has changed, values follow it as long as nobody wrote another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, ident, join, sql
from migplan.core.steps import Assertion, Statement
from migplan.kinds.equality import Compared, distinct
from migplan.strategies.sync.sync import create_trigger, drop_sync, of_new, over_new, over_old

_WHAT = "_vector"


@record
class End:
    """A column at one end: its ``value`` out of the other end's columns, or None where nothing tells it.

    ``stays`` are the columns beside both ends that the value reads; ``default`` is what an arriving column gets where
    an application leaves it out.
    """

    name: str
    by: Compared
    value: Sql | None
    stays: tuple[str, ...] = ()
    default: Sql | None = None


@record
class Vector:
    """Columns that go and columns that take their place, all of one table."""

    leaving: tuple[End, ...]
    arriving: tuple[End, ...]

    @property
    def returning(self) -> tuple[End, ...]:
        """The leaving columns that can be told out of the arriving ones."""
        return tuple(end for end in self.leaving if end.value is not None)


def create_vector_sync(table: ObjectId, vectors: Sequence[Vector]) -> list[Statement]:
    """The function and its trigger, for all vectors of a table."""
    return create_trigger(table, join("\n", (_keep(vector) for vector in vectors)), _WHAT)


def drop_vector_sync(table: ObjectId) -> list[Statement]:
    """The trigger, then its function."""
    return drop_sync(table, _WHAT)


def vectors_disagree(table: ObjectId, vectors: Sequence[Vector]) -> Assertion:
    """Counts the rows whose columns don't say the same, neither way; where no way back is told, those not filled."""
    rows = join(" OR ", (stale(v.arriving, v.returning) for v in vectors if v.arriving))
    count = sql("SELECT count(*) FROM {} WHERE {}", ident(*table.path), rows)
    return Assertion(count, f"rows of {table} disagree between the old and the new columns", guard=True)


def stale(ends: Sequence[End], others: Sequence[End]) -> Sql:
    """The condition that ``ends`` aren't filled yet, or say something else than ``others``, either way.

    A composite value with NULLs in it is neither NULL nor NOT NULL, but distinct from NULL.
    """
    told = [(end, end.value) for end in ends if end.value is not None]
    empty = join(" AND ", (sql("{} IS NOT DISTINCT FROM NULL", ident(end.name)) for end, _ in told))
    filled = join(" OR ", (sql("{} IS DISTINCT FROM NULL", value) for _, value in told))
    unfilled = sql("(({}) AND ({}))", empty, filled)
    if not others:
        return unfilled
    return sql("({} OR (({}) AND ({})))", unfilled, _differ(ends), _differ(others))


def _differ(ends: Sequence[End]) -> Sql:
    return join(" OR ", (distinct(ident(e.name), e.value, e.by) for e in ends if e.value is not None))


def _keep(vector: Vector) -> Sql:
    arriving, leaving, returning = vector.arriving, vector.leaving, vector.returning
    branches = [
        (sql("TG_OP = 'INSERT' AND {}", _only_old(vector)), _assign(arriving, over_new)),
        (Sql("TG_OP = 'INSERT'"), join("", (_defaults(arriving), _assign(returning, over_new)))),
        (_changed(e.name for e in arriving), _assign(returning, over_new)),
        (_changed(e.name for e in leaving), _assign(arriving, over_new)),
    ]
    chosen = [(condition, body) for condition, body in branches if condition]
    text = join("  ELSIF ", (sql("{} THEN\n{}", condition, body or Sql("    NULL;\n")) for condition, body in chosen))
    following = join("", (_follow(e) for e in (*arriving, *returning) if e.stays))
    rest = sql("  ELSE\n{}", following) if following else EMPTY
    return sql("  IF {}{}  END IF;", text, rest)


def _only_old(vector: Vector) -> Sql:
    """An INSERT of an application that doesn't know the arriving columns."""
    nothing_new = [sql("{} IS NOT DISTINCT FROM NULL", of_new(e.name)) for e in vector.arriving] or [Sql("false")]
    something_old = [sql("{} IS DISTINCT FROM NULL", of_new(e.name)) for e in vector.leaving]
    conditions = nothing_new + ([sql("({})", join(" OR ", something_old))] if something_old else [])
    return join(" AND ", conditions)


def _changed(names: Iterable[str]) -> Sql:
    """As text, which every type has."""
    both = ((of_new(name), sql("OLD.{}", ident(name))) for name in names)
    return join(" OR ", (sql("{}::text IS DISTINCT FROM {}::text", new, old) for new, old in both))


def _assign(ends: Sequence[End], over: Callable[[Sql], Sql]) -> Sql:
    values = ((of_new(end.name), end.value) for end in ends)
    return join("", (sql("    {} := {};\n", name, over(value)) for name, value in values if value is not None))


def _defaults(ends: Sequence[End]) -> Sql:
    told = ((of_new(end.name), end.default) for end in ends)
    return join(
        "", (sql("    {0} := coalesce({0}, {1});\n", name, default) for name, default in told if default is not None)
    )


def _follow(end: End) -> Sql:
    assert end.value is not None
    was = distinct(sql("OLD.{}", ident(end.name)), over_old(end.value), end.by)
    return sql(
        "    IF ({}) AND NOT ({}) THEN\n      {} := {};\n    END IF;\n",
        _changed(end.stays),
        was,
        of_new(end.name),
        over_new(end.value),
    )
