"""Steps that the rows decide about: they count what stands in their way, and stop."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.steps import Step
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import Constraint, column_ids


class MayStopOnData(Rule):
    """What steps assert of the data. Nothing is locked or changed by then, but the plan waits for somebody."""

    id = "may-stop-on-data"
    severity = "note"
    of_steps = True
    condition = "A step first counts rows that it couldn't accept: NULLs, duplicates, orphans, violations."
    effect = "Where there are any, the plan stops before the step takes a lock, half-way through its files."
    advice = "Count them before the plan is run, and mend the rows, or say 'backfill' beside the column."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE);",
        good="CREATE TABLE t (id int PRIMARY KEY, a int); CREATE INDEX ON t (a);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        filled = {s.object for s in subject.draft.steps if s.backfill is not None and s.object.kind == "column"}
        for step in subject.draft.steps:
            for assertion in step.asserts:
                if not assertion.guard and step.object not in filled and _is_there(subject, step):
                    advice = f"Count them now: {' '.join(assertion.count.split())}"
                    yield Found(f"{step.title} stops if {assertion.message}", step.object, step.id, advice=advice)


def _is_there(subject: Subject, step: Step) -> bool:
    """Whether the rows have already what the step looks at: not where the plan itself adds the columns."""
    columns = {step.object} if step.object.kind == "column" else set[ObjectId]()
    constraint = subject.after.get(step.object, Constraint)
    columns |= set() if constraint is None else column_ids(constraint)
    return all(column in subject.before for column in columns)


RULE = MayStopOnData()
