"""A domain that is tightened while large tables hold it: NOT VALID first, validated in a transaction of its own.

VALIDATE and SET NOT NULL lock every table with a column of the domain against writes and read it (manual: ALTER
DOMAIN), so what fails on data is counted before, and what loosens doesn't wait for the deploy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import After, Assertion, Down, Phase, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.domain import Domain
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Size, Strategy

_FIELDS: Final = frozenset({"default", "not_null", "checks"})
_VALUE: Final = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|\bVALUE\b""")


class ChangeDomain(Strategy):
    """Domains that change in place and are tightened, with large tables."""

    name = "change_domain"

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in context.altered(Domain):
            if not fields & _FIELDS or new.id in context.rebuilds.groups or kind_of(new.id).contract(old, new) is None:
                continue
            columns = _columns(context, old)
            if any(context.size(c.relation) is Size.LARGE for c in columns):
                yield Expansion(tuple(_steps(context, old, new, columns)), fields={new.id: fields & _FIELDS})


def _columns(context: Context, domain: Domain) -> list[Column]:
    """The columns of tables that hold values of the domain."""
    users = sorted(context.before.used_by.get(domain.id, frozenset()))
    found = (context.before.get(id, Column) for id in users)
    return [c for c in found if c is not None and c.relation.kind == "table"]


def _steps(context: Context, old: Domain, new: Domain, columns: list[Column]) -> list[Step]:
    loose = _loosened(old, new)
    guarded = _not_validated(loose, new)
    sentence = kind_of(new.id).contract(old, new)
    asserts = tuple(_offenders(context, loose, new, columns))
    loosen = _step(context, "loosen", loose.id.name, old, loose, None)
    tighten = _step(context, "alter", f"{new.id.name}, not validated", loose, guarded, sentence)
    validate = _step(context, "validate", new.id.name, guarded, new, sentence)
    first, *rest = [s for s in (tighten, validate) if s.up]
    chained = [loosen] if loosen.up else []
    for step in (replace(first, asserts=asserts), *rest):
        before = tuple(After(s.id, "relies on it") for s in chained[-1:])
        chained.append(replace(step, after=before))
    return chained


def _loosened(old: Domain, new: Domain) -> Domain:
    """What no application needs to be ready for: checks and NOT NULL that go, another default."""
    names = {c.name for c in new.checks}
    return replace(
        old,
        default=new.default,
        default_of_type=new.default_of_type,
        not_null=old.not_null if new.not_null is not None else None,
        checks=tuple(c for c in old.checks if c.name in names),
    )


def _not_validated(loose: Domain, new: Domain) -> Domain:
    """The declared checks, those that are new without having read a row."""
    known = {(c.name, c.expression) for c in loose.checks if c.valid}
    checks = tuple(c if (c.name, c.expression) in known else replace(c, valid=False) for c in new.checks)
    return replace(loose, checks=checks)


def _step(context: Context, verb: str, what: str, old: Domain, new: Domain, sentence: str | None) -> Step:
    kind = kind_of(new.id)
    return Step(
        id=step_id(verb, new.id),
        title=f"{verb} domain {what}",
        object=new.id,
        strategy=ChangeDomain.name,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="both versions of the application can live with it" if sentence is None else f"the application {sentence}",
        up=tuple(kind.alter(old, new, context.before, context.after) or ()) if old != new else (),
        down=Down(tuple(kind.alter(new, old, context.after, context.before) or ()) if old != new else ()),
        uses=context.after.uses.get(new.id, frozenset()),
        releases=context.before.uses.get(new.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
    )


def _offenders(context: Context, loose: Domain, new: Domain, columns: list[Column]) -> Iterable[Assertion]:
    """Values that the tighter domain refuses, column by column."""
    known = {(c.name, c.expression) for c in loose.checks}
    tighter = [deparsed(c.expression) for c in new.checks if (c.name, c.expression) not in known]
    for column in (c for c in columns if c.type == _printed(new)):
        name = ident(column.name)
        conditions = [sql("NOT ({})", of_column(check, name)) for check in tighter]
        if new.not_null is not None and loose.not_null is None:
            conditions.append(sql("{} IS NULL", name))
        for condition in conditions:
            count = sql("SELECT count(*) FROM {} WHERE {}", ident(*column.relation.path), condition)
            yield Assertion(count, f"values of {column.id} are none of {new.id} as it is declared now")


def _printed(domain: Domain) -> str:
    return str(ident(*domain.id.path))


def of_column(check: Sql, column: Sql) -> Sql:
    """The check, saying the column where it says VALUE."""
    return Sql(_VALUE.sub(lambda found: found[1] or f"({column})", check))


STRATEGY = ChangeDomain()
