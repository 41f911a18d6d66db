"""What a declaration leaves open, taken from the live database: an extension's version, objects out of reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.registry import kind_of, kinds


def settle(live: Catalog, declared: Catalog) -> Catalog:
    """The declared catalog as it is to be compared with the live one: see :meth:`Kind.settle`."""
    settled = {
        id: kind_of(id).settle(live.objects.get(id), declared.objects.get(id))
        for id in _open_to_settling(live, declared)
    }
    if all(found is declared.objects.get(id) for id, found in settled.items()):
        return declared
    objects, uses = dict(declared.objects), dict(declared.uses)
    for id, found in settled.items():
        if found is None:
            objects.pop(id, None)
            uses.pop(id, None)
        else:
            objects[id] = found
            uses.setdefault(id, live.uses.get(id, frozenset()))
    return replace(declared, objects=objects, uses=uses)


def _open_to_settling(live: Catalog, declared: Catalog) -> Iterable[ObjectId]:
    """The objects that differ, of kinds that have anything to settle."""
    settling = {kind.name for kind in kinds().values() if kind.settles}
    compared = live.compared_with(declared)
    differing = (*compared.gone, *compared.come, *(new.id for _, new in compared.changed))
    return sorted(id for id in differing if id.kind in settling)
