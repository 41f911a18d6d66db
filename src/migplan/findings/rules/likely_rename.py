"""What goes and comes in the same shape: probably a rename that no directive tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from migplan.core.changes import Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, fingerprint_of
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.column import Column
from migplan.kinds.table import Table, columns_of

_PLAIN: Final = frozenset(
    {"enum", "domain", "composite_type", "sequence", "view", "materialized_view", "index", "trigger"}
)
_HOLDING: Final = frozenset({"table", "column", "sequence"})


class LikelyRename(Rule):
    """Pairs of one kind, in one place, of one shape; only where each has no other counterpart."""

    id = "likely-rename"
    severity = "warning"
    condition = "An object is dropped and one of the same shape is added in its place; a note where it holds no data."
    effect = "If it is the same thing under a new name, its values are lost, or it is built anew for nothing."
    advice = "If it is a rename, say so: -- migplan: renamed-from NAME, beside the new one."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY, full_name text);",
        good="CREATE TABLE t (\n  id int PRIMARY KEY,\n  full_name text -- migplan: renamed-from name\n);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        gone = _by_shape((c.old for c in subject.draft.changes if isinstance(c, Drop)), subject.before, subject)
        come = _by_shape((c.new for c in subject.draft.changes if isinstance(c, Create)), subject.after, subject)
        for shape, (new, *others) in come.items():
            candidates = gone.get(shape, [])
            if others or len(candidates) != 1:
                continue
            old = candidates[0]
            if any(step.strategy == "dual_write" and step.object == new for step in subject.draft.steps):
                continue
            severity = None if new.kind in _HOLDING else "note"
            advice = f"If it is, write beside {new}: -- migplan: renamed-from {_short(old, new)}"
            yield Found(f"{new} may be {old} under a new name", new, severity=severity, advice=advice)


def _by_shape(objects: Iterable[DbObject], catalog: Catalog, subject: Subject) -> Mapping[Hashable, list[ObjectId]]:
    found: dict[Hashable, list[ObjectId]] = defaultdict(list)
    for obj in objects:
        shape = _shape(obj, catalog, subject)
        if shape is not None:
            found[shape].append(obj.id)
    return found


def _shape(obj: DbObject, catalog: Catalog, subject: Subject) -> Hashable | None:
    """What two objects have in common that may be one: place, kind and all that is compared; None for no such kind."""
    match obj:
        case Column():
            stays = obj.relation in subject.before and obj.relation in subject.after
            told = obj.using is not None or obj.inherited
            return ("column", obj.relation, obj.type) if stays and not told else None
        case Table():
            columns = frozenset((c.name, c.type) for c in columns_of(obj.id, catalog))
            return ("table", columns) if columns else None
        case _ if obj.id.kind in _PLAIN:
            if obj.table is not None and not (obj.table in subject.before and obj.table in subject.after):
                return None
            nameless = replace(obj, id=ObjectId(obj.id.kind, ()), comment=None, grants=None)
            return (obj.id.kind, obj.table or obj.id.path[:-1], fingerprint_of(nameless))
        case _:
            return None


def _short(old: ObjectId, new: ObjectId) -> str:
    """The old name as the directive takes it: with its schema only where that differs."""
    return old.name if old.path[:-1] != new.path[:-1] else ObjectId(old.kind, old.path[-1:]).name


RULE = LikelyRename()
