"""A plan's findings as SARIF 2.1.0, which code hosts show beside the lines of the SQL files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol

import migplan
from migplan.findings.model import FindingModel
from migplan.findings.registry import rules
from migplan.planfile.folder import PlanFolder
from migplan.planfile.render import MARK
from migplan.report.dangers import told_in_full

FORMAT_VERSION: Final = 1
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Final = {"note": "note", "warning": "warning", "danger": "error", "blocked": "error"}


def sarif(folder: PlanFolder) -> str:
    """The findings of the plan in ``folder``, with what is known of their rules."""
    findings = folder.plan.findings
    used = sorted({f.rule for f in findings})
    known = [rule_of(id, rules().get(id)) for id in used]
    properties = {"format_version": FORMAT_VERSION, "plan": folder.plan.name}
    return document(known, [_result(folder, f, used.index(f.rule)) for f in findings], properties)


def document(
    rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], properties: Mapping[str, Any]
) -> str:
    """A SARIF log of one run."""
    driver = {"name": "migplan", "version": migplan.__version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": results, "properties": properties}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


class Described(Protocol):
    """What is known of a rule."""

    condition: ClassVar[str]
    effect: ClassVar[str]
    advice: ClassVar[str]


def rule_of(id: str, rule: Described | None) -> dict[str, Any]:
    """A rule as SARIF describes it; its name where nothing is known of it."""
    if rule is None:
        return {"id": id, "shortDescription": {"text": id.replace("-", " ")}}
    return {
        "id": id,
        "shortDescription": {"text": rule.condition},
        "fullDescription": {"text": rule.effect},
        "help": {"text": rule.advice},
    }


def _result(folder: PlanFolder, finding: FindingModel, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": told_in_full(finding)},
        "locations": [_location(folder, finding)],
    }
    if finding.allowed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.allowed}]
    return result


def _location(folder: PlanFolder, finding: FindingModel) -> dict[str, Any]:
    """The line of the step's mark; the plan itself where the finding speaks of no step."""
    step = next((s for s in folder.plan.steps if s.id == finding.step), None)
    file = step.up.file if step is not None else "plan.json"
    line = 1
    if step is not None:
        lines = folder.files[file].splitlines()
        line = next((n for n, text in enumerate(lines, start=1) if text == f"{MARK}{step.up.mark}"), 1)
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": line}},
    }
    if finding.object is not None:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.object}]
    return place
