"""What the rules say of hand-written migrations: of each statement as it ran, and of what they change together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from migplan.core.changes import Change, Create
from migplan.core.errors import DirectiveError
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.findings.base import Subject
from migplan.findings.collect import collect
from migplan.findings.model import FindingModel
from migplan.findings.policy import Policy
from migplan.findings.registry import rules
from migplan.findings.weights import Level, Severity
from migplan.lint.base import Tables
from migplan.lint.reading import allowances
from migplan.lint.registry import statement_rules
from migplan.lint.run import Changed, Failure, Ran
from migplan.source.text.split import SourceStatement

NEEDS_DEPLOY = "needs-deploy"
FAILS = "fails"
_DEPLOY_ADVICE = (
    "Deploy the application that keeps to it first, in a migration before this one; or declare the change, and"
    " migplan plan keeps both versions working."
)
_RENAMED = frozenset({"data-loss", "likely-rename"})
"""What a rename looks like where only the schemas before and after it are compared."""


@record
class Remark:
    """A finding, and the statement that it is about."""

    statement: SourceStatement
    finding: FindingModel


def of_statements(ran: Iterable[Ran], tables: Tables, policy: Policy) -> Iterator[Remark]:
    """What each statement was seen to do."""
    for one in ran:
        for rule in statement_rules().values():
            level: Level = policy.severity.get(rule.id, rule.severity)
            if level != "off":
                for message in rule.find(one, tables):
                    yield _remark(one.statement, rule.id, level, message, rule.advice, policy)


def refuse_unknown(statements: Iterable[SourceStatement]) -> None:
    """Raises ``DirectiveError`` where an ``allow`` names a rule that doesn't exist."""
    known = [*rules(), *statement_rules(), NEEDS_DEPLOY]
    for statement in statements:
        for name in allowances(statement):
            if name not in known:
                close = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)
                raise DirectiveError(
                    f"there is no finding {name!r} to allow",
                    place=statement.place,
                    hint=f"Did you mean {', '.join(close)}?",
                )


def of_failure(failure: Failure) -> Remark:
    """The statement that the copy of the schema didn't take."""
    message = f"fails on this schema: {failure.message}"
    return Remark(failure.statement, FindingModel(rule=FAILS, severity="blocked", message=message))


def of_changes(subject: Subject, changed: Sequence[Changed], policy: Policy) -> Iterator[Remark]:
    """What the schema's change means: for the running application, for data, for protection."""
    places = _places(changed)
    level: Level = policy.severity.get(NEEDS_DEPLOY, "danger")
    for step in subject.draft.steps:
        if level == "off":
            break
        if step.deploy is not None and step.up and (statement := places.get(str(step.object))) is not None:
            message = f"the running application must be one that {step.deploy}"
            yield _remark(statement, NEEDS_DEPLOY, level, message, _DEPLOY_ADVICE, policy, step.object)
    for finding in collect(subject, policy=policy).findings:
        rule = rules().get(finding.rule)
        statement = places.get(finding.object or "")
        if rule is None or rule.of_steps or statement is None or (finding.rule in _RENAMED and _renames(statement)):
            continue
        yield Remark(statement, _allowed(finding.model_copy(update={"step": None}), statement, policy))


def in_order(remarks: Iterable[Remark]) -> list[Remark]:
    """As they stand in the files, each once."""
    found = {(r.statement.place, r.finding.rule, r.finding.message): r for r in remarks}
    return sorted(found.values(), key=lambda r: (r.statement.source.name, r.statement.start))


def _remark(
    statement: SourceStatement,
    rule: str,
    severity: Severity,
    message: str,
    advice: str,
    policy: Policy,
    object: ObjectId | None = None,
) -> Remark:
    about = None if object is None else str(object)
    finding = FindingModel(rule=rule, severity=severity, message=message, advice=advice, object=about)
    return Remark(statement, _allowed(finding, statement, policy))


def _allowed(finding: FindingModel, statement: SourceStatement, policy: Policy) -> FindingModel:
    reason = allowances(statement).get(finding.rule) or policy.reason(finding)
    allowed = finding.model_copy(update={"allowed": reason})
    return allowed.model_copy(update={"refused": policy.refuses(allowed)})


def _places(changed: Sequence[Changed]) -> Mapping[str, SourceStatement]:
    """The statement that changed each object first, by the object's text."""
    found: dict[str, SourceStatement] = {}
    for one in changed:
        for change in one.changes:
            for id in _spoken_of(change):
                found.setdefault(str(id), one.statement)
    return found


def _spoken_of(change: Change) -> Iterator[ObjectId]:
    """The object, and the relation that it belongs to."""
    yield change.id
    table = (change.new if isinstance(change, Create) else change.old).table
    if table is not None:
        yield table


def _renames(statement: SourceStatement) -> bool:
    return statement.begins("ALTER") and any(token.upper == "RENAME" for token in statement.tokens)
