"""The change log of a table that is built a second time: a trigger writes the keys of every row that changes.

The copy is filled by ``copied_rows``, kept up by ``replayed_log``, and looked at by ``compared_copies``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Statement, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.table_kind import value_for
from migplan.kinds.type_casts import cast
from migplan.strategies.rebuilds.family import Family
from migplan.strategies.rebuilds.log_key import LogKey

TRIGGER: Final = "~migplan_log"
SRX, AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE


@record
class Filled:
    """A column of the copy and its value as an expression over the table's row."""

    column: Column
    value: Sql


@record(slots=False)
class ChangeLog:
    """``source`` is the incarnation in use, ``copy`` the one that stands aside; ``found_by`` tells their rows apart."""

    source: Family
    copy: Family
    found_by: LogKey

    @property
    def key(self) -> tuple[Column, ...]:
        """What is logged of a row."""
        return self.found_by.columns

    @property
    def along(self) -> tuple[Column, ...]:
        """In which order rows are copied."""
        return self.found_by.along

    @property
    def columns(self) -> list[Filled]:
        """What is copied. Generated columns compute themselves; columns without a counterpart take their default."""
        was = {c.name: c for c in self.source.columns}
        found: list[Filled] = []
        for column in self.copy.columns:
            old = was.get(column.name)
            if column.generated is not None:
                continue
            if old is not None:
                found.append(Filled(column, value_for(column, old, self.source.catalog)))
            elif column.using is not None:
                found.append(Filled(column, sql("({})", deparsed(column.using))))
        return found

    def create(self) -> list[Statement]:
        """The log, and the place of the copying: one row with the last key that was copied, until all are."""
        old, new = (_declared(self.key, names) for names in (self.olds, self.news))
        place = _declared(self.along, self.marks)
        return [
            Statement(sql('CREATE TABLE {} (op "char" NOT NULL, {}, {})', self.name, old, new)),
            Statement(sql("ALTER TABLE {} REPLICA IDENTITY FULL", self.name)),
            Statement(sql("CREATE TABLE {} ({})", self.place, place)),
            Statement(sql("ALTER TABLE {} REPLICA IDENTITY FULL", self.place)),
            Statement(sql("INSERT INTO {} DEFAULT VALUES", self.place)),
        ]

    def watch(self) -> list[Statement]:
        """The triggers that write it. They fire for replicated changes too, and write in their maker's name: who may
        change the table needs no right on the log."""
        old, new = (join(", ", (sql("{}.{}", Sql(row), ident(c.name)) for c in self.key)) for row in ("OLD", "NEW"))
        olds, news = join(", ", self.olds), join(", ", self.news)
        function = sql(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            " SET search_path = pg_catalog, pg_temp AS $migplan$\nBEGIN\n"
            "  IF TG_OP = 'INSERT' THEN\n    INSERT INTO {log} (op, {news}) VALUES ('I', {new});\n"
            "  ELSIF TG_OP = 'UPDATE' THEN\n    INSERT INTO {log} (op, {olds}, {news}) VALUES ('U', {old}, {new});\n"
            "  ELSIF TG_OP = 'DELETE' THEN\n    INSERT INTO {log} (op, {olds}) VALUES ('D', {old});\n"
            "  ELSE\n    INSERT INTO {log} (op) VALUES ('T');\n  END IF;\n  RETURN NULL;\nEND\n$migplan$",
            function=self.name,
            log=self.name,
            olds=olds,
            news=news,
            old=old,
            new=new,
        )
        rows = sql(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(TRIGGER),
            self.source.live,
            self.name,
        )
        always = sql("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", self.source.live, ident(TRIGGER))
        statements = [Statement(function), Statement(rows, SRX), Statement(always, SRX)]
        for table in self.source.tables:
            statements += self._watch_truncate(table)
        return statements

    def _watch_truncate(self, table: ObjectId) -> list[Statement]:
        trigger, name = ident(f"{TRIGGER}_truncate"), ident(*table.path)
        create = sql(
            "CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()", trigger, name, self.name
        )
        always = sql("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", name, trigger)
        return [Statement(create, SRX), Statement(always, SRX)]

    def unwatch(self) -> list[Statement]:
        """The triggers and their function go. Their tables must be locked: DROP TRIGGER locks partitions first, and
        queries lock them last."""
        rows = sql("DROP TRIGGER {} ON {}", ident(TRIGGER), self.source.live)
        truncates = (
            sql("DROP TRIGGER {} ON {}", ident(f"{TRIGGER}_truncate"), ident(*t.path)) for t in self.source.tables
        )
        return [
            *(Statement(s, AX) for s in (rows, *truncates)),
            Statement(sql("DROP FUNCTION {}()", self.name)),
        ]

    def drop(self) -> list[Statement]:
        """The log goes."""
        return [Statement(sql("DROP TABLE {}", name)) for name in (self.name, self.place)]

    def named(self, names: Sequence[Sql]) -> list[tuple[Column, Sql]]:
        """The key's columns, each with a name that it has elsewhere."""
        return list(zip(self.key, names, strict=True))

    def as_in_copy(self, column: Column, value: Sql) -> Sql:
        """A key's value as the copy holds it."""
        other = next(c for c in self.copy.columns if c.name == column.name)
        return cast(value, column.type, other.type)

    @property
    def name(self) -> Sql:
        """The log's table, and its function."""
        return ident(*self.copy.log)

    @property
    def place(self) -> Sql:
        """The table that says how far the copying is."""
        schema, _ = self.copy.log
        return ident(schema, temporary_name(self.copy.root.path[1], "copied"))

    @property
    def names(self) -> Sql:
        """The copied columns, listed."""
        return join(", ", (ident(f.column.name) for f in self.columns))

    @property
    def values(self) -> Sql:
        """Their values over a row of the source, listed."""
        return join(", ", (f.value for f in self.columns))

    @property
    def overriding(self) -> Sql:
        """What an INSERT of them needs where a column numbers itself."""
        return Sql(" OVERRIDING SYSTEM VALUE" if any(f.column.identity for f in self.columns) else "")

    @property
    def olds(self) -> list[Sql]:
        """The log's columns for the key of a row that was."""
        return [Sql(f"old_{n}") for n in range(1, len(self.key) + 1)]

    @property
    def news(self) -> list[Sql]:
        """The log's columns for the key of a row that came."""
        return [Sql(f"new_{n}") for n in range(1, len(self.key) + 1)]

    @property
    def marks(self) -> list[Sql]:
        """The columns that say how far the copying is."""
        return [Sql(f"new_{n}") for n in range(1, len(self.along) + 1)]


def _declared(columns: Sequence[Column], names: Sequence[Sql]) -> Sql:
    return join(", ", (sql("{} {}", name, deparsed(c.type)) for c, name in zip(columns, names, strict=True)))
