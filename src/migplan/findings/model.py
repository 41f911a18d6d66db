"""What a rule has to say of a plan, as it stands in plan.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from migplan.findings.weights import Severity


class FindingModel(BaseModel):
    """Something that a reviewer should know: a rule's id, its weight, what it speaks of, and the sentence.

    ``advice`` says what to do about it. ``allowed`` is the reason that an ``allow`` directive or the policy gives,
    where there is one; ``refused`` says that the policy takes no plan with this finding.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    severity: Severity
    message: str
    advice: str | None = None
    step: str | None = None
    object: str | None = None
    allowed: str | None = None
    refused: bool = False
