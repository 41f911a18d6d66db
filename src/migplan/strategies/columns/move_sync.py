"""Two columns of two tables, one truth: triggers on both, and the pouring of one into the other.

Each trigger writes only what differs, so that the other one finds nothing left to do. They fire after the row is
written, in their maker's name: who may write one table needs no right on the other.
"""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import WITHIN, Assertion, Batches, Counterpart, LockMode, Statement, Timing, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.equality import Compared, changed, distinct
from migplan.kinds.type_casts import cast
from migplan.strategies.sync.sync import FILLS

SRX, AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE


def _head(result: str) -> Sql:
    return sql(
        " RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $migplan$\nBEGIN\n"
        "  IF {} THEN\n    RETURN {};\n  END IF;\n",
        FILLS,
        Sql(result),
    )


@record(slots=False)
class End:
    """One of the two columns, how it is compared, and the key columns of its table with their types."""

    column: Column
    compared: Compared
    key: tuple[str, ...]
    key_types: tuple[str, ...]

    @property
    def table(self) -> Sql:
        """Its table's name."""
        return ident(*self.column.relation.path)

    @property
    def name(self) -> Sql:
        """The column's name."""
        return ident(self.column.name)

    def by(self, of: Sql | None = None) -> Sql:
        """The key columns' names, of the row ``of``."""
        return join(", ", (ident(c) if of is None else sql("{}.{}", of, ident(c)) for c in self.key))


