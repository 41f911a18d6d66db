"""How much a finding weighs."""

from __future__ import annotations

from typing import Literal

Severity = Literal["note", "warning", "danger", "blocked"]
Level = Literal["off", "note", "warning", "danger"]
"""What a rule, or a policy of it, may weigh."""
RANKS = {"note": 0, "warning": 1, "danger": 2, "blocked": 3}
