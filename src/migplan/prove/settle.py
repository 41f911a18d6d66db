"""Making both sides comparable: printed by the same server, and once more where their prints are suspiciously alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NamedTuple

from migplan.core.changes import Alter, Change
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.kinds.schema import Schema
from migplan.planning.diff import diff
from migplan.planning.loosely import loosely_equal
from migplan.prove.rebuilt import rebuild_live
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed
from migplan.source.shadow.scratch import ScratchDatabase

Scratch = Callable[[], AbstractContextManager[ScratchDatabase]]


class Compared(NamedTuple):
    """The live side as it compares with the declared one, and what differs."""

    before: Catalog
    changes: list[Change]


def comparable(before: Catalog, after: Catalog, scratch: Scratch, managed: Managed, settings: Settings) -> Compared:
    """The live side as the declared one's server prints it; differences that vanish when printed once more are taken
    out."""
    if before.major != after.major:
        before = reread(before, scratch, managed, settings)
    changes = diff(before, after, settings)
    suspicious = [c for c in changes if isinstance(c, Alter) and loosely_equal(c)]
    if not suspicious:
        return Compared(before, changes)
    again_before = reread(_with_schemas_of(after, before), scratch, managed, settings)
    again_after = reread(after, scratch, managed, settings)
    same = {c.id for c in suspicious if again_before.objects.get(c.id) == again_after.objects.get(c.id)}
    objects = {id: after.objects[id] if id in same else o for id, o in before.objects.items()}
    return Compared(replace(before, objects=objects), [c for c in changes if c.id not in same])


def _with_schemas_of(after: Catalog, before: Catalog) -> Catalog:
    """The live side with the schemas that are yet to be made: what is renamed into one stands there already."""
    new = {s.id: s for s in after.of(Schema) if s.id not in before}
    inside = {id: ObjectId("schema", id.path[:1]) for id in before.objects if len(id.path) > 1}
    uses = {id: before.uses.get(id, frozenset()) | {schema} for id, schema in inside.items() if schema in new}
    return replace(before, objects={**new, **before.objects}, uses={**before.uses, **uses})


def reread(catalog: Catalog, scratch: Scratch, managed: Managed, settings: Settings) -> Catalog:
    """The catalog created in the shadow and read back there; sizes stay those of the live database."""
    with scratch() as database, contextlib.closing(database.connect()) as connection:
        rebuild_live(catalog, connection, managed=managed, settings=settings)
        found = managed.of(introspect(connection, managed.scope, again=True))
    return replace(found, sizes=catalog.sizes, role=catalog.role, left_alone=catalog.left_alone)
