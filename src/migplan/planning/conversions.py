"""The directives ``using`` and ``reverse`` as a part of the declared columns: every stage can then read them there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.changes import Rename
from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql_names import with_columns_renamed
from migplan.kinds.column import Column


def with_conversions(after: Catalog, directives: Directives, before: Catalog, renames: Iterable[Rename]) -> Catalog:
    """The declared catalog, whose columns know the expressions that convert their values.

    ``using`` reads the present row, where a renamed column may be called by its present name; in ``before`` it has its
    declared one already.
    """
    said: dict[ObjectId, DbObject] = {}
    names = _declared_names(before, renames)
    for name in ("using", "reverse"):
        for directive in directives.named(name):
            column = (
                None if directive.target is None else said.get(directive.target, after.get(directive.target, Column))
            )
            if isinstance(column, Column):
                change = {name: directive.argument}
                if name == "using" and column.relation in names:
                    change = {name: with_columns_renamed(directive.argument, names[column.relation], typed=True)}
                said[column.id] = replace(column, **change)
    return replace(after, objects={**after.objects, **said}) if said else after


def _declared_names(before: Catalog, renames: Iterable[Rename]) -> Mapping[ObjectId, Mapping[str, str]]:
    """By table, the declared names of renamed columns by those that no column bears any more."""
    found: dict[ObjectId, dict[str, str]] = {}
    for rename in renames:
        column = before.get(rename.new, Column)
        if column is not None and column.relation.child("column", rename.old.path[-1]) not in before:
            found.setdefault(column.relation, {})[rename.old.path[-1]] = column.name
    return found
