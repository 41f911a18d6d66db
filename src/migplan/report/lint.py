"""What ``migplan lint`` prints: sentences with their places, JSON, or SARIF for code hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from migplan.core.wording import counted, sentence
from migplan.findings.registry import rules
from migplan.lint.judge import Remark
from migplan.lint.registry import statement_rules
from migplan.report.sarif import LEVELS, document, rule_of

FORMAT_VERSION: Final = 1


def render_lint(remarks: Sequence[Remark], statements: int, format: str) -> str:
    """The whole output, with its last newline. ``format`` is text, json or sarif."""
    if format == "json":
        return _json(remarks)
    if format == "sarif":
        return _sarif(remarks)
    return "\n".join(_lines(remarks, statements)) + "\n"


def _lines(remarks: Sequence[Remark], statements: int) -> Iterator[str]:
    advised: set[str] = set()
    for remark in remarks:
        finding = remark.finding
        weight = "error" if finding.severity == "blocked" else finding.severity
        yield f"{remark.statement.place}: {weight}: {finding.message} [{finding.rule}]"
        yield f"    {remark.statement.excerpt}"
        if finding.allowed is not None:
            yield f"    allowed: {finding.allowed}"
        elif finding.advice and finding.rule not in advised:
            advised.add(finding.rule)
            yield f"    {sentence(finding.advice)}"
    open_ = [r for r in remarks if r.finding.allowed is None]
    yield f"{counted(statements, 'statement')}, {counted(len(open_), 'finding')}"


def _json(remarks: Sequence[Remark]) -> str:
    document = {"format_version": FORMAT_VERSION, "findings": [_plain(r) for r in remarks]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(remark: Remark) -> dict[str, Any]:
    statement = remark.statement
    place = {"file": statement.source.name, "line": statement.line, "column": statement.column}
    return {**place, **remark.finding.model_dump(exclude={"step"})}


def _sarif(remarks: Sequence[Remark]) -> str:
    used = sorted({r.finding.rule for r in remarks})
    known = {**rules(), **statement_rules()}
    described = [rule_of(id, known.get(id)) for id in used]
    return document(described, [_result(r, used) for r in remarks], {"format_version": FORMAT_VERSION})


def _result(remark: Remark, used: Sequence[str]) -> dict[str, Any]:
    finding, statement = remark.finding, remark.statement
    advice = f" {finding.advice}" if finding.advice else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": used.index(finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": f"{sentence(finding.message)}{advice}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": statement.source.name},
                    "region": {"startLine": statement.line, "startColumn": statement.column},
                }
            }
        ],
    }
    if finding.allowed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.allowed}]
    return result
