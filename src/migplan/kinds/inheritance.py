"""Leaving plain parents and joining others (manual: ALTER TABLE, INHERIT)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import LockMode, Statement
from migplan.kinds.column import Column
from migplan.kinds.not_null import not_null_name
from migplan.kinds.table import columns_of

AX = LockMode.ACCESS_EXCLUSIVE


def leave_parents(child: Sql, parents: Iterable[ObjectId]) -> list[Statement]:
    """``NO INHERIT`` of each; ``child`` is the clause that names the table."""
    return [Statement(sql("ALTER {} NO INHERIT {}", child, ident(*p.path)), AX) for p in parents]


def join_parents(child: Sql, parents: Iterable[ObjectId]) -> list[Statement]:
    """``INHERIT`` of each, in their order."""
    return [Statement(sql("ALTER {} INHERIT {}", child, ident(*p.path)), AX) for p in parents]


def put_in_order(child: Sql, parents: Sequence[ObjectId], wanted: Sequence[ObjectId]) -> list[Statement]:
    """The same parents in another order: whoever joins is the last one, so those behind the first that stands wrong
    leave and join once more. What the child has from none but such a one is its own as well from then on."""
    right = next((n for n, (p, w) in enumerate(zip(parents, wanted, strict=True)) if p != w), len(wanted))
    return [s for p in wanted[right:] for s in (*leave_parents(child, [p]), *join_parents(child, [p]))]


def renamed_not_nulls(table: ObjectId, before: Catalog, after: Catalog) -> list[Statement]:
    """From 18 on an inherited NOT NULL mostly bears its parent's name. It can't be renamed while it is inherited, so it
    gets its declared name between leaving the old parent and joining the new one."""
    statements: list[Statement] = []
    for new in columns_of(table, after):
        old = before.get(new.id, Column)
        if old is None or old.not_null is None or new.not_null is None:
            continue
        if old.not_null == new.not_null:
            was, wanted = not_null_name(old, old.not_null), not_null_name(new, new.not_null)
            if was != wanted and after.major >= 18:
                names = (ident(was), ident(wanted))
                statements.append(
                    Statement(sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", ident(*table.path), *names), AX)
                )
    return statements
