"""NOT NULL constraints of children that are valid beside one of their parent's that isn't (18 and later).

A partition that is made later has a valid one from the start; ADD CONSTRAINT … NOT VALID of a parent takes it as it is
where it is there already, and gives one that is NOT VALID as well where it isn't.
"""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds._descendants import descendants, parents_of
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.not_null import add_not_null, comment_not_null, not_null_name


def stricter(child: Column, parent: Column) -> bool:
    """Whether the child's is valid and the parent's isn't."""
    if child.not_null is None or parent.not_null is None:
        return False
    return child.not_null.valid and not parent.not_null.valid


def loosened(column: Column, after: Catalog) -> list[Statement]:
    """What makes an inherited one NOT VALID: the topmost one is dropped and added again, which is carried down, and
    those below that are to be valid are validated. Empty where the column isn't below one that isn't valid."""
    statements: list[Statement] = []
    for top in sorted(_tops(column, after), key=lambda c: c.id):
        assert top.not_null is not None
        drop = sql("ALTER {} ALTER COLUMN {} DROP NOT NULL", relation_clause(top), ident(top.name))
        statements += [Statement(drop, LockMode.ACCESS_EXCLUSIVE), add_not_null(top, top.not_null)]
        if top.not_null.comment is not None:
            statements.append(comment_not_null(top, top.not_null))
        found = (after.get(r.child("column", top.name), Column) for r in descendants(top.relation, after))
        statements += [_validate(c) for c in found if c is not None and c.id != column.id and stricter(c, top)]
    return statements


def _tops(column: Column, catalog: Catalog) -> Iterator[Column]:
    """The columns at the top of those that it inherits its NOT NULL from, none of which is valid."""
    for parent in parents_of(column.relation, catalog):
        above = catalog.get(parent.child("column", column.name), Column)
        if above is not None and above.not_null is not None and not above.not_null.valid:
            yield from list(_tops(above, catalog)) or [above]


def _validate(column: Column) -> Statement:
    assert column.not_null is not None
    name = ident(not_null_name(column, column.not_null))
    command = sql("ALTER {} VALIDATE CONSTRAINT {}", relation_clause(column), name)
    return Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE, scan=True, timing=Timing.LONG)
