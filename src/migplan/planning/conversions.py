"""The directives ``using`` and ``reverse`` as a part of the declared columns: every stage can then read them there."""

from __future__ import annotations

from dataclasses import replace

from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.column import Column


def with_conversions(after: Catalog, directives: Directives) -> Catalog:
    """The declared catalog, whose columns know the expressions that convert their values."""
    said: dict[ObjectId, DbObject] = {}
    for name in ("using", "reverse"):
        for directive in directives.named(name):
            column = (
                None if directive.target is None else said.get(directive.target, after.get(directive.target, Column))
            )
            if isinstance(column, Column):
                change = {"using": directive.argument} if name == "using" else {"reverse": directive.argument}
                said[column.id] = replace(column, **change)
    return replace(after, objects={**after.objects, **said}) if said else after
