"""Operator classes and families, with the operators and support functions that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._catalog_names import function_signature, operator_name, qualified
from migplan.kinds.base import (
    PG_OPCLASS,
    PG_OPFAMILY,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)

_PG_AMOP: Final = 2602
_PG_AMPROC: Final = 2603

Member = TypeVar("Member", "FamilyOperator", "FamilyFunction")


@record(order=True)
class FamilyOperator:
    """An operator as one strategy for two operand types; ``order_by`` is the family that orders its results."""

    strategy: int
    left: str
    right: str
    operator: str
    order_by: str | None = None


@record(order=True)
class FamilyFunction:
    """A function (with its argument types) as one support function for two operand types."""

    support: int
    left: str
    right: str
    function: str


@packed
class OperatorFamily(DbObject):
    """An operator family of an access method; its path ends in the method's name.

    ``operators`` and ``functions`` are the loose members: those that no operator class holds.
    """

    operators: tuple[FamilyOperator, ...] = ()
    functions: tuple[FamilyFunction, ...] = ()


@packed
class OperatorClass(DbObject):
    """An operator class of ``family`` for ``type``; its path ends in the access method's name.

    ``family`` is a qualified name. ``storage`` is the type that is stored where it isn't ``type``.
    """

    type: str
    family: str
    default: bool = False
    storage: str | None = None
    operators: tuple[FamilyOperator, ...] = ()
    functions: tuple[FamilyFunction, ...] = ()


class OperatorFamilyKind(Kind[OperatorFamily]):
    """Rows of pg_opfamily."""

    name = "operator_family"
    keyword = "OPERATOR FAMILY"
    holds = made_by_users("pg_opfamily")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT f.oid, n.nspname::text, f.opfname::text, am.amname::text, f.opfowner,
       {_operators(PG_OPFAMILY, "f.oid")}, {_functions(PG_OPFAMILY, "f.oid")}
FROM pg_opfamily f
JOIN pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_am am ON am.oid = f.opfmethod
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_OPFAMILY, "f.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[OperatorFamily]]:
        oid, schema, name, method, owner, operators, functions = row
        family = OperatorFamily(
            id=ObjectId("operator_family", (schema, name, method)),
            comment=reading.comment(PG_OPFAMILY, oid),
            owner=reading.roles.get(owner, ""),
            operators=_sorted_operators(operators),
            functions=_sorted_functions(functions),
        )
        yield Address(PG_OPFAMILY, oid), family
        for address in _member_addresses(operators, functions):
            yield address, family

    def parts(self, obj: OperatorFamily, catalog: Catalog) -> list[Part]:
        """The family, which classes are created in, and its loose members, which may need more than it does."""
        create = Statement(sql("CREATE OPERATOR FAMILY {}", self.sql_name(obj)))
        drop = Statement(sql("DROP OPERATOR FAMILY {}", self.sql_name(obj)))
        uses = frozenset(catalog.uses.get(obj.id, ()))
        if not (obj.operators or obj.functions):
            return [simple_part(obj.id, [create], [drop], uses)]
        schema = uses & {ObjectId("schema", obj.id.path[:1])}
        members = ObjectId("operator_family_members", obj.id.path)
        added = _add_members(obj, obj.operators, obj.functions)
        dropped = _drop_members(obj, obj.operators, obj.functions)
        return [
            simple_part(obj.id, [create], [drop], schema),
            simple_part(members, [added], [dropped], {obj.id, *uses}),
        ]

    def alter(
        self, old: OperatorFamily, new: OperatorFamily, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        gone = _without(old.operators, new.operators), _without(old.functions, new.functions)
        come = _without(new.operators, old.operators), _without(new.functions, old.functions)
        statements: list[Statement] = []
        if any(gone):
            statements.append(_drop_members(new, *gone))
        if any(come):
            statements.append(_add_members(new, *come))
        return statements

    def reshapes(self, old: OperatorFamily, new: OperatorFamily) -> bool:
        return False

    def drop_contract(self, obj: OperatorFamily) -> str | None:
        return None

    def sql_name(self, obj: OperatorFamily) -> Sql:
        return _using(obj.id)


class OperatorClassKind(Kind[OperatorClass]):
    """Rows of pg_opclass."""

    name = "operator_class"
    keyword = "OPERATOR CLASS"
    holds = made_by_users("pg_opclass")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.opcname::text, am.amname::text, c.opcowner, format_type(c.opcintype, NULL),
       {qualified("pg_opfamily", "opf", "c.opcfamily")}, c.opcdefault, format_type(nullif(c.opckeytype, 0), NULL),
       {_operators(PG_OPCLASS, "c.oid")}, {_functions(PG_OPCLASS, "c.oid")}
FROM pg_opclass c
JOIN pg_namespace n ON n.oid = c.opcnamespace
JOIN pg_am am ON am.oid = c.opcmethod
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_OPCLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[OperatorClass]]:
        oid, schema, name, method, owner, type, family, default, storage, operators, functions = row
        found = OperatorClass(
            id=ObjectId("operator_class", (schema, name, method)),
            comment=reading.comment(PG_OPCLASS, oid),
            owner=reading.roles.get(owner, ""),
            type=type,
            family=family,
            default=default,
            storage=storage,
            operators=_sorted_operators(operators),
            functions=_sorted_functions(functions),
        )
        yield Address(PG_OPCLASS, oid), found
        for address in _member_addresses(operators, functions):
            yield address, found

    def parts(self, obj: OperatorClass, catalog: Catalog) -> list[Part]:
        items = [*map(_operator_item, obj.operators), *map(_function_item, obj.functions)]
        if obj.storage is not None or not items:
            items.append(sql("STORAGE {}", deparsed(obj.storage or obj.type)))
        *names, method = obj.id.path
        create = sql(
            "CREATE OPERATOR CLASS {}{} FOR TYPE {} USING {} FAMILY {} AS\n  {}",
            ident(*names),
            Sql(" DEFAULT") if obj.default else EMPTY,
            deparsed(obj.type),
            ident(method),
            deparsed(obj.family),
            join(",\n  ", items),
        )
        drop = Statement(sql("DROP OPERATOR CLASS {}", self.sql_name(obj)))
        return [simple_part(obj.id, [Statement(create)], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: OperatorClass, new: OperatorClass, before: Catalog, after: Catalog) -> list[Statement] | None:
        return None

    def drop_contract(self, obj: OperatorClass) -> str | None:
        return None

    def sql_name(self, obj: OperatorClass) -> Sql:
        return _using(obj.id)


def _operators(holder: int, oid: str) -> str:
    """The members of pg_amop that PostgreSQL records as the holder's (amadjustmembers decides which those are)."""
    return f"""(SELECT jsonb_agg(jsonb_build_array(o.oid::bigint, o.amopstrategy,
               format_type(o.amoplefttype, NULL), format_type(o.amoprighttype, NULL), {operator_name("o.amopopr")},
               {qualified("pg_opfamily", "opf", "nullif(o.amopsortfamily, 0)")}))
          FROM pg_amop o JOIN pg_depend d ON d.classid = {_PG_AMOP} AND d.objid = o.oid
         WHERE d.refclassid = {holder} AND d.refobjid = {oid} AND d.deptype IN ('a', 'i'))"""


