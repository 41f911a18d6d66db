"""Stored generated columns that become plain ones, while an application works that can't write them.

DROP EXPRESSION keeps the values and is metadata only. Ahead of it comes a trigger that goes on computing: in an INSERT
where nobody gave a value, in an UPDATE of what the value is computed of, as long as nobody wrote another one. While the
column is a generated one, what the trigger says there counts for nothing. A second trigger, which PostgreSQL fires
where an UPDATE names the column, notes that the application writes it, be it the value that is there. Both go behind
the checkpoint from which on it always does; a default, which would look like a written value, comes behind that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import groupby
from typing import LiteralString

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.sql_names import columns_named
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds._descendants import heirs
from migplan.kinds.column import Column
from migplan.kinds.equality import changed, compared
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.sync.sync import TRIGGER, create_trigger, drop_sync, function_of, no_default, of_new

NAME = "no_longer_computed"
_WHAT = "_computed"
_NOTE = f"{TRIGGER}_by"
"""Sorts ahead of the trigger that computes, and right before it."""
_NOTING = Sql(
    "  IF TG_NARGS > 0 THEN\n"
    "    PERFORM set_config('migplan.written', concat(current_setting('migplan.written', true), TG_ARGV[0]), true);\n"
    "    RETURN NEW;\n  END IF;"
)
AX = LockMode.ACCESS_EXCLUSIVE


class NoLongerComputed(Strategy):
    """The columns of one table at a time, by one trigger."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        found = list(_retiring(context))
        later = {new.id for old, new in found if _goes_first(context, old, new)}
        if later:
            reasons = (f"{id} is no longer computed: let a plan of its own do that first" for id in sorted(later))
            yield Expansion((), blocked=tuple(reasons), first=frozenset(new.id for _, new in found))
        if context.settings.offline:
            return
        pairs = sorted((p for p in found if p[1].id not in later), key=lambda p: p[1].id)
        for table, columns in groupby(pairs, key=lambda pair: pair[1].relation):
            yield _Retirement(context, table, tuple(columns)).expansion()


def _retiring(context: Context) -> Iterable[tuple[Column, Column]]:
    """The columns that lose their expression and stay plain; those of tables that are made anew as well. The default
    of a domain can't be taken away as long as there is an expression, and would look like a written value."""
    for change in context.all_changes:
        match change:
            case Alter(old=Column() as old, new=Column() as new):
                plain = new.generated is None and new.identity is None and not new.inherited
                told = new.id not in context.online and no_default(new, context.after) is None
                if old.generated is not None and plain and told:
                    yield old, new
            case _:
                pass


def _goes_first(context: Context, old: Column, new: Column) -> bool:
    """Whether that takes a stage of its own: what is computed when it is read has to be stored first, and a session
    that knows the trigger refuses the column with another type."""
    if old.virtual or context.settings.offline:
        return old.virtual
    made_anew = bool({new.id, new.relation} & context.rebuilds.items.keys())
    return made_anew or (old.type, old.collation) != (new.type, new.collation)


def writes_itself(column: Column) -> str:
    """What the checkpoint says."""
    return f"writes {column.id} itself, for nothing computes it any more"


