"""What a rule has to say of a plan, as it stands in plan.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["note", "warning", "danger", "blocked"]


class FindingModel(BaseModel):
    """Something that a reviewer should know: a rule's id, its weight, what it speaks of, and the sentence.

    ``allowed`` is the reason that an ``allow`` directive gives, where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    severity: Severity
    message: str
    step: str | None = None
    object: str | None = None
    allowed: str | None = None
