"""Types that are replaced while large tables hold them: the new one is made aside, and second columns of it.

An enum that loses or moves labels, a domain over another type, a composite type whose attributes change: PostgreSQL
alters none of them in place. The columns go over as in ``swap_column``, and the types take each
other's names in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.settings import Settings
from migplan.core.sql import ident
from migplan.core.steps import Part, Statement, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.column_domains import stands_on_constraints
from migplan.kinds.composite_type import CompositeType
from migplan.kinds.default_privileges import DefaultPrivileges
from migplan.kinds.domain import Domain, named_not_null
from migplan.kinds.enum import Enum
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Size
from migplan.strategies.column_types.replaced import obstacle
from migplan.strategies.pieces import Pieces
from migplan.strategies.types.mapped_labels import mapped_labels

_HOLDING: Final = frozenset({"column", "domain", "composite_type", "range"})


def held_by_large_tables(context: Context) -> dict[ObjectId, str | None]:
    """The columns of large tables whose type is replaced, with what keeps a second column from taking over, if
    anything does: the end of a sentence."""
    if context.settings.offline:
        return {}
    found = ((id, context.before.get(id, Column)) for id in sorted(context.rebuilds.followers))
    large = ((id, c) for id, c in found if c is not None and c.relation.kind == "table" and not c.inherited)
    return {id: _obstacle(context, c) for id, c in large if context.size(c.relation) is Size.LARGE}


def staged_columns(context: Context) -> frozenset[ObjectId]:
    """Those that a second column takes over from."""
    return frozenset(id for id, why in held_by_large_tables(context).items() if why is None)


def staged_id(id: ObjectId, label: str) -> ObjectId:
    """A type's id while its ``label`` (old, new) incarnation stands aside."""
    return ObjectId(id.kind, (*id.path[:-1], temporary_name(id.path[-1], label)))


def staged_parts(id: ObjectId, label: str, catalog: Catalog, settings: Settings) -> list[Part]:
    """The parts of a type under its temporary name, with its comment, grants and owner."""
    obj = catalog[id]
    aside = replace(_as_it_stands_aside(obj), id=staged_id(id, label))
    world = replace(
        catalog,
        objects={**catalog.objects, aside.id: aside},
        uses={**catalog.uses, aside.id: catalog.uses.get(id, frozenset())},
    )
    return Pieces(world, settings, tuple(catalog.of(DefaultPrivileges))).of(aside.id)


def staged_sentence(context: Context, id: ObjectId) -> str:
    """What the checkpoint before the types change places says."""
    own = kind_of(id).contract(context.before[id], context.after[id])
    bears = (
        f"casts what it sends and compares as {id} through text ($1::text::{ident(*id.path)}), or prepares such"
        " statements anew where they fail: another type gets the name"
    )
    return f"{own}; {bears}" if own else bears


def held_staged(context: Context, column: ObjectId) -> frozenset[ObjectId]:
    """The types replaced under their names that either incarnation of the column holds."""
    return frozenset(u for c in (context.before, context.after) for u in c.uses.get(column, ())) & context.staged


def kept_staged(context: Context, column: ObjectId) -> frozenset[ObjectId]:
    """Those that both hold: a column that goes from one to another type has no part in what the first one loses."""
    nothing = frozenset[ObjectId]()
    return context.before.uses.get(column, nothing) & context.after.uses.get(column, nothing) & context.staged


def labels_of(context: Context, id: ObjectId) -> Mapping[str, str]:
    """The labels that an enum's values get for those which it loses."""
    old, new = context.before.get(id, Enum), context.after.get(id, Enum)
    return mapped_labels(context.directives, old, new) if old is not None and new is not None else {}


def default_statements(obj: DbObject, source: Catalog, target: Catalog, *, back: bool) -> list[Statement]:
    """What gives a domain its default when it takes its name, or takes it (``back``) under the name that it has aside:
    a default looks like a value that an application wrote."""
    if not isinstance(obj, Domain) or obj.default is None:
        return []
    bare = replace(obj, default=None)
    old, new = (obj, bare) if back else (bare, obj)
    return kind_of(obj.id).alter(old, new, source, target) or []


def _as_it_stands_aside(obj: DbObject) -> DbObject:
    return replace(named_not_null(obj), default=None, checks=()) if isinstance(obj, Domain) else obj


