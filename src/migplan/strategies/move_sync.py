"""Two columns of two tables, one truth: triggers on both, and the pouring of one into the other.

Each trigger writes only what differs, so that the other one finds nothing left to do. They fire after the row is
written, in their maker's name: who may write one table needs no right on the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.sql import EMPTY, Sql, deparsed, ident, literal, sql
from migplan.core.steps import Assertion, LockMode, Statement, Timing, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.type_casts import cast
from migplan.strategies.sync import distinct

SRX, AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE
_TRIGGER: Final = "~migplan_move"
_HEAD: Final = Sql(
    " RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $migplan$\nBEGIN\n"
    "  IF current_setting('migplan.sync', true) = 'off' THEN\n    RETURN {};\n  END IF;\n"
)


@dataclass(frozen=True)
class End:
    """One of the two columns, with the key column of its table and that one's type."""

    column: Column
    key: str
    key_type: str

    @property
    def table(self) -> Sql:
        """Its table's name."""
        return ident(*self.column.relation.path)

    @property
    def name(self) -> Sql:
        """The column's name."""
        return ident(self.column.name)

    @property
    def by(self) -> Sql:
        """The key column's name."""
        return ident(self.key)


@dataclass(frozen=True)
class Way:
    """How values go from one end to the other; ``fills`` says that a missing row is made there."""

    source: End
    target: End
    fills: bool

    def value(self, of: Sql) -> Sql:
        """The value of the row ``of`` as the other end holds it."""
        source, target = self.source.column, self.target.column
        return cast(sql("{}.{}", of, ident(source.name)), source.type, target.type)

    def create(self) -> list[Statement]:
        """The trigger behind changes of the source."""
        changed = distinct(sql("NEW.{}", self.source.name), sql("OLD.{}", self.source.name), self.source.column.type)
        moved = sql("NEW.{} IS DISTINCT FROM OLD.{}", self.source.by, self.source.by)
        body = sql(
            "  IF TG_OP = 'DELETE' THEN\n    UPDATE {table} SET {column} = NULL WHERE {by} = OLD.{key}"
            " AND {column} IS NOT NULL;\n    RETURN NULL;\n  END IF;\n"
            "  IF TG_OP = 'INSERT' OR {changed} OR {moved} THEN\n{write}  END IF;\n  RETURN NULL;\nEND\n$migplan$",
            table=self.target.table,
            column=self.target.name,
            by=self.target.by,
            key=self.source.by,
            changed=changed,
            moved=moved,
            write=self._write(),
        )
        function = sql("CREATE FUNCTION {}(){}{}", self._function, Sql(_HEAD.replace("{}", "NULL")), body)
        trigger = sql(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(_TRIGGER),
            self.source.table,
            self._function,
        )
        return [Statement(function), Statement(trigger, SRX)]

    def _write(self) -> Sql:
        value = self.value(Sql("NEW"))
        update = sql(
            "    UPDATE {table} AS t SET {column} = {value} WHERE t.{by} = NEW.{key} AND {differs};\n",
            table=self.target.table,
            column=self.target.name,
            value=value,
            by=self.target.by,
            key=self.source.by,
            differs=distinct(sql("t.{}", self.target.name), value, self.target.column.type),
        )
        if not self.fills:
            return update
        return sql(
            "{update}    IF NEW.{source} IS NOT NULL THEN\n      INSERT INTO {table} ({by}, {column})"
            " VALUES (NEW.{key}, {value}) ON CONFLICT ({by}) DO NOTHING;\n    END IF;\n",
            update=update,
            source=self.source.name,
            table=self.target.table,
            by=self.target.by,
            column=self.target.name,
            key=self.source.by,
            value=value,
        )

    def create_first(self) -> list[Statement]:
        """A row of the target that comes without a value takes the one that is there already.

        Where the row is there, it comes by ON CONFLICT, and who says NULL then means it.
        """
        function = sql(
            "CREATE FUNCTION {name}(){head}  IF NEW.{column} IS NULL"
            " AND NOT EXISTS (SELECT FROM {target} AS t WHERE t.{by} = NEW.{by}) THEN\n"
            "    NEW.{column} := (SELECT {value} FROM {source} AS s WHERE s.{key} = NEW.{by});\n  END IF;\n"
            "  RETURN NEW;\nEND\n$migplan$",
            name=self._first,
            head=Sql(_HEAD.replace("{}", "NEW")),
            column=self.target.name,
            value=self.value(Sql("s")),
            source=self.source.table,
            target=self.target.table,
            key=self.source.by,
            by=self.target.by,
        )
        trigger = sql(
            "CREATE TRIGGER {} BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(f"{_TRIGGER}_first"),
            self.target.table,
            self._first,
        )
        return [Statement(function), Statement(trigger, SRX)]

    def drop(self) -> list[Statement]:
        """The trigger goes with its function."""
        return [
            Statement(sql("DROP TRIGGER {} ON {}", ident(_TRIGGER), self.source.table), AX),
            Statement(sql("DROP FUNCTION {}()", self._function)),
        ]

    def drop_first(self) -> list[Statement]:
        """So does the one before inserts."""
        return [
            Statement(sql("DROP TRIGGER {} ON {}", ident(f"{_TRIGGER}_first"), self.target.table), AX),
            Statement(sql("DROP FUNCTION {}()", self._first)),
        ]

    @property
    def _function(self) -> Sql:
        schema, table, column = self.source.column.id.path
        return ident(schema, temporary_name(f"{table}.{column}", "move"))

    @property
    def _first(self) -> Sql:
        schema, table, column = self.target.column.id.path
        return ident(schema, temporary_name(f"{table}.{column}", "first"))

    def pour(self, rows: int) -> Statement:
        """Batches along the source's key: locked first, as by its writers; then what differs is written."""
        taken = sql(
            "SELECT array_agg(k ORDER BY k) FROM (SELECT {key} AS k FROM {table}%s ORDER BY {key} LIMIT %s"
            " FOR NO KEY UPDATE) AS locked",
            key=self.source.by,
            table=self.source.table,
        )
        value = self.value(Sql("s"))
        insert = sql(
            "    INSERT INTO {target} ({by}, {column}) SELECT s.{key}, {value} FROM {source} AS s\n"
            "      WHERE s.{key} = ANY (keys) AND s.{name} IS NOT NULL ON CONFLICT ({by}) DO NOTHING;\n",
            target=self.target.table,
            by=self.target.by,
            column=self.target.name,
            key=self.source.by,
            value=value,
            source=self.source.table,
            name=self.source.name,
        )
        block = sql(
            "DO $migplan$\n#variable_conflict use_column\nDECLARE\n  keys {type}[];\n  last_key {type};\n"
            "  size integer := {rows};\n  began timestamptz;\nBEGIN\n  LOOP\n    began := clock_timestamp();\n"
            "    PERFORM set_config('migplan.sync', 'off', true), set_config('row_security', 'off', true);\n"
            "    EXECUTE format({taken}, CASE WHEN last_key IS NULL THEN '' ELSE {beyond} END, size)\n"
            "      INTO keys USING last_key;\n    EXIT WHEN keys IS NULL;\n"
            "    last_key := keys[array_upper(keys, 1)];\n"
            "    UPDATE {target} AS t SET {column} = {value} FROM {source} AS s\n"
            "      WHERE s.{key} = t.{by} AND s.{key} = ANY (keys) AND {differs};\n{insert}    COMMIT;\n"
            "    size := greatest(100, least(50000, size * 0.5\n"
            "      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;\n"
            "  END LOOP;\nEND\n$migplan$",
            type=deparsed(self.source.key_type),
            rows=rows,
            taken=literal(taken.replace("%", "%%").replace("%%s", "%s")),
            beyond=literal(sql(" WHERE {} > $1", self.source.by)),
            target=self.target.table,
            column=self.target.name,
            value=value,
            source=self.source.table,
            key=self.source.by,
            by=self.target.by,
            differs=distinct(sql("t.{}", self.target.name), value, self.target.column.type),
            insert=insert if self.fills else EMPTY,
        )
        return Statement(block, LockMode.ROW_EXCLUSIVE, transactional=False, timing=Timing.LONG)

    def without_counterpart(self) -> Assertion:
        """Counts the source's values whose row has none at the other end."""
        count = sql(
            "SELECT count(*) FROM {source} AS s WHERE s.{name} IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM {target} AS t WHERE t.{by} = s.{key})",
            source=self.source.table,
            name=self.source.name,
            target=self.target.table,
            by=self.target.by,
            key=self.source.by,
        )
        return Assertion(count, f"rows of {self.source.column.relation} have no row in {self.target.column.relation}")

    def disagreement(self, back: Way) -> Assertion:
        """Counts the source's rows whose value isn't at the other end, neither way: a conversion may lose something."""
        count = sql(
            "SELECT count(*) FROM {source} AS s LEFT JOIN {target} AS t ON t.{by} = s.{key} WHERE {up} AND {down}",
            source=self.source.table,
            target=self.target.table,
            by=self.target.by,
            key=self.source.by,
            up=distinct(self.value(Sql("s")), sql("t.{}", self.target.name), self.target.column.type),
            down=distinct(back.value(Sql("t")), sql("s.{}", self.source.name), self.source.column.type),
        )
        message = f"rows of {self.source.column.relation} disagree with {self.target.column.relation}"
        return Assertion(count, message, guard=True)


def ways(gone: End, come: End, *, fills: bool) -> tuple[Way, Way]:
    """Both directions: forwards, a missing row may be made; backwards, none is."""
    return Way(gone, come, fills), Way(come, gone, fills=False)


def end(column: Column, key: str, catalog_type: str) -> End:
    """An end that bears nothing but its column and key."""
    return End(replace(column, not_null=None), key, catalog_type)


def tables(*found: End) -> list[ObjectId]:
    """The tables of these ends."""
    return [e.column.relation for e in found]