@record(slots=False)
class _Retirement:
    """The columns of one table, until nothing computes them any more."""

    context: Context
    table: ObjectId
    columns: Sequence[tuple[Column, Column]]

    def expansion(self) -> Expansion:
        begin, note, end = self._begin(), self._note(), self._end()
        ids = [new.id for _, new in self.columns]
        return Expansion(
            (begin, note, end),
            behind={ObjectId("default", id.path): After(end.id, "a default looks like a written value") for id in ids},
            single={step_id("alter", id): After(begin.id, "something must compute it at once") for id in ids},
        )

    @cached_property
    def _below(self) -> list[ObjectId]:
        return list(heirs(self.table, self.context.after))

    @cached_property
    def _names(self) -> str:
        return ", ".join(new.name for _, new in self.columns)

    @cached_property
    def _read(self) -> frozenset[ObjectId]:
        """What the expressions stand on."""
        return frozenset(u for _, new in self.columns for u in self.context.before.uses.get(new.id, ()))

    @property
    def _lock(self) -> Statement:
        """The strongest lock of the transaction first: who reads, and is kept from writing by the weaker one, would be
        waited for while waiting."""
        return Statement(sql("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", ident(*self.table.path)), AX)

    @property
    def _computing(self) -> tuple[Statement, ...]:
        body = join("\n", (_keep(self.context, old, number) for number, (old, _) in enumerate(self.columns)))
        text = sql("{}\n{}\n  PERFORM set_config('migplan.written', '', true);", _NOTING, body)
        return tuple(create_trigger(self.table, text, _WHAT, self._below, always=True))

    @property
    def _noting(self) -> tuple[Statement, ...]:
        found = (
            sql(
                "CREATE TRIGGER {} BEFORE UPDATE OF {} ON {} FOR EACH ROW EXECUTE FUNCTION {}({})",
                ident(f"{_NOTE}{number}"),
                ident(new.name),
                ident(*table.path),
                function_of(self.table, _WHAT),
                literal(f"{number}/"),
            )
            for table in (self.table, *self._below)
            for number, (_, new) in enumerate(self.columns)
        )
        return tuple(Statement(text, LockMode.SHARE_ROW_EXCLUSIVE) for text in found)

    @property
    def _no_noting(self) -> tuple[Statement, ...]:
        return tuple(
            Statement(sql("DROP TRIGGER {} ON {}", ident(f"{_NOTE}{number}"), ident(*table.path)), AX)
            for table in (self.table, *self._below)
            for number in range(len(self.columns))
        )

    def _begin(self) -> Step:
        renamed = self.context.renamed_columns.keys() & {*self._read, *(new.id for _, new in self.columns)}
        renaming = sorted({step_id("rename-columns", id.parent("table")) for id in renamed})
        return Step(
            id=step_id("compute", self.table),
            title=f"go on computing {self._names} of {self.table} by a trigger",
            object=self.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="the running application doesn't write what it knows as computed",
            up=(self._lock, *self._computing),
            down=Down(tuple(drop_sync(self.table, _WHAT, self._below))),
            uses=self._read | {self.table},
            after=tuple(After(id, "reads columns by their declared names") for id in renaming),
        )

    def _note(self) -> Step:
        plain = (After(step_id("alter", new.id), "nobody could write it before") for _, new in self.columns)
        return Step(
            id=step_id("note", self.table),
            title=f"note who writes {self._names} of {self.table}",
            object=self.table,
            strategy=NAME,
            phase=Phase.EXPAND,
            why="what an application writes is left as it is",
            up=self._noting,
            down=Down(self._no_noting),
            after=tuple(plain),
        )

    def _end(self) -> Step:
        known = (
            After(step_id("alter", new.id), "it can be written from then on", True, writes_itself(new))
            for _, new in self.columns
        )
        return Step(
            id=step_id("uncompute", self.table),
            title=f"no longer compute {self._names} of {self.table}",
            object=self.table,
            strategy=NAME,
            phase=Phase.CONTRACT,
            why="the application writes the values itself",
            up=(*self._no_noting, *drop_sync(self.table, _WHAT, self._below)),
            down=Down((*self._computing, *self._noting)),
            releases=self._read,
            after=(After(step_id("note", self.table), "takes the triggers away"), *known),
        )


def _keep(context: Context, column: Column, number: int) -> Sql:
    """What an application wrote wins: in an INSERT a value, in an UPDATE what it names."""
    by = compared(column, context.before)
    new, old = of_new(column.name), sql("OLD.{}", ident(column.name))
    now, was = (_value(context, column, row) for row in ("NEW", "OLD"))
    return sql(
        "  IF TG_OP = 'INSERT' THEN\n    IF {new} IS NOT DISTINCT FROM NULL THEN\n      {new} := {now};\n"
        "    END IF;\n  ELSIF NOT {written} AND NOT ({apart}) AND {changed} THEN\n    {new} := {now};\n  END IF;",
        new=new,
        now=now,
        written=sql("coalesce(strpos(current_setting('migplan.written', true), {}) > 0, false)", literal(f"{number}/")),
        apart=changed(old, was, by),
        changed=changed(now, was, by),
    )


def _value(context: Context, column: Column, row: LiteralString) -> Sql:
    """What is computed of the row. Only what is read is named: sessions that know the trigger refuse columns that get
    another type meanwhile."""
    named = columns_named(column.generated or "")
    read = [c.name for c in context.before.members_of(column.relation, Column) if c.name in named]
    values = [sql("{}.{} AS {}", Sql(row), ident(name), ident(name)) for name in read]
    if "tableoid" in named:
        values.append(Sql("TG_RELID AS tableoid"))
    return sql("(SELECT {} FROM (SELECT {}) AS r)", deparsed(column.generated or ""), join(", ", values))


STRATEGY = NoLongerComputed()
