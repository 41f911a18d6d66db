"""The change log of a table that is built a second time, and how the second one is filled and kept up by it.

A trigger writes the keys of every row that changes; replaying takes those rows out of the copy and reads them again.
That may be done any number of times and in any order, and leaves the copy as the table was at that moment: one
statement reads log and rows under one snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import WITHIN, Assertion, Batches, LockMode, Statement, Timing, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.equality import compared_type
from migplan.kinds.table_kind import value_for
from migplan.strategies.family import Family
from migplan.strategies.sync import distinct

TRIGGER: Final = "~migplan_log"
SRX, AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE
_SHORT: Final = 1000
"""So many changes are replayed in a moment."""
_FEW_PAGES: Final = 128
"""Of the log, to begin with."""


@record
class Filled:
    """A column of the copy and its value as an expression over the table's row."""

    column: Column
    value: Sql


@record(slots=False)
class ChangeLog:
    """``source`` is the incarnation in use, ``copy`` the one that stands aside; ``key`` tells their rows apart."""

    source: Family
    copy: Family
    key: tuple[Column, ...]

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
        old, new = (self._declared(names) for names in (_old(self.key), _new(self.key)))
        return [
            Statement(sql('CREATE TABLE {} (op "char" NOT NULL, {}, {})', self._log, old, new)),
            Statement(sql("ALTER TABLE {} REPLICA IDENTITY FULL", self._log)),
            Statement(sql("CREATE TABLE {} ({})", self._place, new)),
            Statement(sql("ALTER TABLE {} REPLICA IDENTITY FULL", self._place)),
            Statement(sql("INSERT INTO {} DEFAULT VALUES", self._place)),
        ]

    def _declared(self, names: Sequence[Sql]) -> Sql:
        return join(", ", (sql("{} {}", name, deparsed(c.type)) for c, name in self._named(names)))

    def watch(self) -> list[Statement]:
        """The triggers that write it. They fire for replicated changes too, and write in their maker's name: who may
        change the table needs no right on the log."""
        old, new = (join(", ", (sql("{}.{}", Sql(row), ident(c.name)) for c in self.key)) for row in ("OLD", "NEW"))
        olds, news = join(", ", _old(self.key)), join(", ", _new(self.key))
        function = sql(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            " SET search_path = pg_catalog, pg_temp AS $migplan$\nBEGIN\n"
            "  IF TG_OP = 'INSERT' THEN\n    INSERT INTO {log} (op, {news}) VALUES ('I', {new});\n"
            "  ELSIF TG_OP = 'UPDATE' THEN\n    INSERT INTO {log} (op, {olds}, {news}) VALUES ('U', {old}, {new});\n"
            "  ELSIF TG_OP = 'DELETE' THEN\n    INSERT INTO {log} (op, {olds}) VALUES ('D', {old});\n"
            "  ELSE\n    INSERT INTO {log} (op) VALUES ('T');\n  END IF;\n  RETURN NULL;\nEND\n$migplan$",
            function=self._log,
            log=self._log,
            olds=olds,
            news=news,
            old=old,
            new=new,
        )
        rows = sql(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(TRIGGER),
            self.source.live,
            self._log,
        )
        always = sql("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", self.source.live, ident(TRIGGER))
        statements = [Statement(function), Statement(rows, SRX), Statement(always, SRX)]
        for table in self.source.tables:
            statements += self._watch_truncate(table)
        return statements

    def _watch_truncate(self, table: ObjectId) -> list[Statement]:
        trigger, name = ident(f"{TRIGGER}_truncate"), ident(*table.path)
        create = sql(
            "CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()", trigger, name, self._log
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
            Statement(sql("DROP FUNCTION {}()", self._log)),
        ]

    def drop(self) -> list[Statement]:
        """The log goes."""
        return [Statement(sql("DROP TABLE {}", name)) for name in (self._log, self._place)]

    def copy_rows(self, rows: int) -> Statement:
        """Short transactions along the key, each with its place in the log; whoever runs it again goes on from there.

        A row that a unique key keeps out was moved or changed meanwhile, so it stands in the log. Asking for such rows
        makes an INSERT take twice as long, so that is done for the batches that have one.
        """
        key = [ident(c.name) for c in self.key]
        marks, last = _new(self.key), [Sql(f"last_{n}") for n in range(1, len(key) + 1)]
        batch = sql(
            "WITH batch AS MATERIALIZED (SELECT s.* FROM {source} AS s%s ORDER BY {key} LIMIT %s),"
            " copied AS (INSERT INTO {copy} ({columns}){overriding} SELECT {values} FROM batch%s)"
            " UPDATE {place} SET {marked} FROM (SELECT {key} FROM batch ORDER BY {descending} LIMIT 1) AS at",
            source=self.source.live,
            key=join(", ", key),
            copy=self.copy.aside,
            columns=self._names,
            overriding=self._overriding,
            values=self._values,
            place=self._place,
            marked=join(", ", (sql("{} = at.{}", m, k) for m, k in zip(marks, key, strict=True))),
            descending=join(", ", (sql("{} DESC", k) for k in key)),
        )
        beyond = sql(" WHERE ({}) > ({})", join(", ", key), join(", ", (Sql(f"${n}") for n in range(1, len(key) + 1))))
        block = sql(
            "DO $migplan$\n#variable_conflict use_column\nDECLARE\n{declared}\n  size integer := {rows};\n"
            "  done bigint;\n  beyond text;\n  began timestamptz;\nBEGIN\n  LOOP\n"
            "    began := clock_timestamp();\n{settings}"
            "    SELECT {marks} INTO {last} FROM {place};\n    EXIT WHEN NOT FOUND;\n"
            "    IF {first} IS NULL AND {started} THEN\n      {empty};\n    END IF;\n"
            "    beyond := CASE WHEN {first} IS NULL THEN '' ELSE {beyond} END;\n    BEGIN\n"
            "      EXECUTE format({batch}, beyond, size, '') USING {last};\n"
            "      GET DIAGNOSTICS done = ROW_COUNT;\n"
            "    EXCEPTION WHEN unique_violation OR exclusion_violation THEN\n"
            "      EXECUTE format({batch}, beyond, size, ' ON CONFLICT DO NOTHING') USING {last};\n"
            "      GET DIAGNOSTICS done = ROW_COUNT;\n    END;\n"
            "    IF done = 0 THEN\n      DELETE FROM {place};\n    END IF;\n    COMMIT;\n{steered}"
            "  END LOOP;\nEND\n$migplan$",
            declared=join("\n", (sql("  {} {};", v, deparsed(c.type)) for v, c in zip(last, self.key, strict=True))),
            rows=rows,
            settings=_settings(_UNFILTERED),
            marks=join(", ", marks),
            last=join(", ", last),
            place=self._place,
            started=self._started,
            empty=self._empty,
            batch=literal(batch.replace("%", "%%").replace("%%s", "%s")),
            first=last[0],
            beyond=literal(beyond),
            steered=_steered(100, 50_000),
        )
        return Statement(block, LockMode.ACCESS_SHARE, transactional=False, timing=Timing.LONG)

    @property
    def copying(self) -> Batches:
        """The same for the executor."""
        insert = sql(
            "INSERT INTO {} ({}){} SELECT {} FROM {} WHERE {}",
            self.copy.aside,
            self._names,
            self._overriding,
            self._values,
            self.source.live,
            WITHIN,
        )
        return Batches(
            table=self.source.root,
            relation=self.source.live,
            statements=(insert,),
            otherwise=(sql("{} ON CONFLICT DO NOTHING", insert),),
            key=tuple(c.name for c in self.key),
            first=(
                sql(
                    "DO $migplan$\nBEGIN\n  IF {} THEN\n    {};\n  END IF;\nEND\n$migplan$", self._started, self._empty
                ),
            ),
            settings=_UNFILTERED,
        )

    @property
    def _empty(self) -> Sql:
        """Whoever begins to copy finds nothing that another run, of another runner, has copied before."""
        return sql("TRUNCATE {}", self.copy.aside)

    @property
    def _started(self) -> Sql:
        return sql("EXISTS (SELECT FROM {})", self.copy.aside)

    def catch_up(self) -> Statement:
        """Replay in short transactions along the log's pages, until what is left takes but a moment."""
        within = Sql("ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + size)::tid")
        block = sql(
            "DO $migplan$\n#variable_conflict use_column\nDECLARE\n  page bigint := 0;\n  pages bigint;\n"
            "  size integer := {few};\n  rounds integer := 0;\n  began timestamptz;\nBEGIN\n  LOOP\n"
            "    began := clock_timestamp();\n"
            "    pages := pg_relation_size({name}::regclass) / current_setting('block_size')::bigint;\n{settings}"
            "    BEGIN\n{replay}"
            "      page := page + size;\n"
            "    EXCEPTION WHEN unique_violation OR exclusion_violation THEN\n"
            "      IF page = 0 AND size > pages THEN\n        RAISE;\n      END IF;\n"
            "      page := 0;\n      size := size * 4;\n      CONTINUE;\n    END;\n    COMMIT;\n{steered}"
            "    IF page > pages THEN\n      page := 0;\n      rounds := rounds + 1;\n"
            "      EXIT WHEN rounds = 100 OR ({left}) <= {enough};\n    END IF;\n  END LOOP;\nEND\n$migplan$",
            few=_FEW_PAGES,
            name=literal(self._log),
            settings=_settings(_FEW_KEYS),
            replay=join("", (sql("      {};\n", s) for s in self._replay(within))),
            steered=_steered(8, 20_000),
            left=self._left,
            enough=_SHORT,
        )
        return Statement(block, LockMode.ACCESS_SHARE, transactional=False, timing=Timing.LONG)

    @property
    def catching_up(self) -> Batches:
        """The same for the executor."""
        return Batches(
            table=self.source.root,
            relation=self._log,
            statements=tuple(self._replay(WITHIN)),
            settings=_FEW_KEYS,
            left=self._left,
            enough=_SHORT,
            alone=True,
        )

    def replay(self) -> Statement:
        """Replay what is there, once."""
        block = sql(
            "DO $migplan$\n#variable_conflict use_column\nBEGIN\n{settings}{replay}END\n$migplan$",
            settings=_settings(_FEW_KEYS),
            replay=join("", (sql("    {};\n", s) for s in self._replay(Sql("true"))[:2])),
        )
        return Statement(block, LockMode.ACCESS_SHARE)

    @property
    def _left(self) -> Sql:
        return sql("SELECT count(*) FROM {}", self._log)

    def _replay(self, within: Sql) -> list[Sql]:
        """What the log says ``within`` is done; keys that are checked late as well."""
        names = [Sql(f"k{n}") for n in range(1, len(self.key) + 1)]
        in_copy = join(
            " AND ",
            (sql("t.{} = {}", ident(c.name), self._as_in_copy(c, sql("k.{}", n))) for c, n in self._named(names)),
        )
        in_source = join(" AND ", (sql("s.{} = k.{}", ident(c.name), n) for c, n in self._named(names)))
        counterpart = join(
            " AND ",
            (sql("{} = t.{}", self._as_in_copy(c, sql("s.{}", ident(c.name))), ident(c.name)) for c in self.key),
        )
        olds, news = (
            join(", ", (sql("{} AS {}", m, n) for m, n in zip(marks, names, strict=True)))
            for marks in (_old(self.key), _new(self.key))
        )
        truncated = sql(
            "WITH cleared AS (DELETE FROM {log} WHERE op = 'T' AND {within} RETURNING 1)"
            " DELETE FROM {copy} AS t WHERE EXISTS (SELECT FROM cleared)"
            " AND NOT EXISTS (SELECT FROM {source} AS s WHERE {counterpart})",
            log=self._log,
            within=within,
            copy=self.copy.aside,
            source=self.source.live,
            counterpart=counterpart,
        )
        changed = sql(
            "WITH taken AS (DELETE FROM {log} WHERE op <> 'T' AND {within} RETURNING *),"
            " keys AS MATERIALIZED (SELECT {olds} FROM taken WHERE op <> 'I'"
            " UNION SELECT {news} FROM taken WHERE op <> 'D'),"
            " gone AS (DELETE FROM {copy} AS t USING keys AS k WHERE {in_copy} RETURNING 1)"
            " INSERT INTO {copy} ({columns}){overriding} SELECT {values}"
            " FROM (SELECT s.* FROM {source} AS s, keys AS k WHERE {in_source}) AS r"
            " WHERE (SELECT count(*) FROM gone) >= 0",
            log=self._log,
            within=within,
            olds=olds,
            news=news,
            copy=self.copy.aside,
            in_copy=in_copy,
            columns=self._names,
            overriding=self._overriding,
            values=self._values,
            source=self.source.live,
            in_source=in_source,
        )
        return [truncated, changed, Sql("SET CONSTRAINTS ALL IMMEDIATE")]

    def disagreement(self) -> Assertion:
        """Counts the rows in which both differ and which don't wait in the log, under one snapshot."""
        key = [Sql(f"k{n}") for n in range(1, len(self.key) + 1)]
        values = [Sql(f"v{n}") for n in range(1, len(self.columns) + 1)]
        source = join(
            ", ",
            [
                *(sql("{} AS {}", self._as_in_copy(c, ident(c.name)), n) for c, n in self._named(key)),
                *(sql("{} AS {}", f.value, v) for f, v in zip(self.columns, values, strict=True)),
            ],
        )
        copy = join(
            ", ",
            [
                *(sql("{} AS {}", ident(c.name), n) for c, n in self._named(key)),
                *(sql("{} AS {}", ident(f.column.name), v) for f, v in zip(self.columns, values, strict=True)),
            ],
        )
        differs = join(
            " OR ",
            [
                sql("s.{} IS NULL OR t.{} IS NULL", key[0], key[0]),
                *(
                    distinct(sql("s.{}", v), sql("t.{}", v), compared_type(f.column, self.copy.catalog))
                    for f, v in zip(self.columns, values, strict=True)
                ),
            ],
        )
        count = sql(
            "SELECT count(*) FROM (SELECT {source} FROM {live}) AS s FULL JOIN (SELECT {copy} FROM {aside}) AS t"
            " ON {same} WHERE ({differs})"
            " AND NOT EXISTS (SELECT FROM {log} AS l WHERE l.op = 'T' OR ({old}) OR ({new}))",
            source=source,
            live=self.source.live,
            copy=copy,
            aside=self.copy.aside,
            same=join(" AND ", (sql("s.{} = t.{}", n, n) for n in key)),
            differs=differs,
            log=self._log,
            old=self._is_logged(_old(self.key), key),
            new=self._is_logged(_new(self.key), key),
        )
        return Assertion(count, f"rows of {self.source.root} differ from their copies", guard=True)

    def _is_logged(self, marks: Sequence[Sql], key: Sequence[Sql]) -> Sql:
        return join(
            " AND ",
            (
                sql("{} = coalesce(s.{}, t.{})", self._as_in_copy(c, sql("l.{}", mark)), n, n)
                for c, mark, n in zip(self.key, marks, key, strict=True)
            ),
        )

    def _named(self, names: Sequence[Sql]) -> list[tuple[Column, Sql]]:
        return list(zip(self.key, names, strict=True))

    def _as_in_copy(self, column: Column, value: Sql) -> Sql:
        """A key's value as the copy holds it."""
        other = next(c for c in self.copy.columns if c.name == column.name)
        return value if other.type == column.type else sql("{}::{}", value, deparsed(other.type))

    @property
    def _log(self) -> Sql:
        return ident(*self.copy.log)

    @property
    def _place(self) -> Sql:
        schema, _ = self.copy.log
        return ident(schema, temporary_name(self.copy.root.path[1], "copied"))

    @property
    def _names(self) -> Sql:
        return join(", ", (ident(f.column.name) for f in self.columns))

    @property
    def _values(self) -> Sql:
        return join(", ", (f.value for f in self.columns))

    @property
    def _overriding(self) -> Sql:
        return Sql(" OVERRIDING SYSTEM VALUE" if any(f.column.identity for f in self.columns) else "")


_UNFILTERED: Final = (("row_security", "off"),)
"""No policy hides a row."""
_FEW_KEYS: Final = (
    *_UNFILTERED,
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
)
"""A few keys are looked up one by one."""


def _settings(settings: Sequence[tuple[str, str]]) -> Sql:
    calls = (sql("set_config({}, {}, true)", literal(name), literal(value)) for name, value in settings)
    return sql("    PERFORM {};\n", join(", ", calls))


def _steered(fewest: int, most: int) -> Sql:
    """The next batch's size, toward half a second."""
    return sql(
        "    size := greatest({}, least({}, size * 0.5\n"
        "      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;\n",
        fewest,
        most,
    )


def _old(key: Sequence[Column]) -> list[Sql]:
    return [Sql(f"old_{n}") for n in range(1, len(key) + 1)]


def _new(key: Sequence[Column]) -> list[Sql]:
    return [Sql(f"new_{n}") for n in range(1, len(key) + 1)]
