"""Checks of a domain that is replaced under large tables: the one that stands aside has none, and gets them before it
takes its name.

PostgreSQL writes a table anew that gets a column of a domain with constraints. So the column is added and filled while
its domain is bare; behind the deploy the checks come NOT VALID, are validated in a transaction of their own, and then
the domains change places. On the way back the old domain gets its checks again, in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import After, Assertion, Down, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.domain import Domain
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context
from migplan.strategies.types.change_domain import of_column
from migplan.strategies.types.staged_types import staged_id, staged_sentence

NAME = "swap_type"


def enforced(context: Context, id: ObjectId) -> list[Step]:
    """What gives the new domain its checks, behind the last look at the columns and ahead of the swap."""
    new = context.after.get(id, Domain)
    if new is None or not new.checks:
        return []
    tables = {c.relation for c in _columns(context, id, context.after)}
    seen = tuple(After(step_id("compare", table), "every row must have its value") for table in sorted(tables))
    first, then = _statements(new, "new")
    sentence = staged_sentence(context, id)
    guard = _step(id, "guard", f"let the new {id} refuse what is written from here on", first, sentence)
    guard = replace(guard, after=seen, asserts=tuple(_offenders(context, new, context.after, "new")))
    validate = _step(id, "validate", f"validate the checks of the new {id}", then, sentence)
    return [guard, replace(validate, after=(After(guard.id, "validates what it adds"),))]


def enforced_back(context: Context, id: ObjectId, settle: Step) -> list[Step]:
    """The same for the old domain on the way back; going forwards these do nothing."""
    old = context.before.get(id, Domain)
    if old is None or not old.checks:
        return []
    first, then = _statements(old, "old")
    sentence = staged_sentence(context, id)
    validate = _step(id, "validate-old", f"on the way back: validate the checks of the old {id}", (), sentence)
    guard = _step(id, "guard-old", f"on the way back: let the old {id} refuse what is written", (), sentence)
    lost = tuple(_offenders(context, old, context.before, "old"))
    return [
        replace(validate, down=Down(then), after=(After(settle.id, "the way back comes by here"),)),
        replace(guard, down=Down(first, asserts=lost), after=(After(validate.id, "the way back begins here"),)),
    ]


def last_guard(context: Context, id: ObjectId) -> str | None:
    """The id of the step that must stand before the old columns go, so that the way back finds them first."""
    old = context.before.get(id, Domain)
    return step_id("guard-old", id) if old is not None and old.checks else None


def without_checks(obj: DbObject, catalog: Catalog, *, label: str) -> list[Statement]:
    """What takes the checks from a domain under its temporary name: nobody writes values of it any more but SYNC."""
    if not isinstance(obj, Domain) or not obj.checks:
        return []
    aside = replace(obj, id=staged_id(obj.id, label))
    return kind_of(obj.id).alter(aside, replace(aside, checks=()), catalog, catalog) or []


def _statements(domain: Domain, label: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Those that add the checks, and those that validate what is declared valid."""
    aside = replace(domain, id=staged_id(domain.id, label))
    bare, guarded = (
        replace(aside, checks=()),
        replace(aside, checks=tuple(replace(c, valid=False) for c in aside.checks)),
    )
    kind, nothing = kind_of(domain.id), Catalog(0, {}, {})
    first, then = kind.alter(bare, guarded, nothing, nothing), kind.alter(guarded, aside, nothing, nothing)
    return tuple(first or ()), tuple(then or ())


def _columns(context: Context, id: ObjectId, catalog: Catalog) -> list[Column]:
    """The columns that are of the domain in this catalog, and have a second one."""
    users = catalog.used_by.get(id, frozenset()) & context.replaced
    found = (catalog.get(user, Column) for user in sorted(users))
    return [c for c in found if c is not None]


def _offenders(context: Context, domain: Domain, catalog: Catalog, label: str) -> Iterable[Assertion]:
    for column in _columns(context, domain.id, catalog):
        name = ident(temporary_name(column.name, label))
        for check in domain.checks:
            condition = of_column(deparsed(check.expression), name)
            count = sql("SELECT count(*) FROM {} WHERE NOT ({})", ident(*column.relation.path), condition)
            yield Assertion(count, f"values of {column.id} violate {check.name} of the {label} {domain.id}")


def _step(id: ObjectId, verb: str, title: str, up: tuple[Statement, ...], sentence: str) -> Step:
    return Step(
        id=step_id(verb, id),
        title=title,
        object=id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="a column of a domain with checks would be written row by row, under lock",
        up=up,
        down=Down(()),
        deploy=sentence,
    )
