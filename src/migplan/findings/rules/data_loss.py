"""Steps after which data is gone, way back or not."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject


class DataLoss(Rule):
    """What steps say they lose."""

    id = "data-loss"
    severity = "danger"
    condition = "A table with rows, a column with values or a sequence's position is dropped, or labels are merged."
    effect = "The way back makes the object again, without what it held."
    advice = (
        "Take a backup first, ask for one with 'backup table' beside the table, or keep a dropped table for one more "
        "checkpoint with keep_old = true."
    )
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, fax text); INSERT INTO t VALUES (1, '42'); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY);",
        good="-- migplan: backup table\nCREATE TABLE t (id int PRIMARY KEY);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for step in subject.draft.steps:
            if step.loses is not None:
                yield Found(
                    f"{step.title} destroys {step.loses}; the way back doesn't bring that back", step.object, step.id
                )


RULE = DataLoss()