@record(slots=False)
class Way:
    """How values go from one end to the other; ``fills`` says that a missing row is made there, ``required`` that it
    can't be without a value."""

    source: End
    target: End
    fills: bool
    required: bool = False

    def value(self, of: Sql) -> Sql:
        """The value of the row ``of`` as the other end holds it."""
        source, target = self.source.column, self.target.column
        return cast(sql("{}.{}", of, ident(source.name)), source.type, target.type)

    def _differs(self, value: Sql) -> Sql:
        """That the target ``t`` hasn't the value yet. Where a conversion may lose something, equal is enough: else both
        triggers would write what the other one made of it."""
        if self.source.compared == self.target.compared:
            return changed(sql("t.{}", self.target.name), value, self.target.compared)
        return distinct(sql("t.{}", self.target.name), value, self.target.compared, self.source.compared)

    def _match(self, target: Sql | None, source: Sql) -> Sql:
        """That a row of the target and one of the source belong together, by what both rows are called."""
        pairs = zip(self.target.key, self.source.key, strict=True)
        names = ((ident(t) if target is None else sql("{}.{}", target, ident(t)), ident(s)) for t, s in pairs)
        return join(" AND ", (sql("{} = {}.{}", t, source, s) for t, s in names))

    def create(self) -> list[Statement]:
        """The trigger behind changes of the source."""
        written = changed(sql("NEW.{}", self.source.name), sql("OLD.{}", self.source.name), self.source.compared)
        keys = [ident(c) for c in self.source.key]
        moved = join(" OR ", (sql("NEW.{} IS DISTINCT FROM OLD.{}", key, key) for key in keys))
        body = sql(
            "  IF TG_OP = 'DELETE' THEN\n{forget}    RETURN NULL;\n  END IF;\n"
            "  IF TG_OP = 'INSERT' OR {changed} OR {moved} THEN\n{write}  END IF;\n  RETURN NULL;\nEND\n$migplan$",
            forget=self._forget(),
            changed=written,
            moved=moved,
            write=self._write(),
        )
        function = sql("CREATE FUNCTION {}(){}{}", self._function, _head("NULL"), body)
        trigger = sql(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            self._trigger,
            self.source.table,
            self._function,
        )
        return [Statement(function), Statement(trigger, SRX)]

    def _forget(self) -> Sql:
        """A value whose row is gone; with its row where that was made for it and can't be without."""
        table, column, match = self.target.table, self.target.name, self._match(None, Sql("OLD"))
        if self.fills and self.required:
            return sql("    DELETE FROM {} WHERE {};\n", table, match)
        change = sql("    UPDATE {} SET {} = NULL", table, column)
        return sql("{} WHERE {} AND {} IS NOT NULL;\n", change, match, column)

    def _write(self) -> Sql:
        value = self.value(Sql("NEW"))
        update = sql(
            "    UPDATE {table} AS t SET {column} = {value} WHERE {match} AND {differs};\n",
            table=self.target.table,
            column=self.target.name,
            value=value,
            match=self._match(Sql("t"), Sql("NEW")),
            differs=self._differs(value),
        )
        if not self.fills:
            return update
        return sql(
            "{update}    IF NEW.{source} IS NOT NULL THEN\n      INSERT INTO {table} ({by}, {column})"
            " VALUES ({key}, {value}) ON CONFLICT ({by}) DO NOTHING;\n    END IF;\n",
            update=update,
            source=self.source.name,
            table=self.target.table,
            by=self.target.by(),
            column=self.target.name,
            key=self.source.by(Sql("NEW")),
            value=value,
        )

    def create_first(self) -> list[Statement]:
        """A row of the target that comes without a value takes the one that is there already.

        Where the row is there, it comes by ON CONFLICT, and who says NULL then means it.
        """
        function = sql(
            "CREATE FUNCTION {name}(){head}  IF NEW.{column} IS NULL"
            " AND NOT EXISTS (SELECT FROM {target} AS t WHERE {same}) THEN\n"
            "    NEW.{column} := (SELECT {value} FROM {source} AS s WHERE {match});\n  END IF;\n"
            "  RETURN NEW;\nEND\n$migplan$",
            name=self._first,
            head=_head("NEW"),
            column=self.target.name,
            value=self.value(Sql("s")),
            source=self.source.table,
            target=self.target.table,
            same=join(" AND ", (sql("t.{} = NEW.{}", ident(c), ident(c)) for c in self.target.key)),
            match=self._match(Sql("NEW"), Sql("s")),
        )
        trigger = sql(
            "CREATE TRIGGER {} BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            self._trigger_first,
            self.target.table,
            self._first,
        )
        return [Statement(function), Statement(trigger, SRX)]

    def drop(self) -> list[Statement]:
        """The trigger goes with its function."""
        return [
            Statement(sql("DROP TRIGGER {} ON {}", self._trigger, self.source.table), AX),
            Statement(sql("DROP FUNCTION {}()", self._function)),
        ]

    def drop_first(self) -> list[Statement]:
        """So does the one before inserts."""
        return [
            Statement(sql("DROP TRIGGER {} ON {}", self._trigger_first, self.target.table), AX),
            Statement(sql("DROP FUNCTION {}()", self._first)),
        ]

    @property
    def _trigger(self) -> Sql:
        """Several columns of a table may move."""
        return ident(temporary_name(self.source.column.name, "move"))

    @property
    def _trigger_first(self) -> Sql:
        return ident(temporary_name(self.target.column.name, "first"))

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
        numbers = range(1, len(self.source.key) + 1)
        keys = [Sql(f"keys_{n}") for n in numbers]
        last = [Sql(f"last_{n}") for n in numbers]
        marks = join(", ", (Sql(f"k{n}") for n in numbers))
        marked = join(
            ", ", (sql("{} AS k{}", ident(c), Sql(str(n))) for c, n in zip(self.source.key, numbers, strict=True))
        )
        taken = sql(
            "SELECT {arrays} FROM (SELECT {marked} FROM {table}%s ORDER BY {key} LIMIT %s FOR NO KEY UPDATE) AS locked",
            arrays=join(", ", (sql("array_agg(k{} ORDER BY {})", Sql(str(n)), marks) for n in numbers)),
            marked=marked,
            key=self.source.by(),
            table=self.source.table,
        )
        among = sql("({}) IN (SELECT * FROM unnest({}))", self.source.by(Sql("s")), join(", ", keys))
        if len(keys) == 1:
            among = sql("{} = ANY ({})", self.source.by(Sql("s")), keys[0])
        poured = join("", (sql("    {};\n", s) for s in self._poured(sql("{} AS s", self.source.table), among)))
        types = list(zip(keys, last, self.source.key_types, strict=True))
        beyond = join(", ", (Sql(f"${n}") for n in numbers))
        block = sql(
            "DO $migplan$\n#variable_conflict use_column\nDECLARE\n{declared}"
            "  size integer := {rows};\n  began timestamptz;\nBEGIN\n  LOOP\n    began := clock_timestamp();\n"
            "    PERFORM set_config('migplan.sync', 'off', true), set_config('row_security', 'off', true);\n"
            "    EXECUTE format({taken}, CASE WHEN {first} IS NULL THEN '' ELSE {beyond} END, size)\n"
            "      INTO {keys} USING {last};\n    EXIT WHEN {any} IS NULL;\n{reached}{poured}    COMMIT;\n"
            "    size := greatest(100, least(50000, size * 0.5\n"
            "      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;\n"
            "  END LOOP;\nEND\n$migplan$",
            declared=join("", (sql("  {} {}[];\n  {} {};\n", k, deparsed(t), la, deparsed(t)) for k, la, t in types)),
            reached=join("", (sql("    {} := {}[array_upper({}, 1)];\n", la, k, k) for k, la, _ in types)),
            rows=rows,
            taken=literal(taken.replace("%", "%%").replace("%%s", "%s")),
            first=last[0],
            any=keys[0],
            keys=join(", ", keys),
            last=join(", ", last),
            beyond=literal(sql(" WHERE ({}) > ({})", self.source.by(), beyond)),
            poured=poured,
        )
        return Statement(block, LockMode.ROW_EXCLUSIVE, transactional=False, timing=Timing.LONG)

    @property
    def pouring(self) -> Batches:
        """The same for the executor."""
        rows = sql("(SELECT * FROM {} WHERE {}) AS s", self.source.table, WITHIN)
        lock = sql(
            "SELECT count(*) FROM (SELECT FROM {table} WHERE {within} ORDER BY {key} FOR NO KEY UPDATE) AS locked",
            key=self.source.by(),
            table=self.source.table,
            within=WITHIN,
        )
        return Batches(
            table=self.source.column.relation,
            relation=self.source.table,
            statements=(lock, *self._poured(rows)),
            key=self.source.key,
            settings=(("migplan.sync", "off"), ("row_security", "off")),
            writes=self.target.column.relation,
        )

    def _poured(self, rows: Sql, among: Sql | None = None) -> list[Sql]:
        """What differs at the other end of these ``rows`` is written, what is missing there is made."""
        value, limit = self.value(Sql("s")), EMPTY if among is None else sql("{} AND ", among)
        update = sql(
            "UPDATE {target} AS t SET {column} = {value} FROM {rows}\n      WHERE {limit}{match} AND {differs}",
            target=self.target.table,
            column=self.target.name,
            value=value,
            rows=rows,
            limit=limit,
            match=self._match(Sql("t"), Sql("s")),
            differs=self._differs(value),
        )
        insert = sql(
            "INSERT INTO {target} ({by}, {column}) SELECT {key}, {value} FROM {rows}\n"
            "      WHERE {limit}s.{name} IS NOT NULL ON CONFLICT ({by}) DO NOTHING",
            target=self.target.table,
            by=self.target.by(),
            column=self.target.name,
            key=self.source.by(Sql("s")),
            value=value,
            rows=rows,
            limit=limit,
            name=self.source.name,
        )
        return [update, insert] if self.fills else [update]

    def without_counterpart(self) -> Assertion:
        """Counts the source's values whose row has none at the other end."""
        count = sql(
            "SELECT count(*) FROM {source} AS s WHERE s.{name} IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM {target} AS t WHERE {match})",
            source=self.source.table,
            name=self.source.name,
            target=self.target.table,
            match=self._match(Sql("t"), Sql("s")),
        )
        source, target = self.source.column.relation, self.target.column.relation
        tie = Counterpart(source, self.source.key, target, self.target.key)
        return Assertion(count, f"rows of {source} have no row in {target}", counterpart=tie)

    def disagreement(self, back: Way) -> Assertion:
        """Counts the source's rows whose value isn't at the other end, neither way: a conversion may lose something."""
        count = sql(
            "SELECT count(*) FROM {source} AS s LEFT JOIN {target} AS t ON {match} WHERE {up} AND {down}",
            source=self.source.table,
            target=self.target.table,
            match=self._match(Sql("t"), Sql("s")),
            up=distinct(
                sql("t.{}", self.target.name), self.value(Sql("s")), self.target.compared, self.source.compared
            ),
            down=distinct(
                sql("s.{}", self.source.name), back.value(Sql("t")), self.source.compared, self.target.compared
            ),
        )
        message = f"rows of {self.source.column.relation} disagree with {self.target.column.relation}"
        return Assertion(count, message, guard=True)


def ways(gone: End, come: End, *, fills: bool, required: bool) -> tuple[Way, Way]:
    """Both directions: forwards, a missing row may be made; backwards, none is."""
    return Way(gone, come, fills, required), Way(come, gone, fills=False)


def end(column: Column, by: Compared, key: tuple[str, ...], types: tuple[str, ...]) -> End:
    """An end that bears nothing but its column and key."""
    return End(replace(column, not_null=None), by, key, types)


def tables(*found: End) -> list[ObjectId]:
    """The tables of these ends."""
    return [e.column.relation for e in found]
