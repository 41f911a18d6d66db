"""Row-level security that hides every row."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.policy import Policy
from migplan.kinds.table import Table


class RowSecurityWithoutPolicy(Rule):
    """Existing tables that get ENABLE, or lose their last permissive policy."""

    id = "row-security-without-policy"
    severity = "warning"
    condition = "A table in use gets row-level security without a permissive policy, or loses the last one."
    effect = "Everybody but its owner and roles with BYPASSRLS sees no row and can write none."
    advice = "Declare a policy for the roles that use the table."
    example = Example(
        before="CREATE TABLE t (id int, owner text);",
        bad="CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
        good=(
            "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY own ON t USING (owner = current_user);"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        changed = {new.id for old, new in subject.altered(Table) if new.row_security and not old.row_security}
        losing = {policy.relation for policy in subject.dropped(Policy) if policy.permissive}
        for id in sorted(changed | losing):
            table = subject.after.get(id, Table)
            if table is None or not table.row_security:
                continue
            if not any(policy.permissive for policy in subject.after.members_of(id, Policy)):
                yield Found(f"{id} shows no row to anybody but its owner", id)


RULE = RowSecurityWithoutPolicy()
