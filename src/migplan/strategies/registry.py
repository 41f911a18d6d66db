"""Every strategy, found by listing this package and those in it: a module's ``STRATEGY``; the rest help those."""

from __future__ import annotations

from functools import cache

import migplan.strategies as package
from migplan.core.discovery import modules
from migplan.core.errors import PlanningError
from migplan.strategies.base import Strategy


@cache
def strategies() -> tuple[Strategy, ...]:
    """The strategies in order of their files' names; two of one name are a bug and fail at once."""
    found: dict[str, Strategy] = {}
    for module in modules(package):
        strategy: Strategy | None = getattr(module, "STRATEGY", None)
        if strategy is None:
            continue
        if strategy.name in found:
            raise PlanningError(f"two strategies are called {strategy.name!r}")
        found[strategy.name] = strategy
    return tuple(found.values())
