"""Routines that stay, and whose bodies name what goes."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.changes import Drop
from migplan.core.ids import ObjectId
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.function import Routine
from migplan.planning.mentions import named

_KINDS = frozenset({"table", "view", "materialized_view", "foreign_table", "sequence", "function", "procedure"})


class BodyNamesDropped(Rule):
    """A body that is only text is looked up when it runs: PostgreSQL lets what it names be dropped."""

    id = "body-names-dropped"
    severity = "warning"
    condition = "A table, view, sequence or function is dropped whose name stands in the body of a routine that stays."
    effect = "The routine, and every trigger that calls it, fails from then on when it gets there."
    advice = "Change or drop the routine in the same plan, or allow the finding where the name means something else."
    example = Example(
        before=(
            "CREATE TABLE log (entry text);"
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (1); END';"
        ),
        bad="CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (1); END';",
        good="CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''done''; END';",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        gone = [c.old.id for c in subject.draft.changes if isinstance(c, Drop) and c.old.id.kind in _KINDS]
        gone = [id for id in gone if not _is_overloaded(id, subject)]
        if not gone:
            return
        for routine in subject.after.of(Routine):
            near = [id for id in gone if id.path[1].lower() in routine.reads_body.lower()]
            for id in named(routine.reads_body, near) if near else ():
                sentence = f"the body of {routine.id} names {id}, which is dropped"
                yield Found(sentence, routine.id, subject.step_of(id))


def _is_overloaded(id: ObjectId, subject: Subject) -> bool:
    """Whether something else takes the name: another relation, or a routine with other arguments."""
    return any(o.id.kind in _KINDS and o.id.path[:2] == id.path[:2] for o in subject.after)


RULE = BodyNamesDropped()
