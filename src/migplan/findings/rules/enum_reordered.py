"""Enums whose labels change their order."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.enum import Enum


class EnumReordered(Rule):
    """Labels that stay, in another order."""

    id = "enum-reordered"
    severity = "warning"
    condition = "The labels that an enum keeps are declared in another order."
    effect = "ORDER BY, comparisons and ranges over its values give other results, and the type is made anew."
    advice = (
        "Add labels where they belong, and leave the others in their order, unless that is what you want to change."
    )
    example = Example(
        before="CREATE TYPE size AS ENUM ('s', 'm', 'l');",
        bad="CREATE TYPE size AS ENUM ('m', 's', 'l');",
        good="CREATE TYPE size AS ENUM ('xs', 's', 'm', 'l');",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.altered(Enum):
            was = [label for label in old.labels if label in new.labels]
            will_be = [label for label in new.labels if label in old.labels]
            if was != will_be:
                yield Found(f"{new.id}: {', '.join(was)} become {', '.join(will_be)}", new.id)


RULE = EnumReordered()
