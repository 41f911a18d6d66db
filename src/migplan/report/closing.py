"""What ``migplan plan`` says at its end: where the plan lies, whether it was proved, what to do next."""

from __future__ import annotations

from migplan.planfile.folder import PlanFolder


def closing(folder: PlanFolder) -> str:
    """A few lines of plain text."""
    plan = folder.plan
    deploys = len(plan.checkpoints)
    shape = f"{len(plan.steps)} steps in {len(plan.windows)} windows, {deploys} checkpoint{'s' * (deploys != 1)}"
    verdict = plan.proof.status if plan.proof.status == "proved" else f"unproved: {plan.proof.reason}"
    return "\n".join([f"{folder.path}: {shape}; {verdict}", f"next: migplan review {folder.path}"])
