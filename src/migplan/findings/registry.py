"""Every rule, found by listing the package of rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import migplan.findings.rules as package
from migplan.core.discovery import modules
from migplan.core.errors import PlanningError
from migplan.findings.base import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rules by id, in order of it; two of one id are a bug and fail at once."""
    found: dict[str, Rule] = {}
    for module in modules(package):
        rule: Rule = module.RULE
        if rule.id in found:
            raise PlanningError(f"two rules are called {rule.id!r}")
        found[rule.id] = rule
    return {id: found[id] for id in sorted(found)}
