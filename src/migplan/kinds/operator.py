"""Operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._catalog_names import function_name, operator_name
from migplan.kinds.base import PG_OPERATOR, Address, Found, Kind, Reading, made_by_users, not_of_extension, simple_part

_SETTABLE: Final = frozenset({"restrict", "join"})
_SETTABLE_ONCE: Final = frozenset({"commutator", "negator", "hashes", "merges"})
_NO_TYPE: Final = "NONE"


@packed
class Operator(DbObject):
    """An operator; its path ends in its operand types (``"integer, text"``, ``"NONE, integer"``).

    Functions and other operators are qualified names; ``commutator`` and ``negator`` may name the operator itself.
    """

    left: str | None
    right: str
    function: str
    commutator: str | None = None
    negator: str | None = None
    restrict: str | None = None
    join: str | None = None
    hashes: bool = False
    merges: bool = False


class OperatorKind(Kind[Operator]):
    """Rows of pg_operator, but the shells that PostgreSQL leaves where a commutator was named and never made."""

    name = "operator"
    keyword = "OPERATOR"
    holds = made_by_users("pg_operator")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT o.oid, n.nspname::text, o.oprname::text, o.oprowner,
       format_type(nullif(o.oprleft, 0), NULL), format_type(o.oprright, NULL),
       {function_name("o.oprcode")}, {operator_name("o.oprcom")}, {operator_name("o.oprnegate")},
       {function_name("o.oprrest")}, {function_name("o.oprjoin")}, o.oprcanhash, o.oprcanmerge
FROM pg_operator o
JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oprcode <> 0 AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_OPERATOR, "o.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Operator]]:
        oid, schema, name, owner, left, right, function, commutator, negator, restrict, joins, hashes, merges = row
        operator = Operator(
            id=operator_id(schema, name, left, right),
            comment=reading.comment(PG_OPERATOR, oid),
            owner=reading.roles.get(owner, ""),
            left=left,
            right=right,
            function=function,
            commutator=commutator,
            negator=negator,
            restrict=restrict,
            join=joins,
            hashes=hashes,
            merges=merges,
        )
        yield Address(PG_OPERATOR, oid), operator

    def parts(self, obj: Operator, catalog: Catalog) -> list[Part]:
        options = [sql("FUNCTION = {}", deparsed(obj.function))]
        if obj.left is not None:
            options.append(sql("LEFTARG = {}", deparsed(obj.left)))
        options.append(sql("RIGHTARG = {}", deparsed(obj.right)))
        options += [option for field in _ATTRIBUTES if (option := _option(obj, field)) is not None]
        create = Statement(sql("CREATE OPERATOR {} ({})", _name(obj), join(", ", options)))
        drop = Statement(sql("DROP OPERATOR {}", self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Operator, new: Operator, before: Catalog, after: Catalog) -> list[Statement] | None:
        """Estimators can be set; what says how operators relate only once, and only from 17 on."""
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        fields -= {f for f in ("commutator", "negator") if f in fields and _follows(f, old, new, before, after)}
        settable = _SETTABLE
        if after.major >= 17:
            settable |= {f for f in _SETTABLE_ONCE if not getattr(old, f)}
        if fields - settable:
            return None
        options = [_option(new, f) or sql("{} = NONE", Sql(f.upper())) for f in _ATTRIBUTES if f in fields]
        return (
            [Statement(sql("ALTER OPERATOR {} SET ({})", self.sql_name(new), join(", ", options)))] if options else []
        )

    def sql_name(self, obj: Operator) -> Sql:
        left = deparsed(obj.left or _NO_TYPE)
        return sql("{} ({}, {})", _name(obj), left, deparsed(obj.right))


_ATTRIBUTES: Final = ("commutator", "negator", "restrict", "join", "hashes", "merges")
_RECIPROCAL: Final = frozenset({"commutator", "negator"})


def operator_id(schema: str, name: str, left: str | None, right: str) -> ObjectId:
    """The id of an operator with these operand types; ``left`` is None for a prefix operator."""
    return ObjectId("operator", (schema, name, f"{left or _NO_TYPE}, {right}"))


def _name(operator: Operator) -> Sql:
    """``schema.+``: operator names are never quoted."""
    return sql("{}.{}", ident(operator.id.path[0]), deparsed(operator.id.path[1]))


def _option(operator: Operator, field: str) -> Sql | None:
    value: str | bool | None = getattr(operator, field)
    if not value:
        return None
    name = Sql(field.upper())
    if isinstance(value, bool):
        return name
    return sql("{} = OPERATOR({})" if field in _RECIPROCAL else "{} = {}", name, deparsed(value))


def _follows(field: str, old: Operator, new: Operator, before: Catalog, after: Catalog) -> bool:
    """Whether PostgreSQL itself links or unlinks the operator when the other one of the pair comes or goes."""
    was, now = getattr(old, field), getattr(new, field)
    if was is None:
        return _comes(field, new, now, before, after)
    return now is None and _comes(field, old, was, after, before)


def _comes(field: str, operator: Operator, other: str, without: Catalog, world: Catalog) -> bool:
    partners = (
        o
        for o in world.of(Operator)
        if str(_name(o)) == other and getattr(o, field) == str(_name(operator)) and _operands_fit(field, o, operator)
    )
    return any(o.id not in without for o in partners)


def _operands_fit(field: str, one: Operator, other: Operator) -> bool:
    if field == "negator":
        return (one.left, one.right) == (other.left, other.right)
    return (one.left, one.right) == (other.right, other.left)


KINDS = (OperatorKind(),)
