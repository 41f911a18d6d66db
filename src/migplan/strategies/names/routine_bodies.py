"""Which functions speak of a table: PostgreSQL keeps no record of what a body that is a string names."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.function import Routine
from migplan.kinds.trigger import Trigger

_WORD: Final = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


def words(body: str) -> frozenset[str]:
    """Every identifier that a body may mean: quoted ones as they are, others in lower case."""
    return frozenset(q.replace('""', '"') if q else w.lower() for q, w in _WORD.findall(body))


def routines_on(table: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """The functions that the table's triggers call."""
    triggers = catalog.members_of(table, Trigger)
    return frozenset(used for t in triggers for used in catalog.uses.get(t.id, frozenset()) if used.kind == "function")


def triggers_naming(table: ObjectId, columns: AbstractSet[str], catalog: Catalog) -> frozenset[ObjectId]:
    """The table's triggers whose functions' bodies name any of the columns."""
    found: set[ObjectId] = set()
    for trigger in catalog.members_of(table, Trigger):
        called = (catalog.get(id, Routine) for id in catalog.uses.get(trigger.id, frozenset()))
        if any(r is not None and not columns.isdisjoint(words(r.reads_body)) for r in called):
            found.add(trigger.id)
    return frozenset(found)
