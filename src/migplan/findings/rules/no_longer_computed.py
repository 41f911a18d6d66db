"""Computed columns that become plain ones while an application works that doesn't write them."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.column import Column


class NoLongerComputed(Rule):
    """Nobody can write the column before, and nobody computes it afterwards."""

    id = "no-longer-computed"
    severity = "warning"
    condition = "A generated column becomes a plain one, in a plan for a database in use."
    effect = (
        "Until a version is deployed that writes it, new rows hold NULL there, and rows that are updated keep what was"
        " computed of their former values."
    )
    advice = (
        "Deploy that version right behind the step, then write the value into the rows of the time between. Where the"
        " column becomes NOT NULL, -- migplan: backfill EXPRESSION fills the NULLs. Or keep the generated column until"
        " everybody writes a plain one beside it."
    )
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, a int GENERATED ALWAYS AS (id * 2) STORED);",
        bad="CREATE TABLE t (id int PRIMARY KEY, a int);",
        good="CREATE TABLE t (id int PRIMARY KEY, a int GENERATED ALWAYS AS (id * 2) STORED, b int);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in () if subject.settings.offline else subject.altered(Column):
            if old.generated is not None and new.generated is None and not new.inherited:
                yield Found(
                    f"rows that are written before a version is deployed that gives {new.id} a value hold NULL there,"
                    " or what was computed of former values",
                    new.id,
                )


RULE = NoLongerComputed()
