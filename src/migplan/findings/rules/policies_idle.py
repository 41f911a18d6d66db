"""Policies that nobody asks, because row-level security isn't on."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.policy import Policy
from migplan.kinds.table import Table


class PoliciesIdle(Rule):
    """Policies that are added to tables without row-level security."""

    id = "policies-idle"
    severity = "warning"
    condition = "A policy is added to a table without ENABLE ROW LEVEL SECURITY."
    effect = "It does nothing: every role sees all rows that the grants allow."
    advice = "Add ALTER TABLE … ENABLE ROW LEVEL SECURITY to the declaration."
    example = Example(
        before="CREATE TABLE t (id int, owner text);",
        bad="CREATE TABLE t (id int, owner text); CREATE POLICY own ON t USING (owner = current_user);",
        good=(
            "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY own ON t USING (owner = current_user);"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for policy in subject.created(Policy):
            table = subject.after.get(policy.relation, Table)
            if table is not None and not table.row_security:
                yield Found(f"{policy.id} does nothing while {table.id} has no row-level security", policy.id)


RULE = PoliciesIdle()
