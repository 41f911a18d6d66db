"""Every rule on statements, found by listing the package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import migplan.lint.rules as package
from migplan.core.discovery import modules
from migplan.core.errors import PlanningError
from migplan.findings.registry import rules
from migplan.lint.base import StatementRule


@cache
def statement_rules() -> Mapping[str, StatementRule]:
    """The rules by id, in order of it; one that has the id of another rule is a bug and fails at once."""
    found: dict[str, StatementRule] = {}
    for module in modules(package):
        rule: StatementRule = module.RULE
        if rule.id in found or rule.id in rules():
            raise PlanningError(f"two rules are called {rule.id!r}")
        found[rule.id] = rule
    return {id: found[id] for id in sorted(found)}
