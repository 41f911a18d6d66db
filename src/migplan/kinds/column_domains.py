"""What a domain beneath a column means for it: NULLs that are refused, values that are all checked."""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident
from migplan.kinds.column import Column
from migplan.kinds.domain import Domain, called_apart, domain_rules, stand_on


def refuses_null(column: Column, catalog: Catalog) -> bool:
    """Whether the column's domain does: then even an INSERT whose trigger would fill the column fails."""
    return not column.type.endswith("[]") and (column.required or _required_domain(column.id, catalog))


def _required_domain(id: ObjectId, catalog: Catalog) -> bool:
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(id, ()))
    return any(d is not None and (d.not_null or _required_domain(d.id, catalog)) for d in domains)


def beneath_domain(column: Column, catalog: Catalog) -> Column:
    """The column over the type that its domain is made of, where the domain has constraints: without a rewrite."""
    domain = domain_of(column.id, column.type, catalog)
    if domain is None and column.unconstrained is not None:
        return replace(column, type=column.unconstrained, unconstrained=None, required=False)
    if domain is None or not checks_every_value(column, catalog):
        return column
    collation = column.collation or domain.collation
    return replace(
        column,
        type=type_beneath(domain.id, domain.type, catalog),
        collation=collation,
        unconstrained=None,
        required=False,
    )


def type_beneath(id: ObjectId, type: str, catalog: Catalog) -> str:
    """What the ``type`` of a column or domain is made of, under all domains; of an array its elements' type."""
    element = type.removesuffix("[]")
    domain = domain_of(id, element, catalog)
    return type if domain is None else type_beneath(domain.id, domain.type, catalog) + type[len(element) :]


def domain_of(id: ObjectId, type: str, catalog: Catalog) -> Domain | None:
    """The domain that the ``type`` of a column or domain is; None for anything else."""
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(id, ()))
    return next((d for d in domains if d is not None and ident(*d.id.path) == type), None)


def checks_every_value(column: Column, catalog: Catalog) -> bool:
    """Whether every value must satisfy the constraints of a domain, NULL included; PostgreSQL rewrites to check it."""
    if column.type.endswith("[]"):
        return False
    return column.unconstrained is not None or stands_on_constraints(column.id, catalog)


def stands_on_constraints(id: ObjectId, catalog: Catalog) -> bool:
    """Whether a column or domain is made of a domain with constraints, to any depth."""
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(id, ()))
    return any(d is not None and (d.checks or d.not_null or stands_on_constraints(d.id, catalog)) for d in domains)


def domains_checked_first(column: Column, catalog: Catalog) -> frozenset[ObjectId]:
    """What gives the column's domains checks that call functions: a check that comes below a column reads its table
    under a lock. Not where what is called stands on the column."""
    found = set[ObjectId]()
    todo = [column.id]
    while todo:
        domains = (catalog.get(used, Domain) for used in catalog.uses.get(todo.pop(), ()))
        for domain in (d for d in domains if d is not None):
            todo.append(domain.id)
            called = called_apart(domain, catalog)
            if called and not stand_on(called, column.id, catalog):
                found.add(domain_rules(domain.id))
    return frozenset(found)
