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
    found = before.compared_with(after)
    pairs = found.changed
    if settings.owners:
        pairs = tuple((old, new) for id, new in after.objects.items() if (old := before.objects.get(id)) is not None)
    for old, new in pairs:
        if fields := differing(old, new, settings):
            yield Alter(old, new, fields)
    yield from (Create(after[id]) for id in found.come)
    yield from (Drop(before[id]) for id in found.gone)


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