def _functions(holder: int, oid: str) -> str:
    return f"""(SELECT jsonb_agg(jsonb_build_array(p.oid::bigint, p.amprocnum,
               format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL),
               {function_signature("p.amproc")}))
          FROM pg_amproc p JOIN pg_depend d ON d.classid = {_PG_AMPROC} AND d.objid = p.oid
         WHERE d.refclassid = {holder} AND d.refobjid = {oid} AND d.deptype IN ('a', 'i'))"""


def _sorted_operators(rows: list[list[Any]] | None) -> tuple[FamilyOperator, ...]:
    return tuple(sorted(FamilyOperator(*row[1:]) for row in rows or ()))


def _sorted_functions(rows: list[list[Any]] | None) -> tuple[FamilyFunction, ...]:
    return tuple(sorted(FamilyFunction(*row[1:]) for row in rows or ()))


def _member_addresses(operators: list[list[Any]] | None, functions: list[list[Any]] | None) -> Iterator[Address]:
    """Members depend on operators and functions in their own name."""
    yield from (Address(_PG_AMOP, row[0]) for row in operators or ())
    yield from (Address(_PG_AMPROC, row[0]) for row in functions or ())


def _using(id: ObjectId) -> Sql:
    *names, method = id.path
    return sql("{} USING {}", ident(*names), ident(method))


def _operator_item(member: FamilyOperator) -> Sql:
    order = EMPTY if member.order_by is None else sql(" FOR ORDER BY {}", deparsed(member.order_by))
    operands = deparsed(member.left), deparsed(member.right)
    return sql("OPERATOR {} {} ({}, {}){}", member.strategy, deparsed(member.operator), *operands, order)


def _function_item(member: FamilyFunction) -> Sql:
    operands = deparsed(member.left), deparsed(member.right)
    return sql("FUNCTION {} ({}, {}) {}", member.support, *operands, deparsed(member.function))


def _without(some: tuple[Member, ...], others: tuple[Member, ...]) -> tuple[Member, ...]:
    return tuple(member for member in some if member not in others)


def _add_members(
    family: OperatorFamily, operators: Iterable[FamilyOperator], functions: Iterable[FamilyFunction]
) -> Statement:
    items = [*map(_operator_item, operators), *map(_function_item, functions)]
    return Statement(sql("ALTER OPERATOR FAMILY {} ADD\n  {}", _using(family.id), join(",\n  ", items)))


def _drop_members(
    family: OperatorFamily, operators: Iterable[FamilyOperator], functions: Iterable[FamilyFunction]
) -> Statement:
    items = [sql("OPERATOR {} ({}, {})", o.strategy, deparsed(o.left), deparsed(o.right)) for o in operators]
    items += [sql("FUNCTION {} ({}, {})", f.support, deparsed(f.left), deparsed(f.right)) for f in functions]
    return Statement(sql("ALTER OPERATOR FAMILY {} DROP\n  {}", _using(family.id), join(",\n  ", items)))


KINDS = (OperatorFamilyKind(), OperatorClassKind())
