"""The review for machines: what the text formats say, as JSON with a format version."""

from __future__ import annotations

import json
from typing import Any, Final

from migplan.planfile.folder import PlanFolder
from migplan.report.matrix import COLUMNS, Row
from migplan.report.review import Review, StepView, WindowView, review

FORMAT_VERSION: Final = 1


def as_json(folder: PlanFolder) -> str:
    """The review of the plan in ``folder``; keys keep their meaning within one ``format_version``."""
    return json.dumps(document(folder), indent=2, ensure_ascii=False) + "\n"


def document(folder: PlanFolder) -> dict[str, Any]:
    """The same as a value."""
    found = review(folder)
    return {
        "format_version": FORMAT_VERSION,
        "plan": found.name,
        "created": found.created,
        "digest": found.digest,
        "server": found.server,
        "summary": found.summary,
        "proof": folder.plan.proof.model_dump(mode="json"),
        "read_first": [
            {"weight": d.weight, "text": d.text, "step": d.step, "allowed": d.allowed} for d in found.dangers
        ],
        "findings": [f.model_dump(mode="json") for f in folder.plan.findings],
        "windows": [_window(w) for w in found.windows],
        "losses": [{"step": s.id, "file": s.up.file, "what": what} for s, what in found.losses],
        "irreversible": [{"step": s.id, "reason": s.down.irreversible} for s in found.irreversible],
        "proved": list(found.evidence.proved),
        "not_proved": list(found.evidence.open),
        "checklists": _checklists(found),
        "matrix": [_row(r) for r in found.matrix],
        "next": [{"command": c, "does": what} for c, what in found.next_commands],
    }


def _window(window: WindowView) -> dict[str, Any]:
    return {
        "number": window.number,
        "checkpoint": None if window.checkpoint is None else window.checkpoint.model_dump(mode="json"),
        "phases": [
            {
                "name": phase.name,
                "up": phase.up,
                "down": phase.down,
                "groups": [{"title": g.title, "steps": [_step(s) for s in g.steps]} for g in phase.groups],
            }
            for phase in window.phases
        ],
    }


def _step(view: StepView) -> dict[str, Any]:
    step = view.step
    return {
        "id": step.id,
        "title": step.title,
        "why": step.why,
        "lock": step.lock,
        "measured": None if step.measured is None else step.measured.model_dump(mode="json"),
        "place": view.placed,
        "checks": list(view.checks),
        "loses": view.loses,
        "irreversible": step.down.irreversible,
        "up": view.up,
        "down": view.down,
    }


def _checklists(found: Review) -> list[dict[str, Any]]:
    return [
        {
            "title": checklist.title,
            "items": [{"text": i.text, "note": i.note, "done": i.done} for i in checklist.items],
        }
        for checklist in found.checklists
    ]


def _row(row: Row) -> dict[str, Any]:
    words = {True: "done", False: "to do", None: "not needed"}
    cells = {column: words[cell] for column, cell in zip(COLUMNS, row.cells, strict=True)}
    return {"operation": row.operation, "steps": list(row.steps), **cells}
