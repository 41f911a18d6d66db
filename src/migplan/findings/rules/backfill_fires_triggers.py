"""Triggers of the users' own that fire for every row which a plan fills."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Backfill, Batches, Step
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.trigger import Trigger

_ANY_UPDATE: Final = re.compile(r"(BEFORE|AFTER) ((INSERT|DELETE) OR )*UPDATE (ON|OR) ")
"""``UPDATE OF column`` is another thing: a backfill sets none of the columns that were there before."""
_FIRES: Final = frozenset({"O", "A"})
_TABLE: Final = "CREATE TABLE t (id int PRIMARY KEY, at timestamptz{});"
_ROW: Final = " INSERT INTO t VALUES (1); ANALYZE;"
_STAMPED: Final = (
    " CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := now(); RETURN NEW; END';"
    " CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
)


class BackfillFiresTriggers(Rule):
    """Backfills are UPDATEs: what fires for an application's fires for theirs."""

    id = "backfill-fires-triggers"
    severity = "warning"
    of_steps = True
    condition = "A step, or its way back, fills rows of a table that has a trigger which fires on every UPDATE."
    effect = "The trigger runs for each row that is filled: times of change move, histories and events get a row."
    advice = (
        "Where that isn't wanted, let its function do nothing while "
        "current_setting('migplan.sync', true) = 'off': only backfills set it, in their own transactions."
    )
    example = Example(
        before=_TABLE.format("") + _STAMPED + _ROW,
        bad=_TABLE.format(",\n  a int NOT NULL -- migplan: backfill 0\n") + _STAMPED,
        good=_TABLE.format(", a int NOT NULL DEFAULT 0") + _STAMPED,
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        steps = [
            (s, _filled(s.backfill, s.batches), _filled(s.undo_backfill, s.undo_batches)) for s in subject.draft.steps
        ]
        filled, undone = {table for _, table, _ in steps}, {table for _, _, table in steps}
        for step, there, back in steps:
            if there is not None:
                again = ", and again on the way back" if there in undone else ""
                yield from _fired(step, there, subject.before, again)
            elif back is not None and back not in filled:
                yield from _fired(step, back, subject.after, " on the way back")


def _filled(backfill: Backfill | None, batches: Batches | None) -> ObjectId | None:
    """The table whose rows change."""
    return backfill.table if backfill is not None else batches.writes if batches is not None else None


def _fired(step: Step, table: ObjectId, catalog: Catalog, when: str) -> Iterable[Found]:
    triggers = (t for t in catalog.members_of(table, Trigger) if t.enabled in _FIRES)
    firing = sorted(t.name for t in triggers if _ANY_UPDATE.search(t.definition))
    if firing:
        yield Found(f"{step.title} fires {', '.join(firing)} of {table} for every row{when}", table, step.id)


RULE = BackfillFiresTriggers()
