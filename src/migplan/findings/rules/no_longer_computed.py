"""Computed columns that become plain ones while an application works that doesn't write them."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.column import Column
from migplan.strategies.columns.no_longer_computed import NAME, writes_itself


class NoLongerComputed(Rule):
    """Nobody can write the column before, and nobody computes it afterwards."""

    id = "no-longer-computed"
    severity = "warning"
    condition = (
        "A generated column becomes a plain one, in a plan for a database in use, and no trigger can go on computing it"
        " until the application does: its type is a domain with a default, which looks like a written value."
    )
    effect = (
        "Until a version is deployed that writes it, new rows hold the default there, and rows that are updated keep"
        " what was computed of their former values."
    )
    advice = (
        "Drop the domain's default first, in a plan of its own, and declare it again afterwards. Or keep the generated"
        " column until everybody writes a plain one beside it."
    )
    example = Example(
        before="CREATE DOMAIN size AS int DEFAULT 1;"
        "CREATE TABLE t (id int PRIMARY KEY, a size GENERATED ALWAYS AS (id * 2) STORED);",
        bad="CREATE DOMAIN size AS int DEFAULT 1; CREATE TABLE t (id int PRIMARY KEY, a size);",
        good="CREATE DOMAIN size AS int; CREATE TABLE t (id int PRIMARY KEY, a size);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        said = {a.contract for step in subject.draft.steps if step.strategy == NAME for a in step.after}
        for old, new in () if subject.settings.offline else subject.altered(Column):
            computed = old.generated is not None and new.generated is None and not new.inherited
            if computed and writes_itself(new) not in said:
                yield Found(
                    f"rows that are written before a version is deployed that gives {new.id} a value hold the default"
                    " there, or what was computed of former values",
                    new.id,
                )


RULE = NoLongerComputed()
