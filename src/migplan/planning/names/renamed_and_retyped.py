"""Columns that are renamed and get a type to which a person says the conversions, both ways.

A column that bore its new name with the old type for a while would ask the application to tolerate both types under one
name, and be filled twice. Where nothing stands on it, it is told anew instead, as columns that are split are: the new
one comes beside the old under its declared name and type, both are kept in step, and each version of the application
knows one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.directives import Directive, Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.sql import ident
from migplan.core.sql_names import with_columns_renamed
from migplan.kinds.column import Column
from migplan.kinds.default import Default
from migplan.kinds.table import Table
from migplan.kinds.type_changes import keeps_rows
from migplan.planning.names.renames_wanted import DIRECTIVE, names_of_argument


def told_anew(directives: Directives, before: Catalog, after: Catalog, settings: Settings) -> Directives:
    """The directives, where those of such columns say a new column that is told out of the old one, and back."""
    if settings.offline or settings.dual_write == "application":
        return directives
    found = {d.target: old for d in directives.named(DIRECTIVE) if (old := _told(d, directives, before, after))}
    if not found:
        return directives
    said = (_said(d, found[d.target]) if d.target in found else d for d in directives.items)
    return Directives.of(d for d in said if d is not None)


def _told(directive: Directive, directives: Directives, before: Catalog, after: Catalog) -> Column | None:
    """The column of before that a directive renames, if it is such a one."""
    new = None if directive.target is None else after.get(directive.target, Column)
    if new is None or not all(directives.find(new.id, name) for name in ("using", "reverse")):
        return None
    old = before.get(new.relation.child("column", names_of_argument(directive.argument)[-1]), Column)
    if old is None or new.id in before or old.id in after or keeps_rows(old.type, new.type):
        return None
    by_itself = any(c.generated is not None or c.identity is not None or c.inherited for c in (old, new))
    stands = any(_used(side, column) for side, column in ((before, old), (after, new)))
    return None if by_itself or stands or _has_heirs(before, old.relation) else old


def _used(side: Catalog, column: Column) -> bool:
    return any(side.get(user, Default) is None for user in side.used_by.get(column.id, ()))


def _has_heirs(before: Catalog, table: ObjectId) -> bool:
    below: Iterable[Table | None] = (before.get(id, Table) for id in before.tables_below.get(table, ()))
    return any(t is None or table in t.inherits for t in below)


def _said(directive: Directive, old: Column) -> Directive | None:
    assert directive.target is not None
    if directive.name == DIRECTIVE:
        return None
    if directive.name == "using":
        names = {directive.target.path[-1]: old.name}
        return replace(directive, argument=with_columns_renamed(directive.argument, names, typed=True))
    return (
        replace(directive, argument=f"{ident(old.name)} = {directive.argument}")
        if directive.name == "reverse"
        else directive
    )
