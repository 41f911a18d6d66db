"""New columns whose existing rows get the time at which the plan ran."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.default import Default

_MOMENT: Final = re.compile(
    r"\b(now|transaction_timestamp|statement_timestamp|clock_timestamp)\(|CURRENT_(TIMESTAMP|DATE|TIME)|LOCALTIME"
)


class DefaultOfTheMoment(Rule):
    """Columns that are added to tables with rows."""

    id = "default-of-the-moment"
    severity = "note"
    condition = "A column with a default like now() is added to a table with rows."
    effect = "Existing rows all say that it happened when the plan ran."
    advice = "Say beside the column what they are to get: -- migplan: backfill EXPRESSION, or add the default later."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY, made timestamptz DEFAULT now());",
        good="CREATE TABLE t (id int PRIMARY KEY, made timestamptz DEFAULT '-infinity');",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        filled = {step.object for step in subject.draft.steps if step.backfill is not None}
        for default in subject.created(Default):
            new = default.column not in subject.before and default.column in subject.after
            rows = default.relation.kind == "table" and subject.holds_rows(default.relation)
            if new and rows and default.column not in filled and _MOMENT.search(default.expression):
                yield Found(
                    f"existing rows of {default.relation} get the time of the plan's run as {default.column}",
                    default.column,
                )


RULE = DefaultOfTheMoment()
