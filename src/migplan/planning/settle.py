"""What a declaration leaves open, taken from the live database: an extension's version, objects out of reach."""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.registry import kind_of, kinds


def settle(live: Catalog, declared: Catalog) -> Catalog:
    """The declared catalog as it is to be compared with the live one: see :meth:`Kind.settle`."""
    objects, uses = dict(declared.objects), dict(declared.uses)
    for id in _open_to_settling(live, declared):
        found = kind_of(id).settle(live.objects.get(id), declared.objects.get(id))
        if found is None:
            objects.pop(id, None)
            uses.pop(id, None)
        else:
            objects[id] = found
            uses.setdefault(id, live.uses.get(id, frozenset()))
    return replace(declared, objects=objects, uses=uses)


def _open_to_settling(live: Catalog, declared: Catalog) -> list[ObjectId]:
    """The objects of kinds that have anything to settle: never the thousands of columns."""
    settling = {kind.name for kind in kinds().values() if kind.settles}
    return [id for id in {**live.objects, **declared.objects} if id.kind in settling]
