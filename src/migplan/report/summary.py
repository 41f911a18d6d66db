"""The paragraph at the head of a review: what changes, in plain language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migplan.core.wording import counted, listed, plural, sentence, server_of
from migplan.planfile.model import ChangeModel, PlanModel
from migplan.report.facts import Facts, loses_for_good

_VERBS = {"rename": "renames", "create": "adds", "alter": "changes", "drop": "drops"}
_FIELDS = {"not_null": "NOT NULL", "columns": "its columns", "definition": "its definition", "body": "its body"}
_LEADING = ("table", "column", "enum", "view", "materialized_view", "policy", "function")


def summary(facts: Facts) -> str:
    """What the plan does, to what it does it, what it costs and what it takes away."""
    parts = [_opening(facts.plan), *_changes(facts.plan), _locks(facts), _losses(facts)]
    return " ".join(sentence(p) for p in parts if p)


def _opening(plan: PlanModel) -> str:
    steps = counted(len(plan.steps), "step")
    where = f"a {server_of(plan.server_version)} database"
    if plan.offline:
        return f"This plan changes {where} in {steps} that assume that nobody uses it meanwhile"
    deploys = len(plan.checkpoints)
    if not deploys:
        return f"This plan changes {where} in {steps}; the running application needs no new version for it"
    return (
        f"This plan changes {where} in {steps}, in {counted(len(plan.windows), 'window')} with "
        f"{counted(deploys, 'deploy')} of the application in between"
    )


def _changes(plan: PlanModel) -> Iterable[str]:
    own = [c for c in plan.changes if c.part_of is None and c.kind not in ("view_column",)]
    for action, doing in _VERBS.items():
        members = [c for c in own if c.action == action]
        if members:
            yield f"it {doing} {listed(list(_by_kind(members)), limit=8)}"


def _by_kind(changes: Sequence[ChangeModel]) -> Iterable[str]:
    kinds: dict[str, list[ChangeModel]] = {}
    for change in changes:
        kinds.setdefault(change.kind, []).append(change)
    leading = [k for k in _LEADING if k in kinds]
    for kind in [*leading, *(k for k in kinds if k not in leading)]:
        members = kinds[kind]
        noun = kind.replace("_", " ")
        if len(members) == 1:
            yield _named(members[0])
        elif len(members) <= 3:
            names = listed([c.object.removeprefix(f"{noun} ") + _fields(c) for c in members])
            yield f"the {plural(noun)} {names}"
        else:
            yield f"{len(members)} {plural(noun)}"


def _named(change: ChangeModel) -> str:
    return f"the {change.object}{_fields(change)}"


def _fields(change: ChangeModel) -> str:
    if change.renamed_from is not None:
        return f" (until now {change.renamed_from})"
    if change.action != "alter" or not change.fields:
        return ""
    return f" ({listed([_FIELDS.get(f, f.replace('_', ' ')) for f in change.fields])})"


def _locks(facts: Facts) -> str:
    waiting = [s for s in facts.plan.steps if facts.felt(s) or facts.long_under_lock(s)]
    if facts.plan.offline:
        return ""
    if not waiting:
        return "no reader or writer of an existing table has to wait for it"
    tables = facts.tables(waiting)
    slow = [s for s in waiting if facts.long_under_lock(s)]
    where = f"{counted(len(waiting), 'step')} on {listed(tables)}"
    if not slow:
        return f"readers or writers wait for a moment behind {where}, never for as long as a table takes to read"
    lasting = counted(len(slow), "of them") if len(slow) == 1 else f"{len(slow)} of them"
    verb = "lasts" if len(slow) == 1 else "last"
    return f"readers or writers wait behind {where}; {lasting} {verb} as long as the table takes to read or rewrite"


def _losses(facts: Facts) -> str:
    lost = sorted({text for s in facts.losing if (text := loses_for_good(s))})
    if not lost:
        return "no data is lost"
    return f"data is lost: {listed(lost, limit=4)}"
