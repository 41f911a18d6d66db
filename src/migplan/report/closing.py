"""What ``migplan plan`` says at its end: where the plan lies, whether it was proved, what to do next."""

from __future__ import annotations

from migplan.core.next_command import next_command
from migplan.core.wording import counted
from migplan.planfile.folder import PlanFolder


def closing(folder: PlanFolder) -> str:
    """A few lines of plain text."""
    plan = folder.plan
    parts = counted(len(plan.steps), "step"), counted(len(plan.windows), "window")
    shape = f"{parts[0]} in {parts[1]}, {counted(len(plan.checkpoints), 'checkpoint')}"
    verdict = plan.proof.status if plan.proof.status == "proved" else f"unproved: {plan.proof.reason}"
    return "\n".join([f"{folder.path}: {shape}; {verdict}", f"next: {next_command('review', folder.path)}"])
