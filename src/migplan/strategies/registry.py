"""Every strategy, found by listing this package."""

from __future__ import annotations

from functools import cache

import migplan.strategies as package
from migplan.core.discovery import modules
from migplan.core.errors import PlanningError
from migplan.strategies.base import Strategy

_FRAMEWORK = {"backfill", "base", "pieces", "registry", "sizing", "successions", "type_changes"}


@cache
def strategies() -> tuple[Strategy, ...]:
    """The strategies in order of their files' names; two of one name are a bug and fail at once."""
    found: dict[str, Strategy] = {}
    for module in modules(package):
        if module.__name__.rpartition(".")[2] in _FRAMEWORK or not hasattr(module, "STRATEGY"):
            continue
        strategy: Strategy = module.STRATEGY
        if strategy.name in found:
            raise PlanningError(f"two strategies are called {strategy.name!r}")
        found[strategy.name] = strategy
    return tuple(found.values())
