"""Steps without a way back."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import Irreversible as NoWayBack
from migplan.findings.base import Example, Found, Rule, Subject


class Irreversible(Rule):
    """What steps say of their way back."""

    id = "irreversible"
    severity = "danger"
    of_steps = True
    condition = "A step has no way back."
    effect = "Once it ran, only a restored backup leads to the schema before."
    advice = "Take a backup right before its file, and run the plan on a copy first."
    example = Example(
        before="CREATE TYPE st AS ENUM ('a'); CREATE TABLE t (s st) PARTITION BY LIST (s);",
        bad="CREATE TYPE st AS ENUM ('a', 'b'); CREATE TABLE t (s st) PARTITION BY LIST (s);",
        good=(
            "CREATE TYPE st AS ENUM ('a'); CREATE TABLE t (s st) PARTITION BY LIST (s);"
            " CREATE TYPE other AS ENUM ('a', 'b');"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for step in subject.draft.steps:
            if isinstance(step.down, NoWayBack):
                yield Found(f"{step.title} has no way back: {step.down.reason}", step.object, step.id)


RULE = Irreversible()
