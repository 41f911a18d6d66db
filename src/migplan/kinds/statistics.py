"""Extended statistics: ``CREATE STATISTICS``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds.base import PG_STATISTIC, Address, Found, Kind, Reading, not_of_extension, simple_part

SUE = LockMode.SHARE_UPDATE_EXCLUSIVE
_RELATION_KINDS = {"r": "table", "p": "table", "f": "foreign_table", "m": "materialized_view"}


@packed
class Statistics(DbObject):
    """A statistics object of ``relation``.

    ``definition`` is what stands between its name and FROM: ``(ndistinct) ON a, b``, with the columns in order of
    their names: PostgreSQL keeps them in the table's. ``target`` is None for the columns' own statistics targets.
    """

    relation: ObjectId
    definition: str
    target: int | None = None

    @property
    def table(self) -> ObjectId | None:
        return self.relation


def _by_name(definition: str, columns: list[str]) -> str:
    """The definition with its columns, which stand before any expressions, sorted."""
    kinds, on, rest = f" {definition}".partition(" ON ")
    printed = ", ".join(columns)
    return f"{kinds}{on}{', '.join(sorted(columns))}{rest.removeprefix(printed)}".strip()


class StatisticsKind(Kind[Statistics]):
    """Rows of pg_statistic_ext."""

    name = "statistics"
    keyword = "STATISTICS"
    holds = "pg_statistic_ext"
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT s.oid, n.nspname::text, s.stxname::text, s.stxowner, c.relkind::text, rn.nspname::text, c.relname::text,
       substr(d.text, length(d.head) + 1, length(d.text) - length(d.head) - length(d.tail)),
       nullif(s.stxstattarget, -1)::int,
       ARRAY(SELECT quote_ident(a.attname) FROM unnest(s.stxkeys::int2[]) WITH ORDINALITY k(number, place)
               JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class c ON c.oid = s.stxrelid
JOIN pg_namespace rn ON rn.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT pg_get_statisticsobjdef(s.oid) AS text,
         'CREATE STATISTICS ' || quote_ident(n.nspname) || '.' || quote_ident(s.stxname) || ' ' AS head,
         ' FROM ' || quote_ident(rn.nspname) || '.' || quote_ident(c.relname) AS tail
) d
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_STATISTIC, "s.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Statistics]]:
        oid, schema, name, owner, relkind, relation_schema, relation, definition, target, columns = row
        statistics = Statistics(
            id=ObjectId("statistics", (schema, name)),
            comment=reading.comment(PG_STATISTIC, oid),
            owner=reading.roles.get(owner, ""),
            relation=ObjectId(_RELATION_KINDS[relkind], (relation_schema, relation)),
            definition=_by_name(definition, columns),
            target=target,
        )
        yield Address(PG_STATISTIC, oid), statistics

    def parts(self, obj: Statistics, catalog: Catalog) -> list[Part]:
        name, relation = self.sql_name(obj), ident(*obj.relation.path)
        create = [
            Statement(sql("CREATE STATISTICS {} {} FROM {}", name, deparsed(obj.definition), relation), SUE),
            *([_set_target(obj)] if obj.target is not None else []),
        ]
        drop = Statement(sql("DROP STATISTICS {}", name), SUE)
        return [simple_part(obj.id, create, [drop], {*catalog.uses.get(obj.id, ()), obj.relation})]

    def alter(self, old: Statistics, new: Statistics, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        if fields & {"relation", "definition"}:
            return None
        return [_set_target(new)] if "target" in fields else []

    def reshapes(self, old: Statistics, new: Statistics) -> bool:
        return False

    def drop_contract(self, obj: Statistics) -> str | None:
        """Only the planner's estimates know of it."""
        return None


def _set_target(statistics: Statistics) -> Statement:
    target = -1 if statistics.target is None else statistics.target
    return Statement(sql("ALTER STATISTICS {} SET STATISTICS {}", ident(*statistics.id.path), target))


KINDS = (StatisticsKind(),)
