"""Ranges of a table's key: the batches of a backfill, and the parts that its workers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.execute.backfills.batch_work import BatchWork
from migplan.source.connect import Connection

_SAMPLE_PAGES: Final = 400


@record
class Keys:
    """The key along which batches run, in the form that psycopg takes: every ``%`` that isn't a parameter doubled."""

    relation: str
    table: Sql
    columns: tuple[Sql, ...]
    types: tuple[str, ...]

    @classmethod
    def of(cls, connection: Connection, work: BatchWork) -> Keys:
        """The key of a work's relation, as it is on that database."""
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (work.relation,),
        ).fetchall()
        types: dict[str, str] = dict(rows)
        columns = tuple(deparsed(escaped(ident(c))) for c in work.key)
        return cls(work.relation, deparsed(escaped(work.relation)), columns, tuple(types[name] for name in work.key))

    def between(self, beyond: object, upto: object) -> Sql:
        """The keys behind one and up to another one, as far as there are such; with a place for each of their parts."""
        key = sql("({})", join(", ", self.columns))
        values = sql("({})", join(", ", (sql("%s::text::{}", deparsed(t)) for t in self.types)))
        bounds = [sql("{} > {}", key, values)] if beyond else []
        bounds += [sql("{} <= {}", key, values)] if upto else []
        return join(" AND ", bounds) if bounds else Sql("true")

    def end_of(self, within: Sql) -> Sql:
        """The last key of the next batch; no row where so many rows are not left. An index alone can tell."""
        return sql(
            "SELECT {texts} FROM {table} WHERE {within} ORDER BY {key} OFFSET %s LIMIT 1",
            texts=self._texts,
            table=self.table,
            within=within,
            key=join(", ", self.columns),
        )

    def some(self, connection: Connection, beyond: Sequence[str] | None, upto: Sequence[str] | None) -> list[list[str]]:
        """Keys of such a range in their order, out of a sample of the table's pages."""
        share = connection.execute(_SAMPLE_SHARE, {"table": self.relation, "pages": _SAMPLE_PAGES}).fetchone()
        query = sql(
            "SELECT {texts} FROM (SELECT {key} FROM {table} TABLESAMPLE SYSTEM ({share}) WHERE {within}"
            " ORDER BY {key}) s",
            texts=self._texts,
            key=join(", ", self.columns),
            table=self.table,
            share=deparsed(f"{share[0]:.6f}" if share else "100"),
            within=self.between(beyond, upto),
        )
        return [row[0] for row in connection.execute(query.encode(), [*(beyond or ()), *(upto or ())]).fetchall()]

    @property
    def _texts(self) -> Sql:
        return sql("ARRAY[{}]", join(", ", (sql("{}::text", c) for c in self.columns)))


def escaped(text: str) -> str:
    """Text between psycopg's placeholders."""
    return text.replace("%", "%%")


_SAMPLE_SHARE: Final = """
SELECT least(100, greatest(0.0001, 100.0 * %(pages)s * current_setting('block_size')::int
                                   / greatest(1, sum(pg_relation_size(c.oid)))))::float8
FROM pg_class c WHERE c.oid = to_regclass(%(table)s)
   OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s)) WHERE isleaf)
"""