def _obstacle(context: Context, column: Column) -> str | None:
    causes = context.rebuilds.followers[column.id]
    new = context.after.get(column.id, Column)
    if new is None:
        return "it is dropped"
    if len(causes) > 1:
        return f"it holds {' and '.join(str(c) for c in sorted(causes))}, which are replaced both"
    (cause,) = causes
    return obstacle(context, column, new) or _type_obstacle(context, cause, column) or _user_obstacle(context, column)


def _type_obstacle(context: Context, cause: ObjectId, column: Column) -> str | None:
    old, new = context.before[cause], context.after.objects.get(cause)
    if cause.kind == "collation":
        return f"{cause} would have to stand beside itself under the same name: declare the new one under another"
    if new is None or cause not in context.rebuilds.items or column.type.removesuffix("[]") != ident(*cause.path):
        return f"it holds {cause} inside another type"
    for catalog in (context.before, context.after):
        others = sorted(u for u in catalog.uses.get(cause, ()) if u in context.rebuilds.items)
        if others:
            return f"{cause} stands on {others[0]}, which is replaced too"
    match old, new:
        case Enum(), Enum():
            mapped = mapped_labels(context.directives, old, new)
            lost = [label for label in old.labels if label not in new.labels and label not in mapped]
            said = f"what becomes of rows with {', '.join(lost)} isn't said: write -- migplan: values OLD => NEW"
            return f"{said} beside {cause}" if lost else None
        case Domain(), Domain():
            return _domain_obstacle(context, old, new, column)
        case CompositeType(), CompositeType():
            return _attributes_obstacle(old, new, column)
        case _:
            return f"{cause} has functions that bear its name"


def _domain_obstacle(context: Context, old: Domain, new: Domain, column: Column) -> str | None:
    """Checks come once the column is there, NOT NULL can't; and PostgreSQL gives none to what arrays hold."""
    if old.not_null is not None or new.not_null is not None:
        return f"{old.id} is NOT NULL, for which a new column of it is written row by row"
    if any(stands_on_constraints(d.id, c) for d, c in ((old, context.before), (new, context.after))):
        return f"{old.id} stands on a domain with constraints, for which a new column of it is written row by row"
    if not old.checks and not new.checks:
        return None
    users = (u for u in context.before.used_by.get(old.id, frozenset()) if u.kind in _HOLDING)
    held = sorted(u for u in users if getattr(context.before[u], "type", "") != column.type.removesuffix("[]"))
    if held:
        return f"{old.id} has checks, which it can't get while {held[0]} holds it inside of another type"
    catalogs = (context.before, context.after)
    calls = sorted({u for c in catalogs for u in c.uses.get(old.id, frozenset()) if u.kind == "function"})
    return f"a check of {old.id} calls {calls[0]}" if calls else None


def _attributes_obstacle(old: CompositeType, new: CompositeType, column: Column) -> str | None:
    """Attributes may come, go and change places, but not in what is converted as a whole."""
    was, now = [a.name for a in old.attributes], [a.name for a in new.attributes]
    return f"the attributes of {old.id} take other places in an array" if was != now and "[" in column.type else None


def lost_attributes(context: Context, column: Column) -> list[str]:
    """What values of the column have, and those of the new type don't."""
    types = sorted(kept_staged(context, column.id))
    pairs = ((context.before.get(id, CompositeType), context.after.get(id, CompositeType)) for id in types)
    both = ((old, {a.name for a in new.attributes}) for old, new in pairs if old is not None and new is not None)
    return [a.name for old, kept in both for a in old.attributes if a.name not in kept]


def _user_obstacle(context: Context, column: Column) -> str | None:
    """Indexes and checks are built on the second column before the functions that they call change to the new type."""
    users = (u for u in context.before.used_by.get(column.id, ()) if u.kind in ("index", "constraint"))
    for user in sorted(users):
        for routine in sorted(_rebuilt_routines(context, user)):
            return f"{user} calls {routine}, which changes with the type"
    return None


def _rebuilt_routines(context: Context, user: ObjectId) -> Iterable[ObjectId]:
    used = context.before.uses.get(user, frozenset()) | context.after.uses.get(user, frozenset())
    return (u for u in used if u.kind in ("function", "aggregate", "operator") and u in context.rebuilds.items)
