"""Foreign keys lock two tables: their own, and the one that they refer to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.model import Catalog, DbObject
from migplan.core.steps import LockMode, Statement
from migplan.kinds.constraint import FOREIGN_KEY, Constraint


def joined(obj: DbObject, before: Catalog, after: Catalog, statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """What makes or drops an object; of a foreign key to a table that is there, with the lock which that one gets.

    A table that neither catalog has is there as well, and isn't managed: Supabase's users, say.
    """
    found = tuple(statements)
    if not isinstance(obj, Constraint) or obj.type != FOREIGN_KEY or obj.target == obj.relation:
        return found
    if obj.target is None or (obj.target in after and obj.target not in before):
        return found
    name = ".".join(obj.target.path)
    return tuple(replace(s, stronger=(*s.stronger, (name, s.lock))) if s.lock > LockMode.NONE else s for s in found)
