"""The difference between two catalogs: dataclass inequality, knowing no kind."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.changes import Alter, Change, Create, Drop
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.settings import Settings
from migplan.planning.settle import settle


def diff(before: Catalog, after: Catalog, settings: Settings) -> list[Change]:
    """Every change that leads from ``before`` to ``after``, sorted by id; ``after`` is settled first."""
    return sorted(_changes(before, settle(before, after), settings), key=lambda change: change.id)


def _changes(before: Catalog, after: Catalog, settings: Settings) -> Iterator[Change]:
    find = before.objects.get
    for id, new in after.objects.items():
        old = find(id)
        if old is None:
            yield Create(new)
        elif (old != new or settings.owners) and (fields := differing(old, new, settings)):
            yield Alter(old, new, fields)
    for id in before.objects.keys() - after.objects.keys():
        yield Drop(before[id])


def differing(old: DbObject, new: DbObject, settings: Settings) -> frozenset[str]:
    """The names of the fields that differ, as far as the settings say that they are managed."""
    if old == new and not settings.owners:
        return frozenset()
    fields = changed_fields(old, new)
    if not settings.grants:
        fields -= {"grants"}
    if settings.owners and old.owner != new.owner:
        fields |= {"owner"}
    return fields
