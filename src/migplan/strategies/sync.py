"""SYNC: two columns, one truth, kept by one trigger a table while two versions of the application write.

The trigger sorts after every user trigger, because it must see what they made of the row, and leaves at once when
``migplan.sync`` is off, which only the backfill sets. Columns and trigger come and go in one transaction: either order
across two loses writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, ident, join, sql, with_column_renamed
from migplan.core.steps import LockMode, Statement, temporary_name
from migplan.kinds.column import Column, cast

TRIGGER: Final = "~migplan_sync"
_NO_EQUALITY: Final = frozenset({"json", "xml", "point", "polygon", "box", "circle", "path", "lseg", "line"})


@dataclass(frozen=True, slots=True)
class Pair:
    """An old column and the new one that takes its place.

    ``staged`` is the new one's name while both live: its own where the column is renamed, a temporary one where it
    keeps its name. ``up`` and ``down`` are the directives' expressions over the row, or None for a cast.
    """

    old: Column
    new: Column
    staged: str
    up: Sql | None = None
    down: Sql | None = None

    @property
    def renames(self) -> bool:
        """Whether the new column has another name than the old one."""
        return self.old.name != self.new.name

    @property
    def staged_column(self) -> Column:
        """The new column under the name that it has while both live, with nothing that would hinder it."""
        id = ObjectId("column", (*self.new.relation.path, self.staged))
        return replace(self.new, id=id, not_null=None, identity=None)

    def up_over_row(self) -> Sql:
        """The new value as an expression over the table's columns (the backfill's)."""
        return self.up if self.up is not None else cast(ident(self.old.name), self.old.type, self.new.type)

    def down_over_row(self) -> Sql:
        """The old value as an expression over the table's columns, the new one under its staged name."""
        if self.down is not None:
            return with_column_renamed(self.down, self.new.name, self.staged)
        return cast(ident(self.staged), self.new.type, self.old.type)

    def up_of_new(self) -> Sql:
        """The new value inside the trigger."""
        if self.up is not None:
            return sql("(SELECT {} FROM (SELECT NEW.*) AS r)", self.up)
        return cast(_new(self.old.name), self.old.type, self.new.type)

    def down_of_new(self) -> Sql:
        """The old value inside the trigger."""
        if self.down is not None:
            return sql("(SELECT {} FROM (SELECT NEW.*) AS r)", self.down_over_row())
        return cast(_new(self.staged), self.new.type, self.old.type)


def function_name(table: ObjectId) -> Sql:
    """The trigger function, in the table's schema."""
    return ident(table.path[0], temporary_name(table.path[1], "sync"))


def create_sync(table: ObjectId, pairs: Sequence[Pair]) -> list[Statement]:
    """The function and its trigger."""
    body = "\n".join(_keep(pair) for pair in pairs)
    function = sql(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $migplan$\nBEGIN\n"
        "  IF current_setting('migplan.sync', true) = 'off' THEN\n    RETURN NEW;\n  END IF;\n{}\n  RETURN NEW;\nEND\n$migplan$",
        function_name(table),
        Sql(body),
    )
    trigger = sql(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
        ident(TRIGGER),
        ident(*table.path),
        function_name(table),
    )
    return [Statement(function), Statement(trigger, LockMode.SHARE_ROW_EXCLUSIVE)]


def drop_sync(table: ObjectId) -> list[Statement]:
    """The trigger goes before its columns."""
    return [
        Statement(sql("DROP TRIGGER {} ON {}", ident(TRIGGER), ident(*table.path)), LockMode.ACCESS_EXCLUSIVE),
        Statement(sql("DROP FUNCTION {}()", function_name(table))),
    ]


def disagreement(table: ObjectId, pairs: Sequence[Pair]) -> Sql:
    """A query that counts the rows whose two columns don't say the same."""
    differs = join(" OR ", (_distinct(ident(p.old.name), p.down_over_row(), p.old.type) for p in pairs))
    return sql("SELECT count(*) FROM {} WHERE {}", ident(*table.path), differs)


def stale(pairs: Sequence[Pair]) -> Sql:
    """The condition that a row's new columns aren't filled yet."""
    return join(" OR ", (_distinct(ident(p.staged), p.up_over_row(), p.new.type) for p in pairs))


def stale_old(pairs: Sequence[Pair]) -> Sql:
    """The same for the way back: the old columns are to be filled from the new ones."""
    return join(" OR ", (_distinct(ident(p.old.name), p.down_over_row(), p.old.type) for p in pairs))


def _keep(pair: Pair) -> str:
    old, new = _new(pair.old.name), _new(pair.staged)
    was_old, was_new = sql("OLD.{}", ident(pair.old.name)), sql("OLD.{}", ident(pair.staged))
    return sql(
        "  IF TG_OP = 'INSERT' THEN\n    IF {new} IS NULL THEN\n      {new} := {up};\n    ELSE\n      {old} := {down};\n"
        "    END IF;\n  ELSIF {new_changed} THEN\n    {old} := {down};\n  ELSIF {old_changed} THEN\n    {new} := {up};\n  END IF;",
        new=new,
        old=old,
        up=pair.up_of_new(),
        down=pair.down_of_new(),
        new_changed=_distinct(new, was_new, pair.new.type),
        old_changed=_distinct(old, was_old, pair.old.type),
    )


def _new(column: str) -> Sql:
    return sql("NEW.{}", ident(column))


def _distinct(left: Sql, right: Sql, type: str) -> Sql:
    """IS DISTINCT FROM needs an equality operator; what has none is compared as text."""
    if type in _NO_EQUALITY:
        return sql("({})::text IS DISTINCT FROM ({})::text", left, right)
    return sql("{} IS DISTINCT FROM {}", left, right)
