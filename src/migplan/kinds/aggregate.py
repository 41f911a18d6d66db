"""Aggregates: normal, ordered-set and hypothetical-set, with their moving-aggregate mode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_PROC, Address, Found, Kind, Reading, made_by_users, not_of_extension, simple_part

NORMAL, ORDERED_SET, HYPOTHETICAL = "n", "o", "h"
_MODIFY: Final = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL: Final = {"s": "SAFE", "r": "RESTRICTED"}
_ABSENT: Final = "-"


@packed
class Aggregate(DbObject):
    """An aggregate; its path ends in its argument types, direct ones first.

    ``arguments`` is their deparsed list with names and ``ORDER BY``; ``clauses`` are the options of CREATE
    AGGREGATE as (name, SQL value), in the order in which they are written; flags have an empty value. ``type`` is
    n, o or h as in pg_aggregate.
    """

    arguments: str
    type: str
    direct: int
    returns: str
    clauses: tuple[tuple[str, str], ...]
    input_names: tuple[str, ...] = field(default=(), compare=False)


class AggregateKind(Kind[Aggregate]):
    """Rows of pg_aggregate."""

    name = "aggregate"
    keyword = "AGGREGATE"
    holds = made_by_users("pg_aggregate", oid="aggfnoid::oid")
    grant_keyword = "FUNCTION"
    privileges = _acl.FUNCTION
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT p.oid, n.nspname::text, p.proname::text, oidvectortypes(p.proargtypes), p.proowner, p.proacl::text[],
       pg_get_function_arguments(p.oid), p.proargnames, a.aggkind::text, a.aggnumdirectargs::int,
       format_type(p.prorettype, NULL), p.proparallel::text,
       ARRAY[a.aggtransfn::text, format_type(a.aggtranstype, NULL), a.aggtransspace::text,
             a.aggfinalfn::text, a.aggfinalextra::text, a.aggfinalmodify::text,
             a.aggcombinefn::text, a.aggserialfn::text, a.aggdeserialfn::text, a.agginitval],
       ARRAY[a.aggmtransfn::text, a.aggminvtransfn::text, format_type(nullif(a.aggmtranstype, 0), NULL),
             a.aggmtransspace::text, a.aggmfinalfn::text, a.aggmfinalextra::text, a.aggmfinalmodify::text,
             a.aggminitval],
       quote_ident(opn.nspname) || '.' || op.oprname
FROM pg_aggregate a
JOIN pg_proc p ON p.oid = a.aggfnoid
JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_operator op ON op.oid = a.aggsortop
LEFT JOIN pg_namespace opn ON opn.oid = op.oprnamespace
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_PROC, "p.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Aggregate]]:
        oid, schema, name, argument_types, owner, acl, arguments, names, type, direct, returns = row[:11]
        parallel, plain, moving, sort_operator = row[11:]
        clauses = [*_plain_clauses(plain, type), *_moving_clauses(moving, type)]
        if sort_operator is not None:
            clauses.append(("SORTOP", f"OPERATOR({sort_operator})"))
        if parallel in _PARALLEL:
            clauses.append(("PARALLEL", _PARALLEL[parallel]))
        if type == HYPOTHETICAL:
            clauses.append(("HYPOTHETICAL", ""))
        aggregate = Aggregate(
            id=ObjectId(self.name, (schema, name, argument_types)),
            comment=reading.comment(PG_PROC, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            arguments=arguments,
            type=type,
            direct=direct,
            returns=returns,
            clauses=tuple(clauses),
            input_names=tuple(names or ()),
        )
        yield Address(PG_PROC, oid), aggregate

    def parts(self, obj: Aggregate, catalog: Catalog) -> list[Part]:
        create = Statement(sql("CREATE {}", _definition(obj)))
        drop = Statement(sql("DROP AGGREGATE {}", self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Aggregate, new: Aggregate, before: Catalog, after: Catalog) -> list[Statement] | None:
        if not _replaceable(old, new):
            return None
        return [Statement(sql("CREATE OR REPLACE {}", _definition(new)))]

    def contract(self, old: Aggregate, new: Aggregate) -> str | None:
        return None if _replaceable(old, new) else f"calls {new.id} as it is declared now"

    def drop_contract(self, obj: Aggregate) -> str | None:
        return f"doesn't call {obj.id}"

    def sql_name(self, obj: Aggregate) -> Sql:
        return sql("{}({})", ident(*obj.id.path[:2]), deparsed(obj.id.path[-1] or "*"))

    def grant_target(self, obj: Aggregate) -> Sql:
        """GRANT calls an aggregate a function, which has no ``*`` for the lack of arguments."""
        return sql("FUNCTION {}({})", ident(*obj.id.path[:2]), deparsed(obj.id.path[-1]))


def _replaceable(old: Aggregate, new: Aggregate) -> bool:
    """CREATE OR REPLACE AGGREGATE keeps the sort of aggregate, the result and the arguments' names."""
    shape = (old.type, old.direct, old.returns) == (new.type, new.direct, new.returns)
    pairs = zip(old.input_names, new.input_names or ("",) * len(old.input_names), strict=False)
    return shape and all(before in ("", after) for before, after in pairs)


def _definition(aggregate: Aggregate) -> Sql:
    head = sql("{}({})", ident(*aggregate.id.path[:2]), deparsed(aggregate.arguments or "*"))
    clauses = (sql("{} = {}", Sql(k), deparsed(v)) if v else Sql(k) for k, v in aggregate.clauses)
    return sql("AGGREGATE {} (\n  {}\n)", head, join(",\n  ", clauses))


def _plain_clauses(values: Sequence[str | None], type: str) -> Iterable[tuple[str, str]]:
    transition, state, space, final, extra, modify, combine, serial, deserial, initial = values
    yield from _functions(("SFUNC", transition))
    yield "STYPE", state or ""
    yield from _space("SSPACE", space)
    yield from _final("FINALFUNC", final, extra, modify, type)
    yield from _functions(("COMBINEFUNC", combine), ("SERIALFUNC", serial), ("DESERIALFUNC", deserial))
    if initial is not None:
        yield "INITCOND", literal(initial)


def _moving_clauses(values: Sequence[str | None], type: str) -> Iterable[tuple[str, str]]:
    transition, inverse, state, space, final, extra, modify, initial = values
    if transition == _ABSENT:
        return
    yield from _functions(("MSFUNC", transition), ("MINVFUNC", inverse))
    yield "MSTYPE", state or ""
    yield from _space("MSSPACE", space)
    yield from _final("MFINALFUNC", final, extra, modify, type)
    if initial is not None:
        yield "MINITCOND", literal(initial)


def _functions(*pairs: tuple[str, str | None]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in pairs if value is not None and value != _ABSENT)


def _space(name: str, value: str | None) -> Iterable[tuple[str, str]]:
    return ((name, value),) if value is not None and value != "0" else ()


def _final(
    name: str, function: str | None, extra: str | None, modify: str | None, type: str
) -> Iterable[tuple[str, str]]:
    yield from _functions((name, function))
    if extra == "true":
        yield f"{name}_EXTRA", ""
    if function != _ABSENT and modify is not None and modify != ("r" if type == NORMAL else "w"):
        yield f"{name}_MODIFY", _MODIFY[modify]


KINDS = (AggregateKind(),)
