"""Keys that get another name while their columns get other types.

One over the new column can't be built before the columns have changed places, and the old one would have to go before
that: nothing would keep the rows apart in between. So the key bears its declared name first, and is carried over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.names import borne_names
from migplan.planning.shapes import shape

_RETYPED = frozenset({"type", "collation", "generated"})


def succeeding_keys(
    before: Catalog, after: Catalog, makes_room: Callable[[DbObject], bool]
) -> Mapping[ObjectId, ObjectId]:
    """Keys that are declared under another name only, by what they are called now; none whose new name is taken by who
    doesn't make room for it."""
    retyped = {c.id for c in before.of(Column) if _retyped(c, after.get(c.id, Column))}
    if not retyped:
        return {}
    left = _by_shape((k for k in before.of(Constraint) if before.uses.get(k.id, frozenset()) & retyped), before, after)
    wanted = _by_shape(after.of(Constraint), after, before)
    found = {old: new[0] for key, (old, *others) in left.items() if not others and len(new := wanted.get(key, [])) == 1}
    if not found:
        return {}
    held = {name for obj in before if obj in found or not makes_room(obj) for name in borne_names(obj)}
    return {old.id: new.id for old, new in found.items() if not borne_names(new) & held}


def _retyped(old: Column, new: Column | None) -> bool:
    return new is not None and bool(changed_fields(old, new) & _RETYPED)


def _by_shape(keys: Iterable[Constraint], catalog: Catalog, other: Catalog) -> Mapping[Hashable, list[Constraint]]:
    found: dict[Hashable, list[Constraint]] = defaultdict(list)
    for key in keys:
        if key.type in (PRIMARY_KEY, UNIQUE) and key.id not in other and key.index_parent is None:
            found[key.relation, shape(key, catalog)].append(key)
    return found
