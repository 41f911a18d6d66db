"""Row-level security that lets more rows through than before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migplan.core.model import PUBLIC
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.policy import Policy
from migplan.kinds.table import Table


class PolicyWidened(Rule):
    """What can be told without understanding a condition: conditions that go, roles that come, restrictions dropped."""

    id = "policy-widened"
    severity = "warning"
    condition = (
        "On a table with row-level security, a permissive policy loses its condition or gets more roles, one that lets "
        "every row through is added, or a restrictive one goes."
    )
    effect = "Roles see or write rows that they couldn't."
    advice = "Make sure that these rows are meant for these roles."
    example = Example(
        before=(
            "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY own ON t USING (owner = current_user);"
        ),
        bad=(
            "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY own ON t USING (true);"
        ),
        good=(
            "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY own ON t USING (lower(owner) = current_user);"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for policy in subject.created(Policy):
            if _secured(subject, policy) and policy.permissive and _open(policy):
                yield Found(f"{policy.id} lets every row through to {_roles(policy.roles)}", policy.id)
        for old, new in subject.altered(Policy):
            if _secured(subject, new):
                yield from (Found(f"{new.id} {change}", new.id) for change in _changes(old, new))
        for policy in subject.dropped(Policy):
            if _secured(subject, policy) and not policy.permissive:
                yield Found(f"{policy.id}, which restricts the others, goes", policy.id)


def _secured(subject: Subject, policy: Policy) -> bool:
    """Whether row-level security is on before and after."""
    tables = [side.get(policy.relation, Table) for side in (subject.before, subject.after)]
    return all(table is not None and table.row_security for table in tables)


def _changes(old: Policy, new: Policy) -> Iterator[str]:
    if new.permissive and not old.permissive:
        yield "restricted the others and now adds to them"
    elif new.permissive:
        if _open(new) and not _open(old):
            yield "lets every row through now"
        if added := _covered_only_by(new.roles, old.roles):
            yield f"now applies to {_roles(added)} too"
    elif fewer := _covered_only_by(old.roles, new.roles):
        yield f"no longer restricts {_roles(fewer)}"


def _open(policy: Policy) -> bool:
    conditions = [c for c in (policy.using, policy.check) if c is not None]
    return all(c == "true" for c in conditions)


def _covered_only_by(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Roles of ``one`` that ``other`` doesn't hold; everybody is in PUBLIC."""
    return () if PUBLIC in other else tuple(r for r in one if r not in other)


def _roles(roles: tuple[str, ...]) -> str:
    return ", ".join("PUBLIC" if r == PUBLIC else r for r in roles)


RULE = PolicyWidened()
