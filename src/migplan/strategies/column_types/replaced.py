"""Which columns can't change their type in place: the table is large, and PostgreSQL would write it anew under lock."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.kinds.column import Column
from migplan.kinds.column_domains import refuses_null
from migplan.kinds.column_indexes import builds_partial_again
from migplan.kinds.constraint import EXCLUSION, Constraint
from migplan.kinds.table import Table
from migplan.kinds.type_changes import keeps_rows
from migplan.strategies.base import Context, Size


def replaced_columns(context: Context) -> frozenset[ObjectId]:
    """The columns that a second one replaces; those that it can't are in :func:`irreplaceable`."""
    beside = (new.id for new, why in rewritten(context) if why is None)
    return frozenset(id for id in beside if id not in context.online)


def irreplaceable(context: Context) -> Iterable[str]:
    """Why a column must be rewritten and neither can be: sentences for the plan that is blocked by it."""
    for old, new in _rewritten(context):
        why = obstacle(context, old, new)
        if why is not None and new.id not in context.online:
            yield (
                f"{new.id} from {old.type} to {new.type} rewrites {new.relation}, which is large, and "
                f"a second column can't take over because {why}"
            )


def rewritten(context: Context) -> Iterable[tuple[Column, str | None]]:
    """The columns whose values would be written anew, each with what stands in the way of a second one, if anything."""
    for old, new in _rewritten(context):
        yield new, obstacle(context, old, new)


def _rewritten(context: Context) -> Iterable[tuple[Column, Column]]:
    if context.settings.offline:
        return
    for old, new, fields in context.altered(Column):
        if not fields & {"type", "collation"} or new.relation.kind != "table" or new.inherited:
            continue
        if context.size(new.relation) is not Size.LARGE:
            continue
        kept = keeps_rows(old.type, new.type) and ("collation" not in fields or not _indexed(context, new.id))
        if not kept or builds_partial_again(old, context.before):
            yield old, new


def _indexed(context: Context, column: ObjectId) -> bool:
    return any(u.kind in ("index", "constraint") for u in context.before.used_by.get(column, ()))


def obstacle(context: Context, old: Column, new: Column) -> str | None:
    """What stands in the way of a second column, as the end of a sentence."""
    table = context.before.get(new.relation, Table)
    if table is None:
        return "its table changes its nature"
    if table.partition_key is not None or table.partition_of is not None:
        return "the table is partitioned"
    if table.inherits or any(new.relation in t.inherits for t in context.before.of(Table)):
        return "the table inherits"
    if old.generated is not None or new.generated is not None:
        return "it is generated"
    if old.type != new.type and (refuses_null(new, context.after) or refuses_null(old, context.before)):
        return "its domain refuses NULL, which a second column begins with"
    for catalog in (context.before, context.after):
        for user in sorted(catalog.used_by.get(new.id, frozenset())):
            found = catalog.get(user, Constraint)
            if found is not None and found.type == EXCLUSION:
                return f"{user} can't be built beside"
            other = catalog.get(user, Column)
            if other is not None and not other.virtual and other.relation == new.relation:
                return f"{user} is computed from it"
    return None
